"""The rules structurer: needs no key and no network. Document -> Cv."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.lang.dates import find_periods
from pipeline.lang.detect import language_of
from pipeline.lang.lexicon import key, lexicon
from pipeline.model.cv import Cv, Education, LeftOut, Period, Position, Project, Section, Sourced, leaves
from pipeline.model.document import Document, Line
from pipeline.structure.blocks import Item, items
from pipeline.structure.body import described, technologies_of
from pipeline.structure.contact import contact, contact_like
from pipeline.structure.entries import Entry, entries, without_time_line
from pipeline.structure.header import DEGREE, JOB, Evidence, Roles, Text, header_and_body, name_and_place, roles, what_first
from pipeline.structure.labelled import Form, forms
from pipeline.structure.layout import layout_of
from pipeline.structure.lists import certificates, languages, list_items, plain_entries, skills
from pipeline.structure.periods import period_of
from pipeline.structure.sections import Part
from pipeline.structure.text import Edges, bare, continues, joined, label_of, part, split_outside_brackets, value

NAME = "rules/1"

_GRADE = re.compile(r"^(?:\(?\d[.,]\d{1,2}\)?(?:\s*/\s*\d[.,]\d)?|(?:gpa|note|cgpa)\s*:?\s*\d.*)$", re.IGNORECASE)


def structure_by_rules(document: Document) -> Cv:
    """Every line ends in a field, in `sections`, or in `left_out` with a reason."""
    layout = layout_of(document)
    lines, edges, cut = layout.lines, layout.edges, layout.parts
    head = [
        line
        for p in cut
        if p.kind in ("head", "personal") or p.kind in ("summary", "unknown", "other")
        for line in p.lines
        if p.kind in ("head", "personal") or contact_like(line)
    ]
    basics = contact(head, lines)
    cv = Cv(language=language_of("\n".join(line.text for line in lines)), structurer=NAME, basics=basics)
    for section in cut:
        cv = _add(cv, section, edges)
    cv = replace(cv, left_out=layout.left_out)
    return _sweep(cv, cut, edges)


def _add(cv: Cv, section: Part, edges: Edges) -> Cv:
    lines = section.lines
    if section.kind in ("summary", "unknown", "other"):
        lines = [line for line in lines if not contact_like(line)]
    if not lines:
        return cv
    match section.kind:
        case "summary":
            paragraphs = tuple(item.value for item in items(lines, edges))
            return replace(cv, basics=replace(cv.basics, summary=cv.basics.summary + paragraphs))
        case "work":
            return replace(cv, positions=cv.positions + _positions(lines, edges))
        case "volunteer":
            return replace(cv, volunteer=cv.volunteer + _positions(lines, edges))
        case "education":
            return replace(cv, education=cv.education + _education(lines, edges))
        case "projects":
            return replace(cv, projects=cv.projects + _projects(lines, edges))
        case "skills":
            return replace(cv, skills=cv.skills + skills(lines, edges))
        case "languages":
            found, rest = languages(lines)
            extra = plain_entries(rest, edges)
            sections = (Section(_heading(section), extra),) if extra else ()
            return replace(cv, languages=cv.languages + found, sections=cv.sections + sections)
        case "certificates":
            return replace(cv, certificates=cv.certificates + certificates(lines, edges))
        case "interests":
            groups = skills(lines, edges)
            listed = [v for item in items(lines, edges) for v in list_items(item.value.text, item.lines)]
            short = groups and all(group.name is None for group in groups)
            return replace(cv, interests=cv.interests + (tuple(v for group in groups for v in group.items) if short else tuple(listed)))
        case "publications":
            return replace(cv, publications=cv.publications + plain_entries(lines, edges))
        case "awards":
            return replace(cv, awards=cv.awards + plain_entries(lines, edges))
        case "references":
            return replace(cv, references=cv.references + plain_entries(lines, edges))
        case "other" | "unknown":
            return replace(cv, sections=(*cv.sections, Section(_heading(section), plain_entries(lines, edges))))
        case _:
            return cv


def _heading(section: Part) -> Sourced | None:
    return value(*section.heading) if section.heading else None


def _read_entries(lines: Sequence[Line], edges: Edges, evidence: Evidence, *, split_place: bool) -> list[tuple[Entry, Roles, list[Text], list[Line]]]:
    lines, columns = _without_column_heads(without_time_line(lines))
    before, found = entries(lines)
    if not found:
        found = [Entry(Period(), body=list(lines))] if lines else []
    elif before:
        found[0].body = [*before, *found[0].body] if not found[0].header else found[0].body
    told_by_column = [_told_by_column(entry, columns, edges) for entry in found]
    headers = [header_and_body(entry, edges, evidence) for entry in found]
    order = what_first([texts for texts, _ in headers], evidence)
    result = []
    for entry, column, (texts, body) in zip(found, told_by_column, headers, strict=True):
        if column.who:
            result.append((entry, Roles(texts[0] if texts else None, column.who, column.where), texts[1:], body))
            continue
        told, rest = roles(texts, evidence, first_what=order, split_place=split_place and column.where is None)
        result.append((entry, Roles(told.what, told.who, column.where or told.where), rest, body))
    return result


def _told_by_column(entry: Entry, columns: dict[str, float], edges: Edges) -> Roles:
    """Who and where, by the columns of the table that hold them; the entry is then without these lines."""
    who, where = (_taken_out(entry, columns[name], edges) if name in columns else [] for name in ("who", "where"))
    if len(who) > 1 and not where:
        *who, last = who  # the town below the name
        where = [last]
    return Roles(None, who[0] if who else None, where[0] if where else None)


def _taken_out(entry: Entry, column: float, edges: Edges) -> list[Text]:
    """The texts of an entry that stand in a column, lines that go on joined."""
    lines = [p.line for p in entry.header if abs(p.line.box.x0 - column) < 4]
    entry.header = [p for p in entry.header if p.line not in lines]
    lines += [line for line in entry.body if abs(line.box.x0 - column) < 4 and not line.bullet]
    entry.body = [line for line in entry.body if line not in lines]
    groups: list[list[Line]] = []
    for line in lines:
        if groups and continues(groups[-1][-1], line, edges):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [Text(joined(line.text for line in group), tuple(group)) for group in groups]


def _without_column_heads(lines: Sequence[Line]) -> tuple[Sequence[Line], dict[str, float]]:
    """The lines below a table's row of column heads ("Zeitraum", "Tätigkeit", "Arbeitgeber"), and where each column begins, in points."""
    row = [line for line in lines[:5] if line.page == lines[0].page and abs(line.box.middle - lines[0].box.middle) < 0.5 * line.size]
    kinds = [_column(key(line.text)) for line in row]
    if len(row) < 2 or kinds[0] != "when":
        return lines, {}
    return lines[len(row) :], {kind: line.box.x0 for line, kind in zip(row, kinds, strict=True) if kind}


