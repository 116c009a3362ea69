"""The model structurer against a server that speaks the chat completions API and checks each request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from pipeline.adapters.openai import LlmSettings, OpenAiLlm
from pipeline.conversion import Options, Tools, convert
from pipeline.errors import TransientError
from pipeline.model.cv import Cv, kept_leaves
from pipeline.model.json_resume import to_json_resume
from pipeline.ports import Prompt, RefusedByModel
from pipeline.read.extract import extract
from pipeline.read.sandbox import Sandbox
from pipeline.structure.answer import QUESTIONS, VERSION, Question, WorkAnswer, fingerprint
from pipeline.structure.model import structure_by_model
from pipeline.structure.rules import structure_by_rules
from tests.conftest import TODAY, sample
from tests.fakes import Model, request_problem
from tests.oracle import Oracle

PROMPT = Prompt("work", "system", "1| text", QUESTIONS[1].schema)
EMPTY = dict.fromkeys(
    ("headline", "street", "postal_code", "city", "country", "birth_date", "birth_place", "nationality", "marital_status", "summary"), ""
)


def brandt(name: str, lines: dict[int, str]) -> dict[str, Any]:
    """Good answers for the sample of Katharina Brandt, by pointing at its lines."""

    def at(text: str, letter: str = "") -> str:
        return next((f"{n}{letter}" for n, line in lines.items() if text in line), "")

    job = {"title": at("Projektleiterin Sondermaschinen"), "company": at("Neckartal", "a"), "place": at("Neckartal", "b"), "dates": at("04/2019"),
           "text": f"{at('Leitung von Projekten')}-{at('Fachliche Führung')}", "technologies": ""}  # fmt: skip
    match name:
        case "contact":
            return {**EMPTY, "name": at("Katharina Brandt"), "email": at("@", "e"), "phone": at("@", "d"), "city": at("@", "c")}
        case "work":
            return {
                "positions": [job, {**job, "title": "9999", "company": "x", "place": "", "dates": at("Neckartal"), "text": ""}],
                "projects": [],
                "volunteer": [],
            }
        case "education":
            return {"education": [], "certificates": [{"name": at("IPMA", "a"), "issuer": at("IPMA", "b"), "date": at("IPMA", "c")}]}
        case _:
            skills = [{"name": at("SolidWorks", "a"), "items": at("SolidWorks", "b-d")}]
            languages = [{"name": at("Deutsch", "a"), "level": at("Deutsch", "b")}]
            return {"skills": skills, "languages": languages, "publications": [], "awards": [], "references": [], "interests": []}


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    async with Model(answer=brandt) as server:
        yield server


@pytest.fixture
async def make() -> AsyncIterator[Callable[..., OpenAiLlm]]:
    """Makes models and closes them."""
    made: list[OpenAiLlm] = []

    def one(settings: LlmSettings, **options: Any) -> OpenAiLlm:
        made.append(OpenAiLlm(settings, pause=0.01, **options))
        return made[-1]

    yield one
    for llm in made:
        await llm.close()


@pytest.fixture
def llm(model: Model, make: Callable[..., OpenAiLlm]) -> OpenAiLlm:
    return make(LlmSettings(model="gpt-test", api_key="k", base_url=f"{model.origin}/v1", timeout=2))


async def test_a_cv_by_the_model(model: Model, llm: OpenAiLlm, sandbox: Sandbox) -> None:
    done = await convert(sample("de-einspaltig-brandt"), Tools(sandbox, llm), Options(TODAY))
    cv = done.cv
    assert cv.structurer == f"model/{VERSION}-{fingerprint()} gpt-test"
    first = cv.positions[0]
    assert (cv.basics.name.text, first.title.text, first.company.text, first.location.text, first.period.start.text) == (
        "Katharina Brandt",
        "Projektleiterin Sondermaschinen",
        "Neckartal Automation GmbH",
        "Stuttgart",
        "2019-04",
    )
    assert first.highlights[0].text == "Leitung von Projekten mit 2 bis 4 Mio. € Volumen"
    assert (cv.certificates[0].issuer.text, cv.certificates[0].date.text) == ("GPM", "2018-05")
    assert cv.languages[0].cefr.text == "native"
    assert [leaf.text for leaf in cv.skills[0].items] == ["SolidWorks", "SAP S/4HANA", "MS Project"]
    assert (done.usage.input_tokens, done.usage.output_tokens) == (8000, 2000)
    assert done.usage.cost == pytest.approx((8000 * 0.15 + 2000 * 0.60) / 1e6)
    assert done.word


async def test_what_both_read_alike_is_sure(model: Model, llm: OpenAiLlm, sandbox: Sandbox) -> None:
    done = await convert(sample("de-einspaltig-brandt"), Tools(sandbox, llm), Options(TODAY), word=False)
    meta = done.json_resume()["meta"]
    for pointer in ("/basics/name", "/basics/email", "/work/0/name", "/work/0/startDate", "/work/0/highlights/0", "/skills/0/keywords/1"):
        assert meta["confidence"][pointer] == "high"
    assert "/basics/label" not in meta["confidence"]  # the model was silent


async def test_a_pointer_at_nothing_is_a_finding_and_no_fact(model: Model, llm: OpenAiLlm, sandbox: Sandbox) -> None:
    done = await convert(sample("de-einspaltig-brandt"), Tools(sandbox, llm), Options(TODAY), word=False)
    pointed = [dict(f.values)["value"] for f in done.findings if f.key == "model_pointed_wrong"]
    assert len(pointed) == 3
    assert pointed[:2] == ["9999", "x"]
    assert done.document.line(int(pointed[2])).text.startswith("Neckartal")  # a line without any date


async def test_what_the_model_forgets_the_rules_have(model: Model, llm: OpenAiLlm, sandbox: Sandbox) -> None:
    done = await convert(sample("de-einspaltig-brandt"), Tools(sandbox, llm), Options(TODAY), word=False)
    assert [p.company.text for p in done.cv.positions] == ["Neckartal Automation GmbH", "Albwerk Fördertechnik AG"]
    assert done.cv.education[0].institution.text == "Hochschule Esslingen"
    shown = [dict(f.values) for f in done.findings if f.key == "model_disagrees"]
    assert {"model": "–", "rules": "Konstrukteurin, Albwerk Fördertechnik AG"} in shown
    assert not any(o.reason == "not_understood" for o in done.cv.left_out)


async def test_where_they_differ_both_are_shown(model: Model, llm: OpenAiLlm, sandbox: Sandbox) -> None:
    def other(name: str, lines: dict[int, str]) -> dict[str, Any]:
        answer = brandt(name, lines)
        if name == "contact":
            answer["name"] = next(str(n) for n, line in lines.items() if "Projektleiterin Maschinenbau" in line)
            answer["email"] = answer["name"]
        return answer

    model.answer = other
    done = await convert(sample("de-einspaltig-brandt"), Tools(sandbox, llm), Options(TODAY), word=False)
    found = {f.field: (f.severity, dict(f.values)) for f in done.findings if f.key == "model_disagrees"}
    assert found["/basics/name"] == ("warning", {"model": "Projektleiterin Maschinenbau", "rules": "Katharina Brandt"})
    assert done.cv.basics.name.text == "Projektleiterin Maschinenbau"
    assert "/basics/email" in found
    assert done.cv.basics.email.text == "katharina.brandt@example.com"  # a pattern knows better


async def test_one_question_without_an_answer_leaves_its_fields_to_the_rules(model: Model, llm: OpenAiLlm, sandbox: Sandbox) -> None:
    model.answer = lambda name, lines: {"nonsense": 1} if name == "work" else brandt(name, lines)
    done = await convert(sample("de-einspaltig-brandt"), Tools(sandbox, llm), Options(TODAY), word=False)
    assert done.cv.structurer.startswith("model/")
    assert dict(next(f.values for f in done.findings if f.key == "model_in_part")) == {"count": "1"}
    assert len(done.cv.positions) == 2
    assert "/work/0/name" not in done.json_resume()["meta"]["confidence"]


def test_prompts_and_schemas_have_a_version() -> None:
    """Whoever changes a prompt or a schema raises VERSION and notes the new fingerprint here."""
    assert (VERSION, fingerprint()) == ("2.0", "8e85c041")


@pytest.mark.parametrize("name", ["de-einspaltig-brandt", "de-tabelle-yilmaz", "en-one-column-lindqvist", "en-two-column-okafor"])
async def test_a_model_that_reads_like_the_rules_agrees_with_them(name: str) -> None:
    document = extract(sample(name))
    rules = structure_by_rules(document)
    asked = await structure_by_model(document, rules, Oracle(document, rules))
    assert [(f.key, f.values) for f in asked.findings] == []
    assert to_json_resume(_plain(asked.cv)) == to_json_resume(_plain(rules))


def _plain(cv: Cv) -> Cv:
    """Without what tells the structurers apart."""
    return replace(kept_leaves(cv, lambda path, leaf: not object.__setattr__(leaf, "confidence", "")), structurer="", left_out=())


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        ({"refusal": "I cannot help with that."}, "model_refused"),
        ({"finish": "length"}, "model_refused"),
        ({"finish": "content_filter"}, "model_refused"),
        ({"raw": "not json"}, "model_refused"),
        ({"raw": '{"basics": {}}'}, "model_refused"),
        ({"faults": [(500, {}, "{}")] * 12}, "model_unavailable"),
        ({"faults": [(401, {}, "{}")] * 4}, "model_unavailable"),
        ({"faults": [(400, {}, "{}")] * 4}, "model_refused"),
    ],
)
async def test_without_a_usable_answer_the_rules_take_over(model: Model, llm: OpenAiLlm, sandbox: Sandbox, spoil: dict[str, Any], key: str) -> None:
    for name, value in spoil.items():
        setattr(model, name, value)
    done = await convert(sample("de-einspaltig-brandt"), Tools(sandbox, llm), Options(TODAY), word=False)
    assert done.cv.structurer.startswith("rules/")
    assert key in {f.key for f in done.findings}
    assert done.cv.basics.name.text == "Katharina Brandt"


async def test_passing_faults_are_tried_again(model: Model, llm: OpenAiLlm, sandbox: Sandbox) -> None:
    model.faults = [(429, {"retry-after": "0"}, "{}"), (503, {}, "{}")]
    done = await convert(sample("de-einspaltig-brandt"), Tools(sandbox, llm), Options(TODAY), word=False)
    assert done.cv.structurer.startswith("model/")
    assert len(model.requests) == 6


async def test_the_wait_that_is_asked_for_is_handed_on(model: Model, llm: OpenAiLlm) -> None:
    model.faults = [(429, {"retry-after": "0"}, "{}")] * 2 + [(429, {"retry-after": "7"}, "{}")]
    with pytest.raises(TransientError) as caught:
        await llm.complete(PROMPT)
    assert caught.value.retry_after == 7


async def test_nobody_there_is_a_passing_fault(make: Callable[..., OpenAiLlm]) -> None:
    dead = make(LlmSettings(model="m", api_key="k", base_url="http://127.0.0.1:9/v1", timeout=1))
    with pytest.raises(TransientError):
        await dead.complete(PROMPT)


async def test_azure_with_a_key_and_with_entra(model: Model, make: Callable[..., OpenAiLlm]) -> None:
    model.raw = "{}"
    settings = LlmSettings(model="my-deployment", api_key="azure-key", azure_endpoint=model.origin)
    await make(settings).complete(PROMPT)
    assert model.requests[-1]["path"].startswith("/openai/deployments/my-deployment/chat/completions?api-version=")
    assert model.requests[-1]["headers"]["api-key"] == "azure-key"

    async def token() -> str:
        return "entra-token"

    await make(LlmSettings(model="my-deployment", azure_endpoint=model.origin), entra_token=token).complete(PROMPT)
    assert model.requests[-1]["headers"]["Authorization"] == "Bearer entra-token"


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.name)
def test_the_schema_keeps_to_the_subset_of_structured_outputs(question: Question) -> None:
    body = {
        "model": "m", "temperature": 0, "messages": [{"role": "system"}, {"role": "user"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": question.name, "strict": True, "schema": question.schema}},
    }  # fmt: skip
    assert request_problem(body) == ""
    body["response_format"]["json_schema"]["schema"] = {**WorkAnswer.model_json_schema(), "additionalProperties": True}
    assert request_problem(body) != ""


async def test_each_question_sees_its_own_sections_as_data_with_numbers(model: Model, llm: OpenAiLlm, sandbox: Sandbox) -> None:
    await convert(sample("de-einspaltig-brandt"), Tools(sandbox, llm), Options(TODAY), word=False)
    asked = {r["body"]["response_format"]["json_schema"]["name"]: r["body"]["messages"][1]["content"] for r in model.requests}
    assert "1| Katharina Brandt" in asked["contact"]
    assert "70565 [c] Stuttgart" in asked["contact"]
    for name, text in (("contact", "Neckartal"), ("work", "@"), ("education", "Neckartal"), ("rest", "Katharina")):
        assert text not in asked[name]
    assert not any("Seite 1" in text for text in asked.values())


async def test_refusals_have_their_own_kind(model: Model, llm: OpenAiLlm) -> None:
    model.refusal, model.raw = "no", "{}"
    with pytest.raises(RefusedByModel):
        await llm.complete(PROMPT)
