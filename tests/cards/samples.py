"""One card of each kind, from plain data; also with hostile content in every field that comes from outside."""

from __future__ import annotations

from datetime import timedelta

from cards.batch import batch_card
from cards.chat import cancel_card, delete_card, help_card, note_card, receipt_text, reject_card, status_card
from cards.elements import CardJson
from cards.i18n import Catalogue, catalogue
from cards.job import job_card
from pipeline.model.job import Batch, Candidate, Change, DriveItem, Job, Kind, Notice, Problem, Receipt, Result, Source, State, Step, Usage
from tests.cards.matching_samples import matching_cards
from tests.cards.offer_samples import offer_cards
from tests.cards.teams_samples import teams_cards
from tests.conftest import NOW

HOSTILE = (
    "[klick](https://boese.example) **fett** {{DATE(2020-01-01,SHORT)}} <at>Alle</at> <script>alert(1)</script> "
    "\u202etxet\u202c \x00\x1b[31m ![bild](https://boese.example/x.png) " + "Ä😀" * 400
)


def job(**changes: object) -> Job:
    base = Job(
        id="a" * 32,
        tenant="t",
        user="u",
        source=Source(name="Lebenslauf Brandt.pdf"),
        created=NOW - timedelta(seconds=8),
        updated=NOW,
        template="classic",
    )
    return base.model_copy(update=changes)


def result(**changes: object) -> Result:
    base = Result(
        candidate="Katharina Brandt",
        candidate_id="b" * 32,
        headline="Projektleiterin Maschinenbau",
        years=13.2,
        position="Projektleiterin Sondermaschinen, Neckartal Automation GmbH",
        skills=("SolidWorks", "FMEA", "SAP S/4HANA", "Earned Value", "MS Project", "Kanban"),
        languages=("Deutsch (Muttersprache)", "Englisch (verhandlungssicher)", "Italienisch (Grundkenntnisse)"),
        notices=(
            Notice(severity="warning", key="gap", values={"from": "05/2015", "to": "09/2015", "months": "5"}),
            Notice(severity="warning", key="not_understood", values={"count": "1", "text": "Stand: März 2024"}),
            Notice(severity="info", key="phone_invalid", values={"value": "0711 / 12"}),
            Notice(severity="info", key="missing_education"),
        ),
        counts={"error": 0, "warning": 2, "info": 2},
        seconds=1.4,
        usage=Usage(input_tokens=3100, output_tokens=700, cost=0.0009),
        word=DriveItem(id="x", name="CV.docx", url="http://127.0.0.1:3978/api/download/x"),
        pages=2,
    )
    return base.model_copy(update=changes)


def done(**changes: object) -> Job:
    return job(state=State.DONE, step=Step.SAVED, result=result(**changes))


def failed(key: str, values: dict | None = None, *, retry: bool = False) -> Job:
    return job(state=State.FAILED, problem=Problem(key=key, values=values or {}, reference="93BA80A3", retry=retry))


