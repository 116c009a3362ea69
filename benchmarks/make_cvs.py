"""Makes CVs of fictional persons in several layouts and languages, with gold: `.venv/bin/python benchmarks/make_cvs.py`.

persons/*.toml × layouts/*.html (Chromium) and Word files (LibreOffice) -> corpus/made/{pdf,gold}.
"""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import docx
from docx.shared import Cm, Pt
from jinja2 import Environment, FileSystemLoader

HERE = Path(__file__).parent
OUT = HERE / "corpus-made"
Person = dict[str, Any]

MONTHS = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "en": "January February March April May June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień",
}
NAMES = "now since title summary work education projects skills languages certificates interests contact personal name address phone email born nationality grade role client technologies period project tasks break"
WORDS = {
    "de": "heute|seit|Lebenslauf|Kurzprofil|Beruflicher Werdegang|Ausbildung|Projekte|Kenntnisse|Sprachen|Weiterbildung|Interessen|Kontakt|Persönliche Daten|Name|Anschrift|Telefon|E-Mail|Geboren am|Staatsangehörigkeit|Note|Rolle|Kunde|Technologien|Zeitraum|Projekt|Aufgaben|Familienzeit",
    "en": "present|since|Curriculum Vitae|Profile|Professional Experience|Education|Projects|Skills|Languages|Certifications|Interests|Contact|Personal Details|Name|Address|Phone|Email|Date of birth|Nationality|Grade|Role|Client|Technologies|Period|Project|Tasks|Career break",
    "fr": "aujourd'hui|depuis|Curriculum vitae|Profil|Expérience professionnelle|Formation|Projets|Compétences|Langues|Certifications|Centres d'intérêt|Contact|Informations personnelles|Nom|Adresse|Téléphone|E-mail|Né(e) le|Nationalité|Note|Rôle|Client|Technologies|Période|Projet|Missions|Pause",
    "it": "oggi|dal|Curriculum vitae|Profilo|Esperienza professionale|Istruzione e formazione|Progetti|Competenze|Lingue|Certificazioni|Interessi|Contatti|Dati personali|Nome e cognome|Indirizzo|Telefono|E-mail|Data di nascita|Nazionalità|Voto|Ruolo|Cliente|Tecnologie|Periodo|Progetto|Mansioni|Pausa",
    "es": "actualidad|desde|Currículum vitae|Perfil profesional|Experiencia laboral|Formación académica|Proyectos|Competencias|Idiomas|Cursos y certificados|Aficiones|Contacto|Datos personales|Nombre y apellidos|Dirección|Teléfono|Correo electrónico|Fecha de nacimiento|Nacionalidad|Nota|Función|Cliente|Tecnologías|Periodo|Proyecto|Tareas|Pausa",
    "nl": "heden|sinds|Curriculum vitae|Profiel|Werkervaring|Opleidingen|Projecten|Vaardigheden|Talen|Cursussen en certificaten|Hobby's|Contact|Personalia|Naam|Adres|Telefoon|E-mail|Geboortedatum|Nationaliteit|Cijfer|Rol|Opdrachtgever|Technologieën|Periode|Project|Werkzaamheden|Pauze",
    "pl": "obecnie|od|Życiorys|Profil zawodowy|Doświadczenie zawodowe|Wykształcenie|Projekty|Umiejętności|Języki obce|Kursy i certyfikaty|Zainteresowania|Kontakt|Dane osobowe|Imię i nazwisko|Adres|Telefon|E-mail|Data urodzenia|Obywatelstwo|Ocena|Rola|Klient|Technologie|Okres|Projekt|Zadania|Przerwa",
}
LAYOUTS = {
    "classic": ("one-column", "month"),
    "sidebar": ("sidebar", "slash"),
    "table": ("table", "slash"),
    "employers": ("one-column", "short"),
    "margin": ("table", "month"),
    "consultant": ("table", "dot"),
    "columns": ("two-column", "year"),
    "word": ("one-column", "slash"),
    "wordtable": ("table", "since"),
    "portfolio": ("one-column", "slash"),
}
PLAN = {
    "de_brenner": ("consultant", "employers", "table", "sidebar"),
    "de_wieland": ("table", "margin", "wordtable"),
    "de_keller": ("columns", "word"),
    "de_ostermann": ("portfolio",),
    "en_keller": ("classic", "margin"),
    "en_adeyemi": ("employers", "consultant", "sidebar"),
    "fr_marchetti": ("classic", "table", "columns"),
    "it_ferraro": ("sidebar", "wordtable", "employers"),
    "es_quiroga": ("classic", "table", "columns"),
    "nl_verhoeven": ("margin", "word", "sidebar"),
    "pl_wozniak": ("employers", "columns", "wordtable"),
}


def words_of(language: str) -> dict[str, str]:
    return dict(zip(NAMES.split(), WORDS[language].split("|"), strict=True))


def printed(iso: str, form: str, language: str) -> str:
    year, month = iso.split("-")
    name = MONTHS[language].split()[int(month) - 1]
    match form:
        case "month":
            return f"{name} {year}"
        case "short":
            return f"{name[:3]}{'.' if language == 'de' and len(name) > 4 else ''} {year}"
        case "dot":
            return f"{month}.{year}"
        case "year":
            return year
        case _:
            return f"{month}/{year}"


def dated(entry: dict[str, Any], form: str, language: str) -> dict[str, Any]:
    """The entry with its period as printed, and start and end in the printed precision."""
    words, start, end = words_of(language), entry["start"], entry.get("end")
    cut = 4 if form == "year" else 7
    first = printed(start, form, language)
    text = f"{first} – {printed(end, form, language)}" if end else f"{words['since']} {first}" if form == "since" else f"{first} – {words['now']}"
    return {**entry, "dates_text": text, "start": start[:cut], "end": end[:cut] if end else None, "current": not end}


