"""Who the person is and how to reach them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.lang.dates import find_dates
from pipeline.lang.lexicon import key, lexicon
from pipeline.model.cv import Basics, Link, Sourced
from pipeline.model.document import Line
from pipeline.structure.name import find_name
from pipeline.structure.sections import section_of
from pipeline.structure.text import EDGES, WIDE, bare, clean, label_of, part

EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,5}\.[a-zA-Z]{2,24}")
_TLD = r"com|org|net|de|at|ch|io|dev|eu|fr|it|es|nl|pl|me|co\.uk|info|app|tech|ai|uk|us|cloud|design|blog|page|example"
_URL = re.compile(
    r"(?:https?://|www\.)[^\s\u2003|,;<>()]+"
    rf"|(?<![@\w.-])(?:[a-z0-9-]+\.)+(?:{_TLD})(?:/[^\s\u2003|,;<>()]*)?(?![\w@.-])",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?<![\w/.-])(?:\d{3}[ .-]\d{3}[ .-]\d{3,4}(?!\w)|(?:\(?\+\s?\d|\(?00\d|\(?0\d|\(\d{3}\))[\dX\s()/.\u2003–-]{5,}[\dX])",
    re.IGNORECASE,
)
_POSTAL = re.compile(
    r"\b(?:(?:D|A|CH|F|B|L|NL|PL)-|(?:DE|AT|CH)[- ])?"
    r"(\d{4,5}(?:\s?[A-Z]{2}(?![\w]))?|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|\d{2}-\d{3})\s+"
    r"([A-ZÄÖÜÉÈŁŚ][\w.'’/-]+(?:[ -](?:[A-ZÄÖÜ(][\w.)'’-]+|am|an|der|im|bei|ob|v\.|a\.|d\.|in|sur|la|le|les|en))*)"
)
_US_PLACE = re.compile(r"([A-Z][\w.'’ -]+, (?:[A-Z]{2}|[A-Z][a-z]+))(?:, [A-Z]{2,3})?,? (\d{5})(?!\d)")
_TOWN = re.compile(r"[A-ZÄÖÜ][\w .'’-]+, [A-Z]{2}(?: \d{5})?")
_STREET_TOWN = re.compile(r"[^,\d]+\s\d{1,4}\s?[a-z]?, [A-ZÄÖÜ][\w .'’-]+")
_STREET = re.compile(
    r"(?:(?:straße|strasse|weg|allee|platz|gasse|ring|damm|ufer|höhe|hof|chaussee|street|road|rd|avenue|ave|lane|drive"
    r"|boulevard|rue|terrace|court|way|close|via|calle|ulica)\b|(?:str|st|ul)\.)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Address:
    street: Sourced | None
    postal_code: Sourced | None
    city: Sourced | None
    country: Sourced | None


def contact(head: Sequence[Line], everything: Sequence[Line]) -> Basics:
    """What `head` (the lines before the sections, and personal sections) says of the person; `everything` for name and e-mail."""
    pairs = labelled(head)
    email = _email(head) or _email(everything)
    name_lines = find_name(everything, pairs, email.text if email else "")
    name = None
    if name_lines:
        label_name = pairs.get("name")
        name = (
            label_name
            if label_name and label_name.lines[0] == name_lines[0].number
            else part(bare(" ".join(line.text for line in name_lines)), *name_lines)
        )
    phone = _phone(head, pairs) or _phone([line for line in everything if EMAIL.search(line.text) or "tel:" in " ".join(line.links)], {})
    links = _links(everything, head)
    address = _address(head, pairs)
    return Basics(
        name=name,
        headline=_headline(head, everything, name_lines),
        email=email,
        phone=phone,
        birth_date=_birth(pairs),
        birth_place=pairs.get("birth_place") or _birth_place(pairs),
        nationality=pairs.get("nationality"),
        marital_status=pairs.get("marital_status"),
        links=tuple(links),
        address=address.street,
        postal_code=address.postal_code,
        city=address.city,
        country=address.country,
    )


def contact_like(line: Line) -> bool:
    """Is the line contact data and nothing else?"""
    text = line.text.strip()
    if any(link.startswith(("mailto:", "tel:")) for link in line.links):
        return True
    network = re.match(r"([A-Za-z. ]{2,20}):\s*\S+$", text)
    labelled = label_of(text)
    if labelled and labelled[0] in ("phone", "email", "web"):
        return bool(EMAIL.fullmatch(labelled[1]) or _PHONE.fullmatch(labelled[1]) or _URL.fullmatch(labelled[1]))
    return bool(
        EMAIL.fullmatch(text)
        or _PHONE.fullmatch(text)
        or _URL.fullmatch(text)
        or (network and key(network.group(1)) in lexicon().networks)
        or _POSTAL.fullmatch(text)
        or (line.links and len(text) < 40 and line.links[0].startswith("http") and len(text.split()) <= 3)
    )


def labelled(lines: Sequence[Line]) -> dict[str, Sourced]:
    """Values of known labels: "Geburtsort: Paderborn", or label and value in two cells of a row."""
    labels = lexicon().labels
    spaced = [label for label in sorted(labels, key=len, reverse=True) if labels[label] in _SPACED_LABELS]
    found: dict[str, Sourced] = {}
    for i, line in enumerate(lines):
        for text in re.split(r"\s+[|•·]\s+|\u2003", line.text):
            match = re.match(r"\s*([^:]{2,34}?)\s*:\s*(.+)$", text)
            name = labels.get(key(match.group(1))) if match else None
            if match and name:
                if v := part(bare(match.group(2)), line):
                    found.setdefault(name, v)
                continue
            for label in spaced:
                if key(text).startswith(label + " ") and len(text) > len(label) + 2:
                    if v := part(bare(text.strip()[len(label) :]), line):
                        found.setdefault(labels[label], v)
                    break
        name = labels.get(key(line.text))
        if not name:
            continue
        row = [
            o
            for o in lines
            if o.number != line.number and o.page == line.page and abs(o.box.middle - line.box.middle) < 0.6 * line.size and o.box.x0 > line.box.x1
        ]
        nxt = row or [o for o in lines[i + 1 : i + 2] if o.page == line.page and 0 <= o.box.y0 - line.box.y1 < line.size]
        if nxt and labels.get(key(nxt[0].text)) is None and section_of(nxt[0].text) is None:
            values = [nxt[0]]
            if row:
                below = lines[lines.index(nxt[0]) + 1 : lines.index(nxt[0]) + 2]
                if below and abs(below[0].box.x0 - nxt[0].box.x0) < 2 and name == "address" and 0 < below[0].box.y0 - nxt[0].box.y0 < 2 * line.size:
                    values.append(below[0])
            if v := part(bare(" ".join(o.text for o in values)), *values):
                found.setdefault(name, v)
    return found


_SPACED_LABELS = frozenset({"birth_date", "birth_place", "nationality", "marital_status", "birth"})


def _email(lines: Sequence[Line]) -> Sourced | None:
    for i, line in enumerate(lines):
        if match := EMAIL.search(line.text):
            above = lines[i - 1] if i else None
            begun = re.search(r"[\w.+%-]+[-._]$", above.text) if above and above.flow == line.flow else None
            if above and begun and match.start() == 0:
                return Sourced(begun.group() + match.group(), (above.number, line.number))
            return part(match.group(), line)
        if i + 1 < len(lines) and re.fullmatch(r"\S+@\S*", line.text) and (match := EMAIL.fullmatch(line.text + lines[i + 1].text)):
            return Sourced(match.group(), (line.number, lines[i + 1].number))
    for line in lines:
        for link in line.links:
            if link.startswith("mailto:") and (match := EMAIL.search(link)):
                wrapped = [o for o in lines if link in o.links]
                text = "".join(o.text for o in wrapped)
                if match.group() in text.replace(" ", ""):
                    return Sourced(match.group(), tuple(o.number for o in wrapped))
                return Sourced(match.group(), (line.number,), printed=line.text, rule="link")
    return None


def _phone(lines: Sequence[Line], pairs: dict[str, Sourced]) -> Sourced | None:
    for line in lines:
        dates = [] if "+" in line.text else find_dates(line.text)
        for match in _PHONE.finditer(line.text):
            if any(match.start() < date.end and date.start < match.end() for date in dates):
                continue
            text = clean(
                match.group().split(WIDE)[0]
                if re.search(r"\d{3}\u2003", match.group()) and len(re.sub(r"\D", "", match.group().split(WIDE)[0])) > 7
                else match.group()
            )
            if find_dates(text) and not text.startswith(("+", "(")):
                continue
            digits = sum(c.isdigit() or c in "xX" for c in text)
            if 7 <= digits <= 16 and not re.fullmatch(r"[1-9]\d{4}\s.*", text):
                return part(text, line)
    if (labelled_phone := pairs.get("phone")) and sum(c.isdigit() for c in labelled_phone.text) >= 6:
        return labelled_phone
    for line in lines:
        for link in line.links:
            if link.startswith("tel:") and sum(c.isdigit() for c in line.text) >= 6:
                return part(bare(line.text), line)
    return None


def _links(everything: Sequence[Line], head: Sequence[Line]) -> list[Link]:
    found: list[Link] = []
    seen: set[str] = set()
    inside = {line.number for line in head}
    networks = lexicon().networks

    def add(link: Link, ident: str) -> None:
        ident = re.sub(r"^(https?://)?(www\.)?|/+$", "", ident.casefold())
        tail = ident.rsplit("/", 1)[-1]
        if ident and ident not in seen and tail not in seen:
            seen.update({ident, tail} if link.network else {ident})
            found.append(link)

    skip = 0
    for n, line in enumerate(everything):
        if line.number not in inside or line.number == skip:
            continue
        if rest := _rest_of_address(line, everything[n + 1 : n + 2]):
            url = clean(line.text) + clean(rest.text)
            named = _network_of(url, line, rest)
            add(Link(part(url, line, rest), named, part(url.rstrip("/").rsplit("/", 1)[-1], line, rest) if named else None), url)
            skip = rest.number
            continue
        web = [u for u in line.links if u.startswith("http")]
        text = EMAIL.sub(" ", line.text)  # the address's own domain is no homepage
        for cell in re.split(r"\s+[|•·–]\s+|\u2003|,\s", text):
            label = re.match(r"\s*([A-Za-z. ]{2,20})\s*[:/]\s*(\S.*)$", cell)
            name = key(label.group(1)) if label else ""
            if label and name in networks and not cell.strip().lower().startswith("http"):
                target = label.group(2).strip()
                if _URL.fullmatch(target):
                    add(Link(part(target, line), part(label.group(1), line), part(target.rstrip("/").rsplit("/", 1)[-1], line)), target)
                else:
                    add(Link(None, part(label.group(1), line), part(target, line)), target)
                continue
            for match in _URL.finditer(cell):
                url = match.group().rstrip(".,")
                if url.count(".") == 1 and "/" not in url and key(url) in ("node.js", "vue.js"):
                    continue
                network = next((n for n in networks if n in url.casefold()), "")
                user = url.rstrip("/").rsplit("/", 1)[-1] if network and "/" in url.split("//")[-1].rstrip("/") else ""
                add(Link(part(url, line), _network_of(url, line), part(user, line) if user else None), url)
        for url in web:
            network = next((n for n in networks if n in url.casefold()), "")
            handle = url.rstrip("/").rsplit("/", 1)[-1]
            if network and clean(line.text) and handle.casefold() in clean(line.text).casefold():
                shown = next((w for w in clean(line.text).split() if handle.casefold() in w.casefold()), handle)
                add(
                    Link(
                        Sourced(url, (line.number,), printed=line.text, rule="link"),
                        Sourced(network, (line.number,), printed=line.text, rule="link"),
                        part(bare(shown.rsplit("/", 1)[-1]), line),
                    ),
                    url,
                )
            elif network:
                add(Link(Sourced(url, (line.number,), printed=line.text, rule="link"), None, None), url)
    return found


def _rest_of_address(line: Line, following: Sequence[Line]) -> Line | None:
    """The line below that a web address breaks over to, in a narrow column."""
    if not following or not _URL.fullmatch(line.text.strip()) or "/" not in line.text.split("//")[-1]:
        return None
    below = following[0]
    token = below.text.strip()
    near = below.page == line.page and below.flow == line.flow and below.box.y0 - line.box.y1 < 0.35 * line.size
    aligned = abs(below.box.x0 - line.box.x0) < 1 and (below.size, below.color) == (line.size, line.color)
    if not near or not aligned or not re.fullmatch(r"[\w./%?=&#~+-]+", token) or EMAIL.fullmatch(token) or _URL.fullmatch(token):
        return None
    return below if token[0].islower() or token[0].isdigit() or token[0] in "-/" else None


def _network_of(url: str, *lines: Line) -> Sourced | None:
    """The network that the address names."""
    network = next((n for n in lexicon().networks if n in url.casefold()), "")
    return Sourced(network, tuple(line.number for line in lines), printed=url, rule="network") if network else None


def _address(head: Sequence[Line], pairs: dict[str, Sourced]) -> _Address:
    address, city, postal, country = None, None, None, None
    labelled_address = pairs.get("address")
    for line in head:
        for cell in re.split(r"\s+[|•·]\s+|\u2003", line.text):
            match = _POSTAL.search(cell)
            if match and not EMAIL.search(cell) and not re.search(r"\+\d", cell) and city is None:
                postal, city = part(match.group(1), line), part(match.group(2).strip(EDGES), line)
                before = cell[: match.start()].strip(EDGES)
                if _street(before):
                    address = part(re.sub(r"^[^:]{2,20}:\s*", "", before), line)
            elif city is None and (place := _US_PLACE.search(cell)) and not EMAIL.search(cell):
                postal, city = part(place.group(2), line), part(place.group(1), line)
            elif _street(cell) and address is None and len(cell) < 60 and not EMAIL.search(cell):
                address = part(bare(re.sub(r"^[^:]{2,20}:\s*", "", cell)), line)
            elif city is None and address is None and _STREET_TOWN.fullmatch(cell.strip()) and not EMAIL.search(cell):
                street, town = cell.strip().split(", ", 1)
                address, city = part(street, line), part(town, line)
            for word in re.split(r"[,|–—·()]|\s-\s", cell):
                if key(word) in lexicon().countries and country is None:
                    country = part(word, line)
    if labelled_address and address is None and city is None:
        if re.search(r"\d", labelled_address.text):
            address = labelled_address
        else:
            city = labelled_address
    return _Address(address, postal, city, country)


def _street(text: str) -> bool:
    return bool(_STREET.search(text) and re.search(r"\d", text)) or bool(
        re.fullmatch(r"[A-ZÄÖÜ][\w.'’-]+(?:[ -][\w.'’-]+){0,3}\s\d{1,4}\s?[a-z]?", text.strip())
    )


def _birth(pairs: dict[str, Sourced]) -> Sourced | None:
    source = pairs.get("birth_date") or pairs.get("birth")
    if source is None:
        return None
    dates = find_dates(source.text)
    if not dates:
        return source
    printed = source.text[dates[0].start : dates[0].end]
    return Sourced(dates[0].iso, source.lines, printed=printed, rule="date")


def _birth_place(pairs: dict[str, Sourced]) -> Sourced | None:
    """The place of "27.12.1974 in Paderborn" or "03.09.1988, Duisburg"."""
    source = pairs.get("birth") or pairs.get("birth_date")
    if source is None:
        return None
    dates = find_dates(source.text)
    rest = source.text[dates[0].end :] if dates else ""
    rest = re.sub(r"^\s*[,/|]?\s*(in|à)?\s+", "", rest).strip(EDGES)
    return Sourced(rest, source.lines) if rest and rest[0].isupper() and len(rest) < 40 else None


def _headline(head: Sequence[Line], everything: Sequence[Line], name_lines: list[Line]) -> Sourced | None:
    if not name_lines:
        return None
    last = name_lines[-1]
    pool = [line for line in everything if line.page == last.page and line.flow == last.flow]
    own = {n.number for n in name_lines}
    under = (o for o in pool if o.box.y0 >= last.box.y0 and o.number not in own and o.box.x0 < last.box.x1 and last.box.x0 < o.box.x1)
    below = sorted(under, key=lambda o: o.box.y0)
    inside = {line.number for line in head}
    for line in below[:3]:
        if line.box.y0 - last.box.y1 > 3.5 * last.size or section_of(line.text):
            break
        text = line.text
        plain = not EMAIL.search(text) and not _PHONE.search(text) and not _URL.search(text) and not _POSTAL.search(text) and ":" not in text
        if (
            line.number in inside
            and plain
            and not find_dates(text)
            and 3 < len(text) < 90
            and not _street(text)
            and not text[0].isdigit()
            and not _TOWN.fullmatch(text.strip())
            and key(text) not in lexicon().document_titles
            and key(text) not in lexicon().labels
            and key(text).split(",")[-1].strip() not in lexicon().countries
        ):
            return part(bare(text), line)
    return None
