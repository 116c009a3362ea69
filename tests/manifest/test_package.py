from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from manifest import draw_icons
from manifest.build import BadPackage, Values, package
from tests.conftest import NODE, ROOT, node

APP = "4b2e8f6a-90c1-4d7e-b3a5-1c9f7e2d6a08"
ARGUMENTS = {
    "app-id": APP,
    "domain": "cv.nordstern-personal.de",
    "company": "Nordstern Personal GmbH",
    "website": "https://nordstern-personal.de/hilfe",
    "privacy": "https://nordstern-personal.de/datenschutz",
    "terms": "https://nordstern-personal.de/nutzung",
    "version": "1.2.0",
}


def build(out: Path, **changed: str) -> subprocess.CompletedProcess[str]:
    given = ARGUMENTS | {name.replace("_", "-"): value for name, value in changed.items()}
    options = [f"--{name}={value}" for name, value in given.items()]
    return subprocess.run(
        [sys.executable, ROOT / "manifest" / "build.py", *options, "--out", out], capture_output=True, text=True, timeout=60, check=False
    )


def built(out: Path, **changed: str) -> dict[str, bytes]:
    done = build(out, **changed)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(out) as content:
        assert content.testzip() is None
        return {name: content.read(name) for name in content.namelist()}


def problems(manifest: dict[str, Any], languages: dict[str, Any]) -> list[str]:
    found = node("manifest.mjs", stdin=json.dumps({"manifest": manifest, "languages": languages}))
    assert isinstance(found, list)
    return found


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    return built(tmp_path / "cv.zip")


@pytest.fixture
def manifest(files: dict[str, bytes]) -> dict[str, Any]:
    return json.loads(files["manifest.json"])


@pytest.fixture
def english(files: dict[str, bytes]) -> dict[str, str]:
    return json.loads(files["en.json"])