def _column(head: str) -> str:
    """What a column holds by its head; empty where the head names two things ("Betrieb und Tätigkeit")."""
    lex = lexicon()
    words = head.split()
    if len(words) != 3 or words[1] not in lex.list_and:
        return lex.columns.get(head, "")
    named = {kind for word in (words[0], words[2]) if (kind := lex.columns.get(word))}
    return named.pop() if len(named) == 1 else ""


def _positions(lines: Sequence[Line], edges: Edges) -> tuple[Position, ...]:
    if filled := forms(lines):
        return tuple(_position_of(form, edges) for form in filled)
    found: list[Position] = []
    employer: Roles | None = None
    read = _read_entries(lines, edges, JOB, split_place=True)
    for n, (entry, told, rest, body) in enumerate(read):
        if _only_names_the_employer(n, read):
            employer = Roles(None, told.who or told.what, told.where or (told.what if told.who else None))
            continue
        told = _at_the_same_employer(told, employer)
        if told.what and told.who:
            employer = told
        technologies, body = technologies_of(body, edges)
        summary, highlights = described(rest, body, edges, _left(told.what, told.who))
        company = told.who.value() if told.who else None
        found.append(
            Position(
                title=told.what.value() if told.what else None,
                company=company,
                location=told.where.value() if told.where else None,
                period=entry.period,
                summary=summary,
                highlights=highlights,
                technologies=technologies,
            )
        )
    return tuple(found)


