"""Lines -> sections, by headings. A heading is a lexicon phrase in a style that the page keeps for headings."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from pipeline.lang.dates import find_periods
from pipeline.lang.lexicon import any_of, key, lexicon
from pipeline.model.document import Line
from pipeline.structure.text import WIDE

StyleKey = tuple[float, bool, bool, str, bool]


@dataclass(slots=True)
class Part:
    """One section of the page: its kind (a key of the lexicon's sections, "head" or "unknown") and its lines.

    `sure`: the heading says so. Else a word of it hints at the kind, and what stands below may know better.
    """

    kind: str
    heading: list[Line]
    lines: list[Line] = field(default_factory=list)
    sure: bool = True


def parts(lines: Sequence[Line]) -> list[Part]:
    """Cut the lines at their headings. What stands before the first heading is the part "head"."""
    headings = _headings(lines)
    found: list[Part] = [Part("head", [])]
    open_in_flow: dict[int, Part] = {}
    abreast: list[Part] = []
    current = found[0]
    skip: set[int] = set()
    flow = lines[0].flow if lines else 0
    for line in lines:
        if line.number in skip:
            continue
        if line.number in headings:
            kind, heading = headings[line.number]
            skip.update(h.number for h in heading)
            whole = " ".join(h.text for h in heading)
            current = Part(kind, heading, sure=len({*(named_in(whole) or named_in(heading[0].text))}) == 1)
            found.append(current)
            beside = abreast and _level(abreast[-1].heading[0], line)
            abreast = [*abreast, current] if beside else [current]
            open_in_flow[line.flow] = current
            flow = line.flow
            continue
        if line.flow != flow:
            flow = line.flow
            current = open_in_flow.get(flow) or _first_of(flow, lines, found, current)
            open_in_flow.setdefault(flow, current)
        _below(abreast, line, current).lines.append(line)
    return [routed for section in _with_unnamed_skills(found) for routed in _routed(section)]


def _with_unnamed_skills(found: list[Part]) -> list[Part]:
    """A label in the margin and a list beside it ("Pflege: Beatmung, Wundmanagement"), near what people list at the end of a CV, names skills."""
    result = list(found)
    for order in (range(len(found)), reversed(range(len(found)))):
        for i in order:
            part = result[i]
            beside = any(0 <= j < len(found) and result[j].kind in _LISTS for j in (i - 1, i + 1))
            if part.kind == "unknown" and beside and len(part.heading) == 1 and part.lines and _is_list_beside(part.heading[0], part.lines):
                result[i] = Part("skills", [], [*part.heading, *part.lines])
    return result


def _is_list_beside(label: Line, lines: Sequence[Line]) -> bool:
    text = " ".join(line.text for line in lines)
    return _level(label, lines[0]) and label.box.x1 < lines[0].box.x0 and ", " in text and not text.rstrip().endswith(".") and not find_periods(text)


def _level(a: Line, b: Line) -> bool:
    """Do the lines stand in one row?"""
    return a.page == b.page and a.flow == b.flow and abs(a.box.middle - b.box.middle) < 0.4 * a.size


def _below(abreast: list[Part], line: Line, current: Part) -> Part:
    """Where headings stand side by side in one row, the one that the line stands below."""
    if len(abreast) < 2 or current is not abreast[-1] or (line.page, line.flow) != (abreast[0].heading[0].page, abreast[0].heading[0].flow):
        return current
    return min(abreast, key=lambda p: _aside(p.heading[0], line))


def _aside(heading: Line, line: Line) -> float:
    """How far a line stands from being flush with the heading, or centred below it, in points."""
    return min(abs(heading.box.x0 - line.box.x0), abs(heading.box.x0 + heading.box.x1 - line.box.x0 - line.box.x1) / 2)


ENOUGH = 4
"""Sections that are named in so many ways need no other headings than those that look like them."""

_MIXED = frozenset({"skills", "languages", "other", "personal"})
_LISTS = frozenset({"skills", "languages", "certificates", "interests"})
_ROUTED = frozenset({"languages", "interests", "certificates", "awards", "publications", "volunteer", "references"})


def _routed(section: Part) -> list[Part]:
    """Below "Skills" people also list, each behind a label, languages and interests: those go where they belong."""
    if section.kind not in _MIXED:
        return [section]
    found = [Part(section.kind, section.heading, sure=section.sure)]
    for i, line in enumerate(section.lines):
        label, beside = _label_at(section.lines, i)
        if label:
            kind = section_of(label) or ""
            spoken = kind != "languages" or _names_languages(" ".join(o.text for o in section.lines[i : i + 3]))
            kind = kind if kind in _ROUTED and spoken else section.kind
            if kind == "languages" and beside and _lists_something_else(section.lines[i : i + 3]):
                kind = "skills"
            if kind != found[-1].kind:
                takes_label = beside and kind not in (section.kind, "skills")
                found.append(Part(kind, [line] if takes_label else []))
                if takes_label:
                    continue
        found[-1].lines.append(line)
    return found


def _lists_something_else(lines: Sequence[Line]) -> bool:
    """A label and beside it a list without a language and without a level: the form goes on with skills below its languages."""
    label, *listed = [line.text for line in lines]
    text = " ".join(listed[:1])
    named = _names_languages(f"{label} {text}") or key(label) in lexicon().labels or re.search(r"\b[ABC][12]\b", text)
    return text.count(", ") > 0 and not named


def _names_languages(text: str) -> bool:
    """Does it list languages that people speak? Programmers' languages stay skills."""
    return any(key(word) in lexicon().languages for word in re.findall(r"[^\W\d_]+", text))


def _label_at(lines: Sequence[Line], i: int) -> tuple[str, bool]:
    """The label that stands on line i, and whether its text stands beside it in a cell of its own; ("", False) for none."""
    line = lines[i]
    if match := re.match(r"([^:,()]{3,40}):", line.text):
        return match.group(1), False
    following = lines[i + 1] if i + 1 < len(lines) else None
    if following is None or following.page != line.page or line.bullet or len(line.text) > 40:
        return "", False
    beside = abs(following.box.middle - line.box.middle) < 0.5 * line.size and following.box.x0 > line.box.x1
    first = i == 0 or lines[i - 1].page != line.page or abs(lines[i - 1].box.middle - line.box.middle) > 0.5 * line.size
    return (line.text, True) if beside and first else ("", False)


def _first_of(flow: int, lines: Sequence[Line], found: list[Part], current: Part) -> Part:
    """Where the lines of a flow belong that stand before its first heading.

    A column that goes on with the one before it (newspaper style) belongs to the section that is open; a column that
    begins with the person's name belongs to the head.
    """
    own = [line for line in lines if line.flow == flow]
    biggest = max(line.size for line in lines)
    if any(line.size > biggest - 0.5 and line.page == own[0].page for line in own[:3]) or current.kind == "head":
        return found[0]
    if own[0].page == 1 and any("@" in line.text for line in own[:6]):  # a column that begins with the contact data
        return found[0]
    return current


def _style(line: Line, *, in_margin: bool) -> StyleKey:
    """How a line is set."""
    letters = sum(map(str.isalpha, line.text))
    upper = letters > 2 and sum(map(str.isupper, line.text)) >= 0.9 * letters
    return (round(line.size * 2) / 2, line.bold, upper, line.color, in_margin)


def _styles(lines: Sequence[Line], rows: _Rows, text_from: dict[tuple[int, int], float]) -> dict[int, StyleKey]:
    """The style of each line. Headings in the margin and over the text are of one style where both have sections' names, or a row for each."""
    styles = {line.number: _style(line, in_margin=_in_margin(line, text_from)) for line in lines}
    named = {styles[line.number] for line in lines if section_of(line.text)}
    alone: dict[StyleKey, list[bool]] = defaultdict(list)
    for line in lines:
        alone[_plain(styles[line.number])].append(_could_be_heading(line) and not rows.has_mate(line))
    one = {style for style, found in alone.items() if {style, (*style[:4], True)} <= named or sum(found) >= 0.9 * len(found)}
    return {number: _plain(style) if _plain(style) in one else style for number, style in styles.items()}


def _plain(style: StyleKey) -> StyleKey:
    return (*style[:4], False)


@dataclass(slots=True)
class _Tally:
    """What the lines of one style say that could be headings."""

    lines: int = 0
    named: int = 0
    hinted: int = 0
    near_dates: int = 0
    kinds: set[str] = field(default_factory=set)
    hints: set[str] = field(default_factory=set)
    flows: set[int] = field(default_factory=set)

    def add(self, line: Line, kind: str | None, *, near_date: bool) -> None:
        self.lines += 1
        self.near_dates += near_date
        if kind:
            self.named += 1
            self.kinds.add(kind)
            self.flows.add(line.flow)
        elif hint := _stem_section(line.text):
            self.hinted += 1
            self.hints.add(hint)

    @property
    def names_sections(self) -> bool:
        """Do enough of the lines have a section's name?"""
        if not self.named:
            return False
        hinted = self.hinted if len(self.kinds) > 1 or (len(self.kinds | self.hints) > 2 and 3 * self.near_dates <= self.lines) else 0
        return self.named + hinted >= 0.4 * self.lines or (len(self.kinds) >= 3 and self.named >= 0.25 * self.lines)

    @property
    def may_name_others(self) -> bool:
        """Are the other lines headings too, in people's own words?"""
        return len(self.kinds) >= 2 or (len(self.kinds | self.hints) > 2 and 3 * self.near_dates <= self.lines)


class _Rows:
    """What stands beside and below a line, found by its height."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._flows: dict[tuple[int, int], list[Line]] = defaultdict(list)
        for line in lines:
            self._flows[line.page, line.flow].append(line)
        for flow in self._flows.values():
            flow.sort(key=_middle)
        self._heights = {place: [_middle(line) for line in flow] for place, flow in self._flows.items()}

    def _within(self, line: Line, above: float, below: float) -> list[Line]:
        """Other lines of the flow whose middle is at most so far above or below, in points."""
        place, middle = (line.page, line.flow), _middle(line)
        first = bisect_right(self._heights[place], middle - above)
        last = bisect_left(self._heights[place], middle + below)
        return [o for o in self._flows[place][first:last] if o.number != line.number]

    def has_mate(self, line: Line) -> bool:
        """Does something else stand in the same row?"""
        return bool(self._within(line, 0.4 * line.size, 0.4 * line.size))

    def near_date(self, line: Line) -> bool:
        """Does a period stand beside the line, or right below it? Then it may name an entry."""
        return any(find_periods(o.text) for o in self._within(line, 0.5 * line.size, 1.7 * line.size))


def _middle(line: Line) -> float:
    return line.box.middle


def _weight(style: StyleKey) -> float:
    """How much a style catches the eye: size in points, and as many more for bold and for capitals."""
    return style[0] + 1.0 * style[1] + 0.8 * style[2]


def _seen_to_be_headings(
    lines: Sequence[Line], rows: _Rows, styles: dict[int, StyleKey], possible: set[int], candidates: dict[int, tuple[str, list[Line]]]
) -> StyleKey | None:
    """The style that headings of a flow are set in, whatever they say: the one that catches the eye most, of a few short lines with text below.

    One of them at least says something that headings say.
    """
    body, colours = _body(lines), Counter(line.color for line in lines for _ in line.text)
    colour = colours.most_common(1)[0][0]
    tallies: dict[StyleKey, _Tally] = defaultdict(_Tally)
    after: dict[StyleKey, list[bool]] = defaultdict(list)
    for line, following in itertools.pairwise([*lines, None]):
        if line is None:
            continue
        style = styles[line.number]
        after[style].append(following is not None and styles[following.number] != style)
        if line.number in possible:
            tallies[style].add(line, candidates.get(line.number, (None,))[0], near_date=rows.near_date(line))
    found = [
        s
        for s, tally in tallies.items()
        if 3 <= tally.lines <= 16
        and tally.lines >= 0.8 * len(after[s])
        and sum(after[s]) >= 0.75 * len(after[s])
        and tally.near_dates <= (0.8 if s[0] > body + 1.5 else 0.25) * tally.lines
        and (tally.kinds or tally.hints)
        and _weight(s) + 1.2 * (s[3] != colour) > body + 0.9
    ]
    return max(found, key=lambda s: _weight(s) + 1.2 * (s[3] != colour), default=None)


def _prominent(style: StyleKey, tally: _Tally, lines: Sequence[Line]) -> bool:
    """Larger than the text, or in a colour of its own besides bold or capitals; a few lines, and no titles of entries."""
    body = _body(lines)
    colours = Counter(line.color for line in lines for _ in range(len(line.text)))
    coloured = (style[1] or style[2]) and style[3] != colours.most_common(1)[0][0]
    larger = style[0] > body + 1.5
    named_by_dates = tally.near_dates > (0.8 if larger else 0.34) * tally.lines  # such lines are the titles of entries
    return 2 <= tally.lines <= 14 and not named_by_dates and (larger or (coloured and style[0] > body + 0.4))


@lru_cache(maxsize=8192)
def section_of(text: str) -> str | None:
    """Which section a heading opens, by exact phrase."""
    named = named_in(text)
    return "education" if {*named} == {"education", "certificates"} else named[0] if named else None


@lru_cache(maxsize=8192)
def named_in(text: str) -> tuple[str, ...]:
    """The sections that a heading names: none, one, or the two of "Lehre und Praktika"."""
    lex = lexicon()
    plain = key(re.sub(r"\(.*?\)", "", text).replace(WIDE, " "))
    plain = re.sub(r"^\d+[.)]?\s+", "", plain)
    if plain in lex.sections:
        return (lex.sections[plain],)
    if found := lex.sections.get(plain.replace(" & ", " und ")) or lex.sections.get(plain.replace(" & ", " and ")):
        return (found,)
    first, _, rest = plain.partition(" ")
    if rest and first in lex.possessives and rest in lex.sections:  # "Meine Stationen"
        return (lex.sections[rest],)
    named = [lex.sections.get(p) for p in re.split(rf"\s*[,/&+|]\s*|\s+(?:{any_of(lex.list_and)})\s+", plain)]
    return (named[0], named[1]) if len(named) == 2 and named[0] and named[1] else ()


@lru_cache(maxsize=8192)
def _stem_section(text: str) -> str | None:
    """The section that a heading's leading word speaks of, as part of a longer phrase or of a compound.

    A stem stands at the beginning or the end of a word. Languages differ in whether the first word leads or the last.
    """
    words, phrases = _stems()
    plain = key(text)
    found = [
        (at + len(phrase) if head_last else -at, len(phrase), section)
        for phrase, section, head_last in phrases
        if (at := plain.find(phrase)) >= 0 and (at == 0 or not plain[at - 1].isalnum())
    ]
    for match in re.finditer(r"[\w'’-]+", plain):
        word = match.group()
        for cut in range(1, len(word) + 1):
            found += [(match.start() + cut if head_last else -match.start(), cut, section) for section, head_last in words.get(word[:cut], ())]
        for cut in range(1, len(word)):
            begins = match.start() + cut
            found += [(match.end() if head_last else -begins, len(word) - cut, section) for section, head_last in words.get(word[cut:], ())]
    return max(found)[2] if found else None


@cache
def _stems() -> tuple[dict[str, list[tuple[str, bool]]], list[tuple[str, str, bool]]]:
    """Stems that are words, and those that are phrases."""
    words: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    phrases = []
    for stem, section, head_last in lexicon().heading_stems:
        if " " in stem:
            phrases.append((stem, section, head_last))
        else:
            words[stem].append((section, head_last))
    return dict(words), phrases


def _could_be_heading(line: Line) -> bool:
    text = line.text.strip()
    return (
        (not line.bullet or section_of(text) is not None)  # a dot on a time line stands before headings too
        and 2 < len(text) < 60
        and len(text.split()) <= 7
        and not find_periods(text)
        and lexicon().labels.get(key(text)) != "mother_tongue"  # within a table of languages
        and "@" not in text
        and not text.endswith((".", ",", ";"))
        and sum(map(str.isalpha, text)) + sum(map(str.isspace, text)) >= 0.75 * len(text)
    )


def _headings(lines: Sequence[Line]) -> dict[int, tuple[str, list[Line]]]:
    """First line's number -> (section, heading lines)."""
    text_from = _text_from(lines)
    rows = _Rows(lines)
    styles = _styles(lines, rows, text_from)
    possible = {line.number for line in lines if _could_be_heading(line)}
    candidates: dict[int, tuple[str, list[Line]]] = {}
    taken: set[int] = set()
    for i, line in enumerate(lines):
        if line.number in taken or line.number not in possible:
            continue
        following = next((o for o in lines[i + 1 : i + 6] if abs(o.box.x0 - line.box.x0) < 1.5), None)
        if (
            following
            and styles[following.number][:2] == styles[line.number][:2]
            and following.flow == line.flow
            and 0 < following.box.y0 - line.box.y0 < 2.2 * line.size
        ) and (section := section_of(f"{line.text} {following.text}")):
            candidates[line.number] = (section, [line, following])
            taken.add(following.number)
            continue
        if section := section_of(line.text):
            candidates[line.number] = (section, [line])
    for number in _labels_below_a_heading(lines, styles, candidates):
        candidates.pop(number, None)
    tallies: dict[StyleKey, _Tally] = defaultdict(_Tally)
    for line in lines:
        if line.number not in taken and line.number in possible:
            tallies[styles[line.number]].add(line, candidates.get(line.number, (None,))[0], near_date=rows.near_date(line))
    heading_styles = {s for s, tally in tallies.items() if tally.names_sections and (len(tally.kinds) >= 2 or _stands_out(s, lines))}
    heading_styles -= {
        s
        for s in heading_styles
        if any(len(tallies[o].kinds) >= 3 and o[0] > s[0] + 0.4 and tallies[s].flows <= tallies[o].flows for o in heading_styles)
    }
    speaking = {s for s in heading_styles if tallies[s].may_name_others or _prominent(s, tallies[s], lines)}
    for flow in {line.flow for line in lines}:
        own = [line for line in lines if line.flow == flow]
        told = {candidates[line.number][0] for line in own if line.number in candidates and styles[line.number] in heading_styles}
        seen = _seen_to_be_headings(own, rows, styles, possible, candidates) if len(told) < ENOUGH else None
        if seen and not any(_weight(s) > _weight(seen) for s in speaking & {styles[line.number] for line in own}):
            heading_styles.add(seen)
            speaking.add(seen)
    if not heading_styles:
        left = min((line.box.x0 for line in lines), default=0.0)
        return {n: c for n, c in candidates.items() if not rows.has_mate(c[1][0]) or (c[1][0].box.x0 < left + 3 and len(candidates) >= 3)}
    sizes = [s[0] for s in heading_styles]
    found: dict[int, tuple[str, list[Line]]] = {}
    last: list[Line] = []
    refused: set[StyleKey] = set()
    for line in lines:
        style = styles[line.number]
        if line.number in candidates:
            section, heading = candidates[line.number]
            if _in_margin(line, text_from) and lexicon().labels.get(key(line.text)) in _PERSONAL:
                continue
            alone = not rows.has_mate(line)
            larger = style[0] > max(sizes) or (style[1] and (style[0] >= min(sizes) or _opens(line, section, lines)))
            if style in heading_styles or (alone and larger and style not in refused):
                found[line.number] = (section, heading)
                last = heading
            else:  # a label within a section: what else looks like it is none of another
                refused.add(style)
        elif line.number not in taken and style in speaking and line.number in possible:
            if key(line.text) in lexicon().document_titles or (rows.has_mate(line) and not style[2] and not _in_margin(line, text_from)):
                continue
            breaks_over = bool(last) and _goes_on_below(last[-1], line) and styles[last[-1].number] == style
            if style[4] and not breaks_over and (lexicon().labels.get(key(line.text)) in _PERSONAL or _close_above(line, lines)):
                continue
            if breaks_over and section_of(last[-1].text) is None:
                last.append(line)  # a heading that breaks over two lines
                whole = " ".join(part.text for part in last)
                found[last[0].number] = (section_of(whole) or _stem_section(whole) or found[last[0].number][0], last)
                continue
            last = [line]
            found[line.number] = (_stem_section(line.text) or "unknown", last)
    return found


def _labels_below_a_heading(lines: Sequence[Line], styles: dict[int, StyleKey], candidates: dict[int, tuple[str, list[Line]]]) -> list[int]:
    """The lines of a row right below a heading of another style, where not all of it has sections' names: labels of columns. Their numbers."""
    found: list[int] = []
    for i, line in enumerate(lines[:-1]):
        row = [o for o in lines[i + 1 : i + 6] if _level(lines[i + 1], o) and styles[o.number] == styles[lines[i + 1].number]]
        named = [o.number in candidates for o in row]
        if line.number in candidates and len(row) > 1 and not all(named) and styles[row[0].number] != styles[line.number]:
            found += [o.number for o in row]
    return found


_PERSONAL = frozenset(
    {
        "name",
        "first_name",
        "last_name",
        "address",
        "phone",
        "email",
        "web",
        "birth_date",
        "birth_place",
        "birth",
        "nationality",
        "marital_status",
        "gender",
    }
)
"""Labels of personal details, which stand in the margin of a table."""


def _goes_on_below(above: Line, line: Line) -> bool:
    return above.page == line.page and above.flow == line.flow and 0 < line.box.y0 - above.box.y0 < 1.9 * line.size


def _text_from(lines: Sequence[Line]) -> dict[tuple[int, int], float]:
    """Where most of the text of a page's flow begins, in points."""
    letters: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    for line in lines:
        letters[line.page, line.flow][round(line.box.x0 / 4)] += len(line.text)
    return {place: 4.0 * counted.most_common(1)[0][0] for place, counted in letters.items()}


def _in_margin(line: Line, text_from: dict[tuple[int, int], float]) -> bool:
    """Does the line end left of where the text begins?"""
    return line.box.x1 < text_from.get((line.page, line.flow), 0.0) - 4


def _stands_out(style: StyleKey, lines: Sequence[Line]) -> bool:
    """Bigger, bolder or in capitals, compared with the bulk of the text."""
    body = _body(lines)
    return style[0] > body + 0.8 or style[1] or style[2]


def _body(lines: Sequence[Line]) -> float:
    """The size of the text, in points: half of all letters are not larger."""
    sizes = sorted((line.size, len(line.text)) for line in lines)
    half = sum(length for _, length in sizes) / 2
    return next(size for (size, _), until in zip(sizes, itertools.accumulate(length for _, length in sizes), strict=True) if until >= half)


def _close_above(line: Line, lines: Sequence[Line]) -> bool:
    """Does a line stand close above? Then it is a row of a table, and not the first one."""
    return any(
        o.page == line.page and o.flow == line.flow and o.box.middle < line.box.y0 and line.box.y0 - o.box.y1 < 0.75 * line.size for o in lines
    )


def _opens(line: Line, section: str, lines: Sequence[Line]) -> bool:
    """Does a smaller heading begin a section of its own? Nothing stands close above it, least of all a larger heading."""
    spoken = section == "languages" and _names_languages(" ".join([o.text for o in lines if o.number > line.number][:5]))
    above = [o for o in lines if o.page == line.page and o.flow == line.flow and o.box.y0 < line.box.y0 - 0.3 * line.size]
    nearest = max(above, key=lambda o: o.box.y1, default=None)
    if nearest and (line.box.y0 - nearest.box.y1 < 0.75 * line.size or section_of(nearest.text)):
        return spoken and line.box.y0 - nearest.box.y1 > 0.5 * line.size
    return spoken or section != "languages"