def texts(at: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """What people read, by the keys that language files use."""
    if isinstance(at, list):
        for i, item in enumerate(at):
            yield from texts(item, f"{path}[{i}]")
    elif isinstance(at, dict):
        for key, value in at.items():
            here = f"{path}.{key}" if path else key
            if isinstance(value, str) and (path in {"name", "description"} or key in {"title", "description", "name"}):
                yield here, value
            elif not isinstance(value, str):
                yield from texts(value, here)


def readable(manifest: dict[str, Any]) -> dict[str, str]:
    """The texts that are translated: not the firm's name, not the names of parameters."""
    return {key: text for key, text in texts(manifest) if not re.search(r"^developer|parameters\[\d+\]\.name$", key)}


def test_the_package_passes_microsofts_schemas(manifest: dict[str, Any], english: dict[str, str]) -> None:
    assert problems(manifest, {"en.json": english}) == []


BROKEN: dict[str, tuple[Callable[[dict[str, Any], dict[str, Any]], object], str]] = {
    "no privacy notice": (lambda m, e: m["developer"].pop("privacyUrl"), "manifest.json: /developer must have required property 'privacyUrl'"),
    "an unknown field": (lambda m, e: m.update(packageName="de.cv"), "manifest.json:  must NOT have additional properties"),
    "a short name too long": (lambda m, e: m["name"].update(short="C" * 31), "manifest.json: /name/short must NOT have more than 30"),
    "a scope as it was called": (lambda m, e: m["bots"][0].update(scopes=["groupchat"]), "manifest.json: /bots/0/scopes/0 must be equal to one of"),
    "a placeholder as id": (lambda m, e: m.update(id="{{app_id}}"), "manifest.json: /id must match pattern"),
    "a command's title too long": (
        lambda m, e: m["bots"][0]["commandLists"][0]["commands"][0].update(title="K" * 129),
        "manifest.json: /bots/0/commandLists/0/commands/0/title",
    ),
    "a schema of another version": (lambda m, e: m.update(manifestVersion="1.25"), "manifest.json: $schema is not"),
    "a prompt before its version": (
        lambda m, e: m["bots"][0]["commandLists"][0]["commands"][0].update(type="prompt"),
        "must NOT have additional properties",
    ),
    "a translation of nothing": (lambda m, e: e.update({"bots[0].title": "x"}), "en.json:  must NOT have additional properties"),
    "an English text too long": (lambda m, e: e.update({"description.short": "x" * 81}), "en.json: /description.short must NOT have more than 80"),
}


@pytest.mark.parametrize(("damage", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_broken_package_does_not_pass(
    damage: Callable[[dict[str, Any], dict[str, Any]], object], expected: str, manifest: dict[str, Any], english: dict[str, str]
) -> None:
    damage(manifest, english)
    assert any(problem.startswith(expected) or expected in problem for problem in problems(manifest, {"en.json": english}))


def test_every_text_is_there_in_both_languages(manifest: dict[str, Any], english: dict[str, str]) -> None:
    assert readable(manifest).keys() == english.keys() - {"$schema"}
    same = {key for key, text in readable(manifest).items() if english[key] == text}
    assert same == {"name.short", "bots[0].commandLists[0].commands[1].title", "bots[0].commandLists[0].commands[7].title"}, "left in German"


def test_the_package_names_what_it_was_built_for(manifest: dict[str, Any]) -> None:
    resource = f"api://{ARGUMENTS['domain']}/botid-{APP}"
    assert manifest["id"] == manifest["bots"][0]["botId"] == APP
    assert manifest["webApplicationInfo"] == {"id": APP, "resource": resource}
    assert manifest["validDomains"] == [ARGUMENTS["domain"], "token.botframework.com"]
    assert manifest["developer"] == {
        "name": ARGUMENTS["company"],
        "websiteUrl": ARGUMENTS["website"],
        "privacyUrl": ARGUMENTS["privacy"],
        "termsOfUseUrl": ARGUMENTS["terms"],
    }
    assert manifest["version"] == "1.2.0"
    assert "{{" not in json.dumps(manifest)


def test_files_lie_at_the_root_and_those_that_are_named_are_there(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    named = {*manifest["icons"].values(), *(language["file"] for language in manifest["localizationInfo"]["additionalLanguages"])}
    assert files.keys() == {"manifest.json", *named}


def test_no_permission_is_asked_of_teams_and_chats(manifest: dict[str, Any]) -> None:
    assert "authorization" not in manifest, "a permission on chats makes Teams deliver every message: docs/registration.md"


def test_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    built(tmp_path / "one.zip")
    built(tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_the_version_is_the_products_where_none_is_given(tmp_path: Path) -> None:
    options = [f"--{name}={value}" for name, value in ARGUMENTS.items() if name != "version"]
    done = subprocess.run(
        [sys.executable, ROOT / "manifest" / "build.py", *options, "--out", tmp_path / "cv.zip"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "cv.zip") as content:
        assert f'version = "{json.loads(content.read("manifest.json"))["version"]}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


REFUSED = [
    ("app_id", "{{app_id}}"),
    ("app_id", "00000000-0000-0000-0000-000000000000"),
    ("app_id", "11111111-1111-4111-8111-111111111111"),
    ("app_id", "12345678-1234-4234-8234-123456789abc"),
    ("app_id", APP[:-1]),
    ("app_id", APP.replace("-", "")),
    ("domain", "https://cv.firma.de"),
    ("domain", "cv.firma.de:3978"),
    ("domain", "cv.firma.de/tab"),
    ("domain", "*.firma.de"),
    ("domain", "localhost"),
    ("domain", "127.0.0.1"),
    ("domain", "cv.example.com"),
    ("domain", "cv.ihre-firma.test"),
    ("domain", "<domain>"),
    ("domain", "ihre-firma.de"),
    ("domain", "büro.de"),
    ("domain", ""),
    ("company", ""),
    ("company", " "),
    ("company", "Ihre Firma GmbH"),
    ("company", "Your company"),
    ("company", "<Firma>"),
    ("company", "N" * 33),
    ("website", "http://nordstern-personal.de"),
    ("website", "nordstern-personal.de"),
    ("privacy", "https://example.com/privacy"),
    ("privacy", "https://…"),
    ("privacy", "https://nordstern-personal.de/daten schutz"),
    ("terms", "https://localhost:3000/termsofuse"),
    ("terms", "https://me:secret@nordstern-personal.de"),
    ("terms", "https://nordstern-personal.de/{terms}"),
    ("version", "1.0"),
    ("version", "1.0.0-beta"),
    ("version", "01.0.0"),
    ("version", "{{version}}"),
]


@pytest.mark.parametrize(("option", "value"), REFUSED, ids=[f"{option} {value}" for option, value in REFUSED])
def test_placeholders_and_bad_values_are_refused(option: str, value: str, tmp_path: Path) -> None:
    values = {name.replace("-", "_"): text for name, text in ARGUMENTS.items()} | {option: value}
    with pytest.raises(BadPackage, match=f"^--{option.replace('_', '-')}: "):
        Values(**values)


def test_the_command_line_says_what_is_wrong_and_writes_nothing(tmp_path: Path) -> None:
    done = build(tmp_path / "cv.zip", domain="https://cv.firma.de")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "build.py: --domain: 'https://cv.firma.de' is not a public host name like cv.firma.de (no https://, no port, no path)\n"
    assert not (tmp_path / "cv.zip").exists()


def test_letters_that_json_would_escape_stay_what_they_are(tmp_path: Path) -> None:
    content = built(tmp_path / "cv.zip", company='Müller & "Söhne" \\ AG')
    assert json.loads(content["manifest.json"])["developer"]["name"] == 'Müller & "Söhne" \\ AG'


BAD_ICONS = {
    "color.png": [(Image.new("RGBA", (96, 96)), "color.png is 96×96; Teams wants 192×192")],
    "outline.png": [
        (Image.new("RGBA", (192, 192)), "outline.png is 192×192; Teams wants 32×32"),
        (Image.new("RGB", (32, 32)), "outline.png is not transparent"),
    ],
}


@pytest.mark.parametrize(("name", "picture", "expected"), [(name, *bad) for name, bads in BAD_ICONS.items() for bad in bads])
def test_icons_of_the_wrong_kind_are_refused(name: str, picture: Image.Image, expected: str, tmp_path: Path) -> None:
    for own in ("color.png", "outline.png"):
        (tmp_path / own).write_bytes((ROOT / "manifest" / own).read_bytes())
    picture.save(tmp_path / name)
    done = build(tmp_path / "cv.zip", icons=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith(f"build.py: {expected}")
    (tmp_path / name).write_bytes(b"<svg/>")
    assert f"{name} is not a PNG file" in build(tmp_path / "cv.zip", icons=str(tmp_path)).stderr


def test_the_color_icon_is_filled_to_its_edges(files: dict[str, bytes]) -> None:
    icon = Image.open(io.BytesIO(files["color.png"]))
    assert (icon.size, icon.mode) == ((192, 192), "RGBA")
    assert icon.getchannel("A").getextrema() == (255, 255)
    border = {icon.getpixel((x, y)) for i in range(192) for x, y in ((i, 0), (i, 191), (0, i), (191, i))}
    assert border == {(31, 58, 95, 255)}
    left, top, right, bottom = ImageChops.difference(icon.convert("RGB"), Image.new("RGB", icon.size, (31, 58, 95))).getbbox() or (0, 0, 0, 0)
    assert left >= 36
    assert top >= 36
    assert right <= 156
    assert bottom <= 156, "outside the middle 120 Teams may cut it off"
    assert bottom - top > 100


def test_the_outline_icon_is_white_on_transparent(files: dict[str, bytes]) -> None:
    icon = Image.open(io.BytesIO(files["outline.png"]))
    assert (icon.size, icon.mode) == ((32, 32), "RGBA")
    assert {icon.getpixel((x, y))[:3] for x in range(32) for y in range(32)} == {(255, 255, 255)}
    alpha = icon.getchannel("A")
    assert {alpha.getpixel(corner) for corner in ((0, 0), (31, 0), (0, 31), (31, 31))} == {0}
    full = sum(alpha.histogram()[200:])
    assert 150 < full < 450, "an outline, neither a dot nor a filled sheet"
    left, top, right, bottom = alpha.getbbox() or (0, 0, 0, 0)
    assert bottom - top >= 29
    assert right - left >= 23


@pytest.mark.parametrize(("draw", "name"), [(draw_icons.color, "color.png"), (draw_icons.outline, "outline.png")])
def test_the_icons_are_what_the_script_draws(draw: Callable[[], Image.Image], name: str, files: dict[str, bytes]) -> None:
    kept = Image.open(io.BytesIO(files[name]))
    assert max(high for _, high in ImageChops.difference(draw(), kept).getextrema()) <= 2


def test_the_package_can_be_built_without_the_products_libraries(tmp_path: Path) -> None:
    options = [f"--{name}={value}" for name, value in ARGUMENTS.items()]
    done = subprocess.run(
        [sys.executable, "-I", "-S", ROOT / "manifest" / "build.py", *options, "--out", tmp_path / "cv.zip"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_newest_schemas_take_the_package_too(manifest: dict[str, Any], english: dict[str, str]) -> None:
    folder = NODE / "node_modules" / "@microsoft" / "app-manifest" / "build" / "json-schemas" / "teams"
    versions = sorted(int(path.name.removeprefix("v1.")) for path in folder.glob("v1.*") if path.name.removeprefix("v1.").isdigit())
    newest = f"1.{versions[-1]}"
    assert versions[-1] > 22
    manifest |= {"manifestVersion": newest, "$schema": manifest["$schema"].replace("1.22", newest)}
    english |= {"$schema": english["$schema"].replace("1.22", newest)}
    assert problems(manifest, {"en.json": english}) == []


def test_package_reads_the_firms_own_icons(tmp_path: Path) -> None:
    Image.new("RGBA", (192, 192), (9, 9, 9, 255)).save(tmp_path / "color.png")
    Image.new("RGBA", (32, 32), (255, 255, 255, 0)).save(tmp_path / "outline.png")
    values = Values(**{name.replace("-", "_"): text for name, text in ARGUMENTS.items()})
    assert package(values, icons=tmp_path)["color.png"] == (tmp_path / "color.png").read_bytes()
