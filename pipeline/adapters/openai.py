"""OpenAI, Azure OpenAI and compatible endpoints, by structured outputs of the chat completions API."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import openai
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from pipeline.errors import TransientError
from pipeline.ports import Completion, Prompt, RefusedByModel

TRIES = 3
_PASSING = (openai.RateLimitError, openai.APIConnectionError, openai.InternalServerError)


@dataclass(frozen=True, slots=True)
class LlmSettings:
    """`azure_endpoint` selects Azure OpenAI (then `model` is the deployment). Prices in US dollars per million tokens."""

    model: str
    api_key: str = ""
    base_url: str = ""
    azure_endpoint: str = ""
    api_version: str = "2024-10-21"
    input_price: float = 0.15
    output_price: float = 0.60
    timeout: float = 60.0


class OpenAiLlm:
    def __init__(self, settings: LlmSettings, *, entra_token: Callable[[], Awaitable[str]] | None = None, pause: float = 1.0) -> None:
        """`entra_token` gives an access token for Azure OpenAI where there is no key; `pause` scales the waits, in seconds."""
        self.name = settings.model
        self._settings = settings
        self._pause = pause
        if settings.azure_endpoint:
            self._client: openai.AsyncOpenAI = openai.AsyncAzureOpenAI(
                azure_endpoint=settings.azure_endpoint,
                api_version=settings.api_version,
                api_key=settings.api_key or None,
                azure_ad_token_provider=None if settings.api_key else entra_token,
                timeout=settings.timeout,
                max_retries=0,
            )
        else:
            self._client = openai.AsyncOpenAI(
                api_key=settings.api_key or "none", base_url=settings.base_url or None, timeout=settings.timeout, max_retries=0
            )

    async def complete(self, prompt: Prompt) -> Completion:
        retrying = AsyncRetrying(retry=retry_if_exception_type(_PASSING), stop=stop_after_attempt(TRIES), wait=self._wait, reraise=True)
        try:
            response: Any = await retrying(self._ask, prompt)
        except _PASSING as error:
            raise TransientError(type(error).__name__, retry_after=_retry_after(error)) from error
        except openai.BadRequestError as error:
            raise RefusedByModel("the request was refused") from error
        except openai.APIError as error:
            raise TransientError(type(error).__name__) from error
        return self._completion(response)

    async def _ask(self, prompt: Prompt) -> Any:
        return await self._client.chat.completions.create(
            model=self._settings.model,
            temperature=0,
            messages=[{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            response_format={
                "type": "json_schema",
                "json_schema": {"name": prompt.name, "strict": True, "schema": prompt.schema},
            },
        )

    def _completion(self, response: Any) -> Completion:
        if not response.choices:
            raise RefusedByModel("no answer")
        choice = response.choices[0]
        if choice.message.refusal or choice.finish_reason != "stop" or not choice.message.content:
            raise RefusedByModel(str(choice.finish_reason))
        try:
            answer = json.loads(choice.message.content)
        except json.JSONDecodeError:
            raise RefusedByModel("the answer is not JSON") from None
        used = response.usage
        given, taken = (used.prompt_tokens, used.completion_tokens) if used else (0, 0)
        cost = (given * self._settings.input_price + taken * self._settings.output_price) / 1e6
        return Completion(answer, given, taken, round(cost, 6), self._settings.model)

    def _wait(self, state: RetryCallState) -> float:
        """What the other side asks for, else exponential with full jitter."""
        error = state.outcome.exception() if state.outcome else None
        asked = _retry_after(error) if error else None
        if asked is not None:
            return min(asked, 30.0)
        return float(wait_random_exponential(multiplier=self._pause, max=20)(state))

    async def close(self) -> None:
        await self._client.close()


def _retry_after(error: BaseException) -> float | None:
    response = getattr(error, "response", None)
    value = response.headers.get("retry-after", "") if response is not None else ""
    return float(value) if value.replace(".", "", 1).isdigit() else None
