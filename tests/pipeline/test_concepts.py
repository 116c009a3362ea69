"""The lexicon's files, as one."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.lang.concept import concepts
from pipeline.lang.words import words
from tests.conftest import ROOT

FILES = sorted((ROOT / "pipeline" / "lang" / "concepts").glob("*.toml"))


def test_there_are_enough_concepts_and_every_key_stands_once() -> None:
    keys = Counter(key for path in FILES for key in tomllib.loads(path.read_text("utf-8")))
    assert len(keys) >= 1500
    assert [key for key, count in keys.items() if count > 1] == []


def test_no_name_belongs_to_two_concepts() -> None:
    owners: dict[str, set[str]] = {}
    for concept in concepts().by_key.values():
        for name in concept.names:
            owners.setdefault(" ".join(name.casefold().replace("-", " ").split()), set()).add(concept.key)
    assert {name: keys for name, keys in owners.items() if len(keys) > 1} == {}


def test_no_concept_includes_itself_by_way_of_others() -> None:
    lexicon = concepts()
    assert [key for key, concept in lexicon.by_key.items() if any(key in lexicon.above(up) for up in concept.broader)] == []
    assert [key for key, concept in lexicon.by_key.items() if not concept.names] == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("K8s", "kubernetes"),
        ("SAP S/4", "sap-s4hana"),
        ("Projektleiterin", "project-management"),
        ("Krankenschwester", "nurse-training"),
        ("Golang", "go-language"),
    ],
)
def test_what_people_write_is_found(text: str, key: str) -> None:
    lexicon = concepts()
    assert key in {up for mention in lexicon.mentions(words(text)) for up in lexicon.above(mention.concept)}


def test_a_firm_adds_names_and_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('kubernetes = { any = ["Kubi"] }\n', "utf-8")
    lexicon = concepts(tmp_path)
    assert [mention.concept for mention in lexicon.mentions(words("Kubi"))] == ["kubernetes"]
    assert lexicon.version != concepts().version
    (tmp_path / "bad.toml").write_text('x = { any = ["X"], broader = ["nothing"] }\n', "utf-8")
    concepts.cache_clear()
    with pytest.raises(UserError) as caught:
        concepts(tmp_path)
    assert (caught.value.key, caught.value.values["detail"]) == ("broken_concepts", "nothing")
