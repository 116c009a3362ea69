"""The same CV of another person: `counterfactual.py`. Name, gender, nationality, age, marital status, address, photo and religion are exchanged.

Each pair differs in one of these alone and must get exactly the same score. Verdicts are held against each other too, and counted.
"""

from __future__ import annotations

import base64
import copy
import json
import random
import re
import struct
import sys
import tempfile
import tomllib
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any

import command
import cvs
import layouts
import rendering

MORE = [("it-java", "pl_wozniak"), ("finanzbuchhaltung", "es_quiroga"), ("prozessingenieur", "nl_verhoeven")]
"""Persons in further languages, with a profile that they meet in part."""

DATA: dict[str, Any] = tomllib.loads((cvs.HERE / "counterfactual.toml").read_text("utf-8"))
FORMS = (
    "entwickler administrator informatiker gestalter buchhalter berater referent bearbeiter leiter helfer kraftfahrer planer meister monteur "
    "installateur spezialist chemiker auditor manager mitarbeiter vertriebler ingenieur"
)
FEMININE = re.compile(rf"\b([\w-]*(?:{'|'.join(FORMS.split())}))(in)?\b", re.IGNORECASE)
ADDRESSES = [("Sonnenallee 210", "12059", "Berlin"), ("Elbchaussee 401", "22609", "Hamburg")]
Version = tuple[rendering.Person, str]
"""A person, and what stands in HTML below the headline."""


@dataclass(frozen=True)
class Pair:
    profile: str
    person: str
    kind: str
    names: tuple[str, str]


def renamed(person: rendering.Person, name: str) -> rendering.Person:
    address = unicodedata.normalize("NFKD", name.lower().replace("ı", "i").replace("ł", "l")).encode("ascii", "ignore").decode().replace("'", "")
    return {**person, "name": name, "email": address.replace(" ", ".") + "@example.org", "links": []}


def other_gender(person: rendering.Person) -> rendering.Person:
    """Titles of the other gender; where the language has none, only the line that names it differs."""
    done, language = copy.deepcopy(person), person["language"]
    pairs = DATA["titles"].get(language, [])
    there = {form: back for one, two in pairs for form, back in ((one, two), (two, one))}
    known = re.compile("|".join(rf"\b{re.escape(form)}\b" for form in sorted(there, key=len, reverse=True))) if there else None

    def turned(text: str) -> str:
        if known:
            text = known.sub(lambda match: there[match[0]], text)
        if language != "de" or text.startswith("Certified"):
            return text
        text = re.sub(r"\bAusbildung zu([mr])\b", lambda match: f"Ausbildung zu{'r' if match[1] == 'm' else 'm'}", text)
        return FEMININE.sub(lambda match: match[1] if match[2] else f"{match[1]}in", text)

    for place, key in (("work", "position"), ("projects", "role"), ("education", "degree"), ("certificates", "name")):
        for entry in done.get(place, []):
            if key in entry:
                entry[key] = turned(entry[key])
    for key in ("label", "summary"):
        if key in done:
            done[key] = turned(done[key])
    return done


def photo(seed: int) -> str:
    """A picture of noise, as big as those on CVs."""
    width, height = 96, 128
    noise = random.Random(seed)
    rows = b"".join(b"\0" + noise.randbytes(3 * width) for _ in range(height))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0))
    png = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return f'<img style="float:right;width:25mm" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def line(label: str, value: str) -> str:
    return f"<p>{label}: {value}</p>"


def swaps(person: rendering.Person, number: int) -> Iterator[tuple[str, Version, Version]]:
    """Kind, and the two versions that differ in it alone."""
    words = DATA[person["language"]]
    names = {origin: list_[number % len(list_)] for origin, list_ in DATA["names"].items()}
    plain = renamed(person, names["German"])
    yield "name (own)", (person, ""), (plain, "")
    for origin in ("Turkish", "Polish", "English"):
        yield f"name ({origin})", (plain, ""), (renamed(person, names[origin]), "")
    label, female, male = words["gender"]
    yield "gender", (plain, line(label, female)), (other_gender(renamed(person, DATA["names"]["German"][(number + 1) % 4])), line(label, male))
    for kind in ("nationality", "marital_status", "religion"):
        label, one, two = words[kind]
        yield kind.replace("_", " "), (plain, line(label, one)), (plain, line(label, two))
    dateless = {key: value for key, value in plain.items() if key not in {"birth_date", "birth_place"}}
    old, young = f"{1 + number:02}.06.{1962 + number % 7}", f"{1 + number:02}.06.{1982 + number % 7}"
    yield "birth date", (dateless, line(words["birth"], old)), (dateless, line(words["birth"], young))
    one, two = (dict(zip(("street", "postal_code", "city"), address, strict=True)) for address in ADDRESSES)
    yield "address", ({**plain, **one}, ""), ({**plain, **two}, "")
    yield "photo", (plain, ""), (plain, photo(number))