def all_cards(texts: Catalogue, *, hostile: bool = False) -> dict[str, CardJson]:
    def one(made: Job) -> CardJson:
        if hostile:
            changes: dict[str, object] = {"source": Source(name=HOSTILE)}
            if made.result:
                changes_of = tuple(c.model_copy(update={"text": HOSTILE}) for c in made.result.changes)
                notices = tuple(n.model_copy(update={"values": dict.fromkeys(n.values, HOSTILE)}) for n in made.result.notices)
                changes["result"] = made.result.model_copy(
                    update={
                        "candidate": HOSTILE,
                        "headline": HOSTILE,
                        "position": HOSTILE,
                        "skills": (HOSTILE,) * 8,
                        "languages": (HOSTILE,) * 8,
                        "notices": notices,
                        "changes": changes_of,
                    }
                )
            if made.problem:
                changes["problem"] = made.problem.model_copy(update={"values": dict.fromkeys(made.problem.values, HOSTILE)})
            made = made.model_copy(update=changes)
        return job_card(made, texts, now=NOW, json_url="http://127.0.0.1:3978/api/jobs/x/json", templates=("classic", "modern", "firma"))

    name = HOSTILE if hostile else "Katharina Brandt"
    person = Candidate(id="b" * 32, tenant="t", name=name, email=name if hostile else "k@example.com", jobs=("a" * 32,), used=NOW)
    many = [
        done(),
        job(state=State.RUNNING, step=Step.CHECKING, attempts=1),
        job(),
        failed("scanned"),
        failed("too_large", {"limit": 15}, retry=True),
        job(state=State.DELETED),
        job(state=State.CANCELLED),
        job(state=State.DONE, same_as="c" * 32),
    ]
    if hostile:
        many = [m.model_copy(update={"source": Source(name=HOSTILE), "result": m.result and result(candidate=HOSTILE)}) for m in many] * 8
    changes = (
        Change(kind="position_new", text="Leiterin Projekte, Alpenblick Technik GmbH"),
        Change(kind="position_dates", text="Projektleiterin, Neckartal Automation GmbH"),
        Change(kind="skills_new", text="Kubernetes, Terraform"),
        Change(kind="phone_changed", text="+49 711 123456"),
        *(Change(kind="certificate_new", text=f"Zertifikat {i}") for i in range(5)),
    )
    receipt = Receipt(reference="93BA80A3F01C", tenant="t", at=NOW, cvs=2, files=2, blobs=12, cards=2)
    batch = Batch(id="d" * 32, tenant="t", user="u", created=NOW)

    def together(jobs: list[Job], page: int = 0) -> CardJson:
        urls = {"zip_url": "http://127.0.0.1:3978/api/batches/x/zip", "folder_url": "http://127.0.0.1:3978/?batch=x"}
        return batch_card(batch.model_copy(update={"page": page}), jobs, texts, now=NOW, **urls)

    return {
        **teams_cards(texts, one, together(many), text=HOSTILE if hostile else ""),
        **matching_cards(texts, many[:2], text=HOSTILE if hostile else ""),
        **offer_cards(texts, text=HOSTILE if hostile else ""),
        **{f"busy-{kind.value}": one(job(kind=kind)) for kind in Kind},
        "waiting": one(job()),
        **{f"step-{step.value}": one(job(state=State.RUNNING, step=step, attempts=1)) for step in Step},
        "second-attempt": one(job(state=State.RUNNING, step=Step.READING, attempts=2)),
        "result": one(done()),
        "result-bare": one(done(candidate="", headline="", years=0, position="", skills=(), languages=(), notices=(), counts={}, usage=Usage())),
        "error": one(failed("scanned")),
        "error-retry": one(failed("unavailable", retry=True)),
        "error-values": one(failed("broken_template", {"template": "classic", "detail": "unexpected '}'"}, retry=True)),
        "error-rewrite": one(failed("broken_template", {"template": "firma", "detail": "{{"}, retry=True).model_copy(update={"result": result()})),
        "deleted": one(job(state=State.DELETED)),
        "cancelled": one(job(state=State.CANCELLED)),
        "known": one(done().model_copy(update={"same_as": "c" * 32})),
        "known-gone": one(job(state=State.DONE, same_as="c" * 32)),
        "version": one(done(version=3, changes=changes)),
        "version-same": one(done(version=2)),
        "batch": together(many),
        "batch-first-page": together((many * 6)[:40]),
        "batch-last-page": together((many * 6)[:41], page=99),
        "batch-done": together([done() for _ in range(4)]),
        "batch-empty": together([]),
        "cancel": cancel_card(many[:3], texts, now=NOW),
        "reject": reject_card([person, person], texts),
        "receipt": note_card(receipt_text(receipt, texts), texts),
        "help": help_card(texts),
        "hello": help_card(texts, lead="hello"),
        "unknown": help_card(texts, lead="unknown"),
        "status-empty": status_card([], texts, now=NOW),
        "status": status_card(many[:7], texts, now=NOW),
        "delete": delete_card([person], texts),
        "delete-which": delete_card([person, person], texts),
        "note": note_card(texts("delete.none", name=name), texts),
    }


def vector_card(text: str) -> CardJson:
    """The result card of somebody who is called that, in a file that is called that."""
    made = done(candidate=text, headline=text).model_copy(update={"source": Source(name=text)})
    return job_card(made, catalogue("de"), now=NOW, json_url="http://127.0.0.1:3978/api/jobs/x/json", templates=("classic",))