def prepared(person: Person, form: str) -> Person:
    language = person["language"]
    result = {"links": [], "projects": [], **person}
    for kind in ("work", "projects", "education"):
        result[kind] = [dated(entry, form, language) for entry in result[kind]]
    result["certificates"] = [{**c, "date_text": printed(c["date"], form, language)} for c in person["certificates"]]
    return result


def gold(person: Person, name: str, layout: str) -> dict[str, Any]:
    basics = {"name": {"full": person["name"]}, "label": person["label"], "email": person["email"], "phone": person["phone"]}
    basics["profiles"] = [{"url": u} for u in person["links"]] if layout in ("classic", "sidebar") else []
    shown = layout != "consultant" or person["projects"]
    return {
        "schema": "cvgold/1",
        "id": name,
        "language": person["language"],
        "layout": LAYOUTS[layout][0],
        "renderer": layout,
        "basics": basics,
        "work": [{**e, "company": e["company"] or None} for e in person["work"]],
        "projects": person["projects"] if shown and layout not in ("word", "wordtable") else [],
        "education": person["education"],
        "skills": person["skills"],
        "languages": person["languages"],
        "certificates": person["certificates"],
    }


def word_file(person: Person, path: Path, *, table: bool) -> None:
    """A CV as people write it in Word: dates by tab stops, or a table without borders."""
    words, made = words_of(person["language"]), docx.Document()
    made.styles["Normal"].font.name, made.styles["Normal"].font.size = "Carlito", Pt(10.5)
    made.add_heading(person["name"], 0)
    made.add_paragraph(
        f"{person['label']}\n{person['street']}, {person['postal_code']} {person['city']}\n{words['phone']}: {person['phone']}\n{words['email']}: {person['email']}"
    )

    def entries(rows: list[tuple[str, str, list[str]]]) -> None:
        grid = made.add_table(rows=0, cols=2) if table else None
        for left, text, items in rows:
            if grid is None:
                line = made.add_paragraph()
                line.paragraph_format.tab_stops.add_tab_stop(Cm(4.2))
                line.paragraph_format.left_indent, line.paragraph_format.first_line_indent = Cm(4.2), Cm(-4.2)
                head, *more = text.split("\n")
                line.add_run(f"{left}\t")
                line.add_run(head).bold = True
                for rest in more:
                    line.add_run(f"\n{rest}")
                for item in items:
                    bullet = made.add_paragraph(item, style="List Bullet")
                    bullet.paragraph_format.left_indent = Cm(4.8)
                continue
            cells = grid.add_row().cells
            cells[0].width, cells[1].width = Cm(4.2), Cm(12.5)
            cells[0].text = left
            head, *more = text.split("\n")
            cells[1].paragraphs[0].add_run(head).bold = True
            for rest in more:
                cells[1].add_paragraph(rest)
            for item in items:
                cells[1].add_paragraph(item, style="List Bullet")

    place = lambda e: f", {e['location']}" if e.get("location") else ""
    made.add_heading(words["work"], 1)
    entries([(e["dates_text"], e["position"] + (f"\n{e['company']}{place(e)}" if e["company"] else ""), e["highlights"]) for e in person["work"]])
    made.add_heading(words["education"], 1)
    entries([(e["dates_text"], f"{e['degree']}\n{e['institution']}", []) for e in person["education"]])
    made.add_heading(words["certificates"], 1)
    entries([(c["date_text"], f"{c['name']}\n{c['issuer']}", []) for c in person["certificates"]])
    made.add_heading(words["languages"], 1)
    entries([(e["language"], e["level"], []) for e in person["languages"]])
    made.add_heading(words["skills"], 1)
    entries([(g["group"], ", ".join(g["items"]), []) for g in person["skills"]])
    made.save(str(path))


def html_file(person: Person, layout: str) -> str:
    environment = Environment(loader=FileSystemLoader(HERE / "layouts"), autoescape=True, trim_blocks=True)
    environment.filters["groupby_run"] = lambda entries, key: [(k, list(g)) for k, g in itertools.groupby(entries, lambda e: e[key])]
    margin = "" if layout == "sidebar" else "<style>@page{size:A4;margin:16mm 18mm}</style>"
    return f'<!doctype html><html lang="{person["language"]}"><meta charset="utf-8">{margin}' + environment.get_template(f"{layout}.html").render(
        p=person, w=words_of(person["language"])
    )


def main() -> None:
    browser = shutil.which("chromium") or sys.exit("Chromium is missing")
    (OUT / "pdf").mkdir(parents=True, exist_ok=True)
    (OUT / "gold").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for who, layouts in PLAN.items():
            person = tomllib.loads((HERE / "persons" / f"{who}.toml").read_text("utf-8"))
            for layout in layouts:
                name, ready = f"{layout}-{who}", prepared(person, LAYOUTS[layout][1])
                target = OUT / "pdf" / f"{name}.pdf"
                if layout.startswith("word"):
                    source = Path(folder) / f"{name}.docx"
                    word_file(ready, source, table=layout == "wordtable")
                    subprocess.run(
                        ["soffice", "--headless", "--convert-to", "pdf", "--outdir", target.parent, source], check=True, capture_output=True
                    )
                else:
                    source = Path(folder) / f"{name}.html"
                    source.write_text(html_file(ready, layout), "utf-8")
                    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--print-to-pdf={target}"]
                    subprocess.run([browser, *options, source.as_uri()], check=True, capture_output=True)
                (OUT / "gold" / f"{name}.json").write_text(json.dumps(gold(ready, name, layout), ensure_ascii=False, indent=1) + "\n", "utf-8")
                print(name)


if __name__ == "__main__":
    main()