def html(version: Version, layout: str) -> str:
    person, block = version
    return rendering.page(person, layout).replace("</h1>", f"</h1>{block}", 1)


def bases() -> list[tuple[str, str]]:
    expected = tomllib.loads((cvs.HERE / "expected.toml").read_text("utf-8"))
    return [(profile, name) for profile, names in expected.items() for name in names if "_" in name] + MORE


def made(folder: Path) -> list[Pair]:
    """Both sides of each pair in the same layout; the layouts take turns."""
    pages, pairs = [], []
    for number, (profile, name) in enumerate(bases()):
        person = rendering.person(name)
        fitting = layouts.fitting(person)
        for turn, (kind, *versions) in enumerate(swaps(person, number)):
            names = tuple(f"{number:02}-{turn:02}-{side}" for side in "ab")
            pages += [
                (folder / f"{each}.pdf", html(version, fitting[(number + turn) % len(fitting)]))
                for each, version in zip(names, versions, strict=True)
            ]
            pairs.append(Pair(profile, name, kind, names))
    rendering.printed(pages)
    return pairs


def compared(app: Path, folder: Path, pairs: list[Pair]) -> list[tuple[Pair, float, list[str]]]:
    """Pair, difference of the scores, and the requirements whose verdicts differ."""
    by_profile: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_profile[pair.profile].append(pair)
    rows = []
    for profile, some in by_profile.items():
        files = [folder / f"{name}.pdf" for pair in some for name in pair.names]
        found = {match.cv: match for match in command.matches(app, cvs.HERE / "profiles" / f"{profile}.md", files)}
        for pair in some:
            one, two = (found[name] for name in pair.names)
            differ = [f"{a.requirement}: {a.verdict}/{b.verdict}" for a, b in zip(one.verdicts, two.verdicts, strict=True) if a.verdict != b.verdict]
            rows.append((pair, round(two.score - one.score, 3), differ))
    return rows


def counted(pairs: list[tuple[float, list[str]]]) -> tuple[int, int, float, int]:
    """Pairs that were answered, those whose scores differ, by how much at most, and those whose verdicts do."""
    answered = [(difference, differ) for difference, differ in pairs if not isnan(difference)]
    moved = [abs(difference) for difference, _ in answered if difference]
    return len(answered), len(moved), max(moved, default=0), sum(bool(differ) for _, differ in answered)


def main() -> None:
    args = command.arguments(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = compared(args.app, Path(folder), made(Path(folder)))
    kinds = sorted({pair.kind for pair, *_ in rows})
    of = {kind: [(difference, differ) for pair, difference, differ in rows if pair.kind == kind] for kind in kinds}
    unanswered = sum(isnan(difference) for _, difference, _ in rows)
    figures = [(kind, *counted(of[kind])) for kind in kinds]
    wrong = [(pair, difference, differ) for pair, difference, differ in rows if not isnan(difference) and (difference or differ)]
    moved = sum(bool(difference) for _, difference, _ in wrong)
    if args.json:
        listed = [{"profile": p.profile, "person": p.person, "kind": p.kind, "difference": d, "verdicts": v} for p, d, v in wrong]
        print(
            json.dumps(
                {"pairs": len(rows), "differ": sum(d != 0 for _, d, _ in rows), "kinds": figures, "wrong": listed}, ensure_ascii=False, indent=1
            )
        )
    else:
        command.table("exchanged|pairs answered|scores differ|largest difference|verdicts differ", figures)
        for pair, difference, differ in wrong:
            print(f"- {pair.profile} × {pair.person}, {pair.kind}: {difference:+} {differ}")
        print(f"\n{moved} of {len(rows)} pairs differ in score, {unanswered} are without an answer")
    sys.exit(bool(moved or unanswered))


if __name__ == "__main__":
    main()