def _at_the_same_employer(told: Roles, last: Roles | None) -> Roles:
    """A second position below one employer's name looks like the first one, and unlike the name."""
    only = told.what or told.who
    if last is None or last.who is None or only is None or (told.what and told.who):
        return told
    if last.what is None:  # the employer stood alone, with the dates of all positions
        return Roles(only, last.who, told.where or last.where) if look(only) != look(last.who) else told
    above = last.who.lines[0].number < last.what.lines[0].number
    if not above or look(only) != look(last.what) or look(last.what) == look(last.who):
        return told
    return Roles(only, last.who, told.where or last.where)


def _only_names_the_employer(n: int, read: list[tuple[Entry, Roles, list[Text], list[Line]]]) -> bool:
    """Is the entry a name above the positions that follow, with the dates of all of them?"""
    entry, told, rest, body = read[n]
    only = told.who or told.what
    split = told.what is not None and told.who is not None  # a name and a town
    if n + 1 == len(read) or body or rest or only is None or (split and told.what and JOB.what(told.what.text)):
        return False
    below, inner, _, _ = read[n + 1]
    first = inner.what or inner.who
    if first is None or (inner.what and inner.who) or look(first) == look(only):
        return False
    start, within = entry.period.start, below.period.start
    return start is not None and within is not None and start.text[:7] <= within.text[:7] and bool(JOB.who(only.text) >= JOB.what(only.text))


def look(text: Text) -> tuple[float, bool, bool, str, int]:
    """How a text is set: style, and how far it is indented (in steps of three points)."""
    line = text.lines[0]
    span = next((s for s in line.spans if line.text[s.start : s.end].strip()[:3] == text.text.strip()[:3]), line.spans[0])
    return (span.size, span.bold, span.italic, span.color, round(line.box.x0 / 3))


def _education(lines: Sequence[Line], edges: Edges) -> tuple[Education, ...]:
    if filled := forms(lines):
        return tuple(_education_of(form, edges) for form in filled)
    found: list[Education] = []
    for entry, told, rest, body in _read_entries(lines, edges, DEGREE, split_place=False):
        grade, texts = None, []
        for text in [t for t in (told.what, told.who) if t]:
            kept, own_grade = _without_grade(text)
            grade = grade or own_grade
            texts.append(kept)
        what = texts.pop(0) if told.what else None
        who = texts.pop(0) if told.who else None
        if who is not None and _is_grade(who.text):
            grade, who = grade or who.value(), None
        who, in_brackets = _grade_in_brackets(who)
        grade = grade or in_brackets
        place = told.where
        if who is not None and place is None:
            school, town = name_and_place(who)
            if town and DEGREE.who(school.text) and not DEGREE.who(town.text) and not DEGREE.what(town.text):
                who, place = school, town
        summary: list[Sourced] = []
        for text in rest:
            if grade is None and _is_grade(text.text):
                grade = text.value()
            elif v := text.value():
                summary.append(v)
        what, in_brackets = _grade_in_brackets(what)
        grade = grade or in_brackets
        degree, area = _degree_and_area(what)
        for item in items(body, edges):
            labelled = label_of(item.value.text)
            if grade is None and (_is_grade(item.value.text) or (labelled and labelled[0] == "grade")):
                grade = item.value
            elif labelled and labelled[0] == "degree" and (degree is None or not lexicon().degree_words.search(degree.text)):
                named_degree, own_grade = _degree_and_grade(labelled[1], item)
                degree, area, grade = named_degree, area or degree, grade or own_grade
            else:
                summary.append(item.value)
        if degree is None or not lexicon().degree_words.search(degree.text):
            named = next((s for s in summary if lexicon().degree_words.search(s.text) and len(s.text) < 60), None)
            if named:
                degree, area = named, area or degree
                summary.remove(named)
        found.append(
            Education(
                institution=who.value() if who else None,
                degree=degree,
                area=area,
                location=place.value() if place else None,
                grade=grade,
                period=entry.period,
                summary=tuple(summary),
            )
        )
    return tuple(found)


def _degree_and_area(what: Text | None) -> tuple[Sourced | None, Sourced | None]:
    if what is None:
        return None, None
    parts_of_it = split_outside_brackets(what.text, r",\s+|\s+[–—|·]\s+|\s*\u2003\s*")
    if len(parts_of_it) < 2:
        return what.value(), None
    degree_at = 0 if lexicon().degree_words.search(parts_of_it[0]) else 1
    if degree_at and not lexicon().degree_words.search(parts_of_it[1]):
        return what.value(), None
    if degree_at:
        return part(bare(", ".join(parts_of_it[1:])), *what.lines), part(bare(parts_of_it[0]), *what.lines)
    at = what.text.find(parts_of_it[1], len(parts_of_it[0]))
    return part(bare(what.text[:at]), *what.lines), part(bare(what.text[at:]), *what.lines)


