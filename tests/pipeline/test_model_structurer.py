"""The model structurer against a server that speaks the chat completions API and checks each request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from pipeline.adapters.openai import LlmSettings, OpenAiLlm
from pipeline.conversion import Options, Tools, convert
from pipeline.errors import TransientError
from pipeline.ports import Prompt, RefusedByModel
from pipeline.read.sandbox import Sandbox
from pipeline.structure.answer import CvAnswer, strict_schema
from tests.conftest import TODAY, sample
from tests.fakes import Model, request_problem

PROMPT = Prompt("cv", "system", "1| text", strict_schema())


def brandt(lines: dict[int, str]) -> dict[str, Any]:
    """A good answer for the sample of Katharina Brandt, by pointing at its lines."""

    def at(text: str) -> dict[str, Any]:
        return {"text": text, "lines": [next(n for n, line in lines.items() if text in line)]}

    def over(first: str, last: str) -> dict[str, int]:
        return {"first": at(first)["lines"][0], "last": at(last)["lines"][0]}

    empty: dict[str, Any] = dict.fromkeys(
        ("headline", "street", "postal_code", "city", "country", "birth_date", "birth_place", "nationality", "marital_status")
    )
    job = {
        "title": at("Projektleiterin Sondermaschinen"), "company": at("Neckartal Automation GmbH"), "location": at("Stuttgart"), "period": at("04/2019 – heute"),
        "summary": [], "highlights": [over("Leitung von Projekten", "Leitung von Projekten")], "technologies": [],
    }  # fmt: skip
    invented = {**job, "title": {"text": "Astronautin", "lines": job["title"]["lines"]}, "company": {"text": "NASA", "lines": [9999]}}
    return {
        "basics": {**empty, "name": at("Katharina Brandt"), "email": at("katharina.brandt@example.com"), "phone": at("+49 711 5550142"), "links": [], "summary": [over("Projektleiterin mit", "Lastenheft")]},
        "positions": [job, invented], "projects": [], "education": [], "certificates": [],
        "skills": [{"name": at("Software"), "items": [at("SolidWorks"), at("SAP S/4HANA")]}],
        "languages": [{"name": at("Deutsch"), "level": at("Muttersprache")}],
        "volunteer": [], "publications": [], "awards": [], "references": [], "interests": [], "headings": [at("Beruflicher Werdegang")["lines"][0]],
    }  # fmt: skip


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
    assert cv.structurer == "model/1 gpt-test"
    assert (cv.basics.name.text, cv.positions[0].title.text, cv.positions[0].period.start.text) == (
        "Katharina Brandt",
        "Projektleiterin Sondermaschinen",
        "2019-04",
    )
    assert cv.positions[0].highlights[0].text == "Leitung von Projekten mit 2 bis 4 Mio. € Volumen"
    assert cv.languages[0].cefr.text == "native"
    assert (done.usage.input_tokens, done.usage.output_tokens) == (2000, 500)
    assert done.usage.cost == pytest.approx((2000 * 0.15 + 500 * 0.60) / 1e6)
    assert done.word


async def test_what_the_model_invents_is_a_finding_and_no_fact(model: Model, llm: OpenAiLlm, sandbox: Sandbox) -> None:
    done = await convert(sample("de-einspaltig-brandt"), Tools(sandbox, llm), Options(TODAY), word=False)
    assert (done.cv.positions[1].title, done.cv.positions[1].company) == (None, None)
    assert "Astronautin" in str([f.values for f in done.findings if f.key == "value_not_in_lines"])


async def test_lines_that_the_model_forgets_are_not_lost(model: Model, llm: OpenAiLlm, sandbox: Sandbox) -> None:
    done = await convert(sample("de-einspaltig-brandt"), Tools(sandbox, llm), Options(TODAY), word=False)
    assert any("Albwerk" in o.text for o in done.cv.left_out if o.reason == "not_understood")


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        ({"refusal": "I cannot help with that."}, "model_refused"),
        ({"finish": "length"}, "model_refused"),
        ({"finish": "content_filter"}, "model_refused"),
        ({"raw": "not json"}, "model_refused"),
        ({"raw": '{"basics": {}}'}, "model_refused"),
        ({"faults": [(500, {}, "{}")] * 9}, "model_unavailable"),
        ({"faults": [(401, {}, "{}")] * 9}, "model_unavailable"),
        ({"faults": [(400, {}, "{}")] * 9}, "model_refused"),
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
    assert len(model.requests) == 3


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


def test_the_schema_keeps_to_the_subset_of_structured_outputs() -> None:
    body = {
        "model": "m", "temperature": 0, "messages": [{"role": "system"}, {"role": "user"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "cv", "strict": True, "schema": strict_schema()}},
    }  # fmt: skip
    assert request_problem(body) == ""
    loose = CvAnswer.model_json_schema()
    body["response_format"]["json_schema"]["schema"] = {**loose, "additionalProperties": True}
    assert request_problem(body) != ""


async def test_the_page_is_sent_as_data_with_numbers(model: Model, llm: OpenAiLlm, sandbox: Sandbox) -> None:
    await convert(sample("de-einspaltig-brandt"), Tools(sandbox, llm), Options(TODAY), word=False)
    body = model.requests[0]["body"]
    assert "1| Katharina Brandt" in body["messages"][1]["content"]
    assert "Seite 1" not in body["messages"][1]["content"]


async def test_refusals_have_their_own_kind(model: Model, llm: OpenAiLlm) -> None:
    model.refusal, model.raw = "no", "{}"
    with pytest.raises(RefusedByModel):
        await llm.complete(PROMPT)
