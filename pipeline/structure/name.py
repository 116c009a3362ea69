"""Which line names the person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from pipeline.lang.lexicon import key, lexicon
from pipeline.model.cv import Sourced
from pipeline.model.document import Line
from pipeline.structure.sections import section_of
from pipeline.structure.text import bare

_NAME_WORD = re.compile(r"[^\W\d_][^\W\d_.'’-]*(?:[-'’.][^\W\d_]*)*\.?,?$")

_ENOUGH = 2.4
"""A line has to score more than this to be the name."""


def find_name(lines: Sequence[Line], pairs: dict[str, Sourced], email: str) -> list[Line]:
    """The line, or two lines, of the person's name: labelled, or large, at the top and echoed by the e-mail address; [] when none is."""
    if (labelled_name := pairs.get("name")) and 2 <= len(labelled_name.text.split()) <= 6:
        return [line for line in lines if line.number in labelled_name.lines]
    first_page = [line for line in lines if line.page == lines[0].page] if lines else []
    if not first_page:
        return []
    biggest = max(line.size for line in first_page)
    bottom = max(line.box.y1 for line in first_page)
    mail = _ascii(email.split("@", maxsplit=1)[0]) + " " + _ascii(email.rsplit("@", maxsplit=1)[-1].split(".", maxsplit=1)[0])
    best: list[Line] = []
    best_score = _ENOUGH
    for i, line in enumerate(first_page):
        options = [[line]]
        below = (o for o in first_page[i + 1 : i + 5] if o.size == line.size and abs(o.box.x0 - line.box.x0) < 0.1 * line.size)
        following = next(below, first_page[i + 1] if i + 1 < len(first_page) else None)
        if following and following.size == line.size and abs(following.box.y0 - line.box.y1) < line.size and len(line.text.split()) <= 2:
            options.append([line, following])
        for option in options:
            score = _name_score(option, biggest, bottom, mail)
            if score > best_score:
                best, best_score = option, score
    return best


def _name_score(option: list[Line], biggest: float, bottom: float, mail: str) -> float:
    text = " ".join(line.text for line in option)
    if len(text) > 70 or any(c.isdigit() for c in text):
        return -1
    text = bare(re.sub(r"\([^()]*\)", " ", text))
    words = text.replace(",", " ").split()
    real = [w for w in words if not _title(w) and w.casefold() not in lexicon().name_particles]
    if not 2 <= len(words) <= 7 or not 2 <= len(real) <= 5 or len(text) > 50:
        return -1
    if not all(_NAME_WORD.match(w) or _title(w) for w in words) or key(text) in lexicon().document_titles:
        return -1
    if any(key(line.text) in lexicon().labels for line in option):
        return -1
    if section_of(text) or not all(w[0].isupper() for w in real):
        return -1
    hits = sum(len(w) > 1 and _ascii(w) in mail for part_ in real for w in re.split(r"[-'’.]", part_) if len(w) > 1)
    total = sum(1 for part_ in real for w in re.split(r"[-'’.]", part_) if len(w) > 1)
    line = option[0]
    score = 2.0 * (max(o.size for o in option) / biggest) + 1.0 * line.bold + 2.5 * (hits / max(total, 1))
    score += 0.8 * (1 - line.box.y0 / max(bottom, 1))
    if score <= _ENOUGH:
        return score
    score -= (
        1.0 * (bool(lexicon().title_words.search(text)) and not _may_be_a_surname(words))
        + 1.2 * bool(lexicon().company_suffix.search(text))
        + 0.5 * bool(lexicon().company_words.search(text))
    )
    return score - 0.3 * (len(option) > 1) * (hits == 0)


def _may_be_a_surname(words: Sequence[str]) -> bool:
    """ "Karl Koch", "Emma Cook": a trade as the last of two or three words, behind one that is nothing but a name."""
    *first, last = words
    said = " ".join(first)
    trade = lexicon().title_words.search(last)
    return (
        len(words) in (2, 3)
        and trade is not None
        and trade.group().casefold() == last.casefold()
        and not lexicon().title_words.search(said)
        and not any(word.casefold().strip(".") in _QUALIFIERS for word in first)
    )


# fmt: off
_QUALIFIERS = frozenset(
    {
        "senior", "junior", "lead", "leitender", "leitende", "head", "chief", "staff", "principal", "managing", "executive", "assistant",
        "deputy", "general", "sales", "marketing", "product", "project", "program", "account", "office", "web", "software", "hardware",
        "data", "cloud", "system", "systems", "it", "frontend", "backend", "full", "fullstack", "stack", "mobile", "java", "python", "php",
        "test", "qa", "ux", "ui", "graphic", "business", "finance", "staatlich", "geprüfter", "geprüfte", "examinierte", "examinierter",
        "gelernter", "gelernte", "ausgebildete", "ausgebildeter", "selbstständiger", "truck", "bus", "forklift", "taxi", "delivery",
        "school", "sous", "pastry", "registered", "medical", "dental", "legal", "civil", "electrical", "mechanical", "chemical",
        "industrial", "construction", "human", "resources", "customer", "key", "area", "regional", "technical", "technischer",
        "kaufmännischer", "kaufmännische", "freier", "freie", "stellvertretender", "stellvertretende", "dipl", "diplom", "fach", "ober",
        "chef",
    }
)
# fmt: on
"""Words before a trade that make a title of it, and no name."""


def _title(word: str) -> bool:
    """ "Dr.", "Dipl.-Betriebswirt", "MBA"."""
    return word.casefold() in lexicon().name_titles or word.casefold().startswith(("dipl.-", "dipl-", "mag."))


def _ascii(text: str) -> str:
    text = (
        text.casefold()
        .replace("ä", "ae")
        .replace("ö", "oe")
        .replace("ü", "ue")
        .replace("ß", "ss")
        .replace("ø", "o")
        .replace("æ", "ae")
        .replace("ł", "l")
    )
    return "".join(c for c in unicodedata.normalize("NFKD", text) if c.isalnum() and c.isascii())