def _degree_and_grade(text: str, item: Item) -> tuple[Sourced | None, Sourced | None]:
    """ "Diplom-Kauffrau (Note: 2,4)" names both."""
    match = re.search(r"[\s,;(|]+((?:gesamt|abschluss)?note:?\s*\d[.,]\d.*?|\d[.,]\d)\)?\s*$", text, re.IGNORECASE)
    if match is None:
        return part(bare(text), *item.lines), None
    return part(bare(text[: match.start()]), *item.lines), part(bare(match.group(1)), *item.lines)


def _is_grade(text: str) -> bool:
    plain = key(text)
    labelled = label_of(text)
    if labelled and labelled[0] == "grade":
        return True
    word, _, rest = plain.partition(" ")
    if rest and lexicon().labels.get(word) == "grade" and _is_grade(rest):
        return True
    return bool(_GRADE.match(text.strip())) or (any(re.match(rf"{re.escape(g)}(?!\w)", plain) for g in lexicon().grades) and len(text) < 40)


def _without_grade(text: Text) -> tuple[Text, Sourced | None]:
    """The grade that ends a one-line entry: "…, Gesamtschule Fulda, 2,9"."""
    pieces = split_outside_brackets(text.text, r",\s+|\s+[–—|·]\s+|\s*\u2003\s*")
    if len(pieces) < 2 or not _is_grade(pieces[-1]):
        return text, None
    at = text.text.rfind(pieces[-1])
    return Text(text.text[:at], text.lines), part(bare(text.text[at:]), *text.lines)


def _grade_in_brackets(what: Text | None) -> tuple[Text | None, Sourced | None]:
    """ "MSc Statistics (Distinction)" names the grade too."""
    match = re.search(r"\s*\(([^()]{1,30})\)\s*$", what.text) if what else None
    if what is None or match is None or not _is_grade(match.group(1)):
        return what, None
    return Text(what.text[: match.start()], what.lines), part(match.group(1), *what.lines)


def _projects(lines: Sequence[Line], edges: Edges) -> tuple[Project, ...]:
    if found_forms := forms(lines):
        return tuple(_project_of(form, edges) for form in found_forms)
    before, found = entries(lines)
    if not found:
        found = [Entry(Period(), body=list(before))]
    projects: list[Project] = []
    for entry in found:
        texts, body = header_and_body(entry, edges, most=2)
        named: dict[str, Sourced] = {}
        plain: list[Text] = []
        for text in texts:
            labelled = label_of(text.text)
            if labelled and labelled[0] in ("customer", "role", "name"):
                if v := part(bare(labelled[1]), *text.lines):
                    named.setdefault(labelled[0], v)
            else:
                plain.append(text)
        kept: list[Line] = []
        for line in body:
            labelled = label_of(line.text)
            if labelled and labelled[0] in ("customer", "role") and labelled[0] not in named:
                if v := part(bare(labelled[1]), line):
                    named[labelled[0]] = v
            else:
                kept.append(line)
        technologies, kept = technologies_of(kept, edges)
        role = named.get("role")
        name = named.get("name") or (plain[0].value() if plain else None)
        rest = plain[1:] if "name" not in named else plain
        if role is None and rest and JOB.what(rest[0].text) and len(rest[0].text) < 60:
            role, rest = rest[0].value(), rest[1:]
        summary, highlights = described(rest, kept, edges, _left(*texts))
        projects.append(Project(name, role, named.get("customer"), entry.period, summary, highlights, technologies))
    return tuple(projects)


