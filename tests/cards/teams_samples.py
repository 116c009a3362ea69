"""Cards of group chats, channels and the message extension, also with hostile content in every field that comes from outside."""

from __future__ import annotations

from collections.abc import Callable

from cards.chat import note_card
from cards.elements import CardJson, shrunk
from cards.extension import candidate_card, job_profile_card, make_card
from cards.group import group_batch_card, group_card, line_card, own_view, public_view
from cards.i18n import Catalogue
from pipeline.model.job import Batch, Conversation, Job, Place, State, Step
from tests.cards import samples
from tests.cards.matching_samples import profile
from tests.conftest import NOW


def teams_cards(texts: Catalogue, whole: Callable[[Job], CardJson], batch_card: CardJson, *, text: str = "") -> dict[str, CardJson]:
    """`whole` draws a job as in the 1:1 chat; `batch_card` is drawn so already."""
    name = (text or "Anna Berger")[:80]
    where = Conversation(
        tenant="t", id="19:g", service_url="https://x/", channel="msteams", bot_id="28:b", user_id="29:u", user="u", name=name, place=Place.GROUP
    )
    done = samples.done().model_copy(update={"conversation": where})
    batch = Batch(id="d" * 32, tenant="t", user="u", created=NOW, conversation=where)
    jobs = [done, samples.job(state=State.RUNNING, step=Step.READING)]
    states = {
        "received": samples.job(),
        "busy": samples.job(state=State.RUNNING, step=Step.CHECKING, attempts=1),
        "done": done,
        "failed": samples.failed("scanned"),
        "sign-in": samples.failed("sign_in_needed", retry=True),
        "no-file": samples.failed("no_file_in_message"),
        "cancelled": samples.job(state=State.CANCELLED),
        "deleted": samples.job(state=State.DELETED),
    }
    names = [text or "Lebenslauf Brandt.pdf"] * 10
    url = "http://127.0.0.1:3978/api/x"
    return {
        **{f"group-{state}": group_card(job, where, texts) for state, job in states.items()},
        "group-batch": group_batch_card(batch, jobs, where, texts),
        "group-batch-done": group_batch_card(batch, [done, done], where, texts),
        "group-line": line_card(texts("group.commands"), where.bot_id, texts),
        "group-own": own_view(whole(done), done, where, texts),
        "group-own-failed": own_view(whole(states["sign-in"]), states["sign-in"], where, texts),
        "group-own-batch": own_view(batch_card, batch, where, texts),
        "group-public": public_view(whole(done), done, where, texts),
        "shrunk": shrunk(whole(done)),
        "insert-candidate": candidate_card(samples.result(**({"candidate": text, "headline": text, "position": text} if text else {})), texts),
        "insert-profile": job_profile_card(profile(text, count=2), texts, word_url=url),
        "make-one": make_card(names[:1], {"nonce": "n", "files": []}, texts),
        "make-many": make_card(names, {"nonce": "n", "files": []}, texts),
        "signed-in": note_card(texts("signin.done"), texts),
    }