def _project_of(form: Form, edges: Edges) -> Project:
    """A project from the labels and values of its form."""
    dates = [
        (period_of(p, text.text, tuple(line.number for line in text.lines)), text)
        for text in form.values.get("period", ())
        for p in find_periods(text.text)
    ]
    named = [*form.values.get("title", ()), *(Text(line.text, (line,)) for line in form.free)]
    name, *more = named or [None]
    summary = [v for text in (*more, *form.values.get("industry", ()), *form.values.get("location", ())) if text and (v := text.value())]
    tasks = [item.value for item in items(form.lines("tasks"), edges)]
    listed = form.values.get("technologies", ())
    technologies = list_items(_join_texts(listed), [line for text in listed for line in text.lines]) if listed else []
    return Project(
        name.value() if name else None,
        _whole(form.values.get("role", ())),
        _whole(form.values.get("customer", ())),
        dates[0][0] if dates else Period(),
        tuple(summary),
        tuple(tasks),
        tuple(technologies),
    )


def _position_of(form: Form, edges: Edges) -> Position:
    """A position from the labels and values of its form."""
    project = _project_of(form, edges)
    where = form.values.get("location", ())
    return Position(
        title=project.role or project.name,
        company=project.customer,
        location=_whole(where),
        period=project.period,
        summary=tuple(v for v in project.summary if v.lines[0] not in {line.number for text in where for line in text.lines}),
        highlights=project.highlights,
        technologies=project.technologies,
    )


def _education_of(form: Form, edges: Edges) -> Education:
    project = _project_of(form, edges)
    return Education(
        institution=_whole(form.values.get("school", ())) or project.customer,
        degree=_whole(form.values.get("degree", ())) or project.name or project.role,
        grade=_whole(form.values.get("grade", ())),
        period=project.period,
        summary=(*project.summary, *project.highlights),
    )


def _whole(texts: Sequence[Text]) -> Sourced | None:
    return part(bare(_join_texts(texts)), *(line for text in texts for line in text.lines)) if texts else None


def _join_texts(texts: Sequence[Text]) -> str:
    return joined(text.text for text in texts)


def _left(*texts: Text | None) -> float | None:
    """Where the header of an entry begins, in points; what stands right of it below is a bullet."""
    return min((line.box.x0 for text in texts if text for line in text.lines), default=None)


def _wordings(cv: Cv) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for _, leaf in leaves(replace(cv, left_out=())):
        for number in leaf.lines:
            found.setdefault(number, []).append(key(leaf.wording))
    return found


def _open_cells(line: Line, wordings: list[str]) -> list[Sourced]:
    """Cells of a contact line that no field took up."""
    cells = re.split(r"\s+[|•·]\s+|\u2003", line.text)
    if len(cells) < 2:
        return []
    open_cells = [c for c in cells if not any(w in key(c) or key(c) in w for w in wordings) and key(c) not in lexicon().labels]
    return [v for c in open_cells if re.search(r"\w", c) and (v := part(bare(c), line))]


def _sweep(cv: Cv, cut: list[Part], edges: Edges) -> Cv:
    """What no field took up is kept: under its section's heading, or among the personal details."""
    used = {n for _, leaf in leaves(replace(cv, left_out=())) for n in leaf.lines} | {o.line for o in cv.left_out}
    left_out = list(cv.left_out)
    sections = list(cv.sections)
    more = list(cv.basics.more)
    labels = lexicon().labels
    wordings = _wordings(cv)
    for section in cut:
        left_out.extend(LeftOut(h.number, "heading", h.text) for h in section.heading if h.number not in used)
        rest = [line for line in section.lines if line.number not in used]
        kept: list[Line] = []
        for line in rest:
            plain = key(line.text)
            if plain in lexicon().document_titles:
                left_out.append(LeftOut(line.number, "heading", line.text))
            elif plain in labels or plain in lexicon().networks:
                left_out.append(LeftOut(line.number, "label", line.text))
            elif not re.search(r"\w", line.text):
                left_out.append(LeftOut(line.number, "decoration", line.text))
            elif cv.basics.name and plain == key(cv.basics.name.text):
                left_out.append(LeftOut(line.number, "repeated", line.text))
            else:
                kept.append(line)
        if section.kind in ("head", "personal"):
            more.extend(v for line in section.lines if line.number in used for v in _open_cells(line, wordings.get(line.number, [])))
        if section.kind in ("head", "personal"):
            more.extend(plain_entries(kept, edges))
        elif kept:
            sections.append(Section(_heading(section), plain_entries(kept, edges)))
    left_out.sort(key=lambda o: o.line)
    return replace(cv, basics=replace(cv.basics, more=tuple(more)), sections=tuple(sections), left_out=tuple(left_out))
