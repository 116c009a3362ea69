"""Every activity arrives one to five times, at the same time, at two replicas: one job, one card, one file."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from pipeline.adapters.local.sqlite import SqliteFile, SqliteRecords
from pipeline.read.sandbox import Sandbox
from pipeline.store import OPEN
from tests.conftest import sample
from tests.fakes import actions_of
from tests.killing.child import Spec
from tests.killing.runs import Bench, bench, judged, ready, say, tell

T = TypeVar("T")
EXAMPLES = 12


class Loop:
    """An event loop in a thread: the state machine is not asynchronous, the replicas' world is."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def __call__(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass
class Replicas:
    loop: Loop
    bench: Bench
    specs: list[Spec]
    records: SqliteRecords
    talks: int = 0

    async def quiet(self, conversation: str) -> bool:
        """Whether in time no job of that chat has anything left to do or to show."""
        for _ in range(300):
            if not await self.records.all(OPEN, conversation):
                return True
            await asyncio.sleep(0.1)
        return False


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[Replicas]:
    loop = Loop()

    async def begin() -> tuple[Any, Bench, list[Spec]]:
        box = Sandbox()
        document = await box.read(sample("de-tabelle-yilmaz"))
        await box.close()
        opened = bench(document, sample("de-tabelle-yilmaz"), tmp_path)
        made = await opened.__aenter__()
        specs = [made.spec(tmp_path / "data") for _ in range(2)]
        for spec in specs:
            assert await ready(made, spec, await made.nursery.spawn(spec))
        return opened, made, specs

    opened, made, specs = loop(begin())
    file = SqliteFile(tmp_path / "data" / "cvgen.sqlite")
    yield Replicas(loop, made, specs, SqliteRecords(file))
    loop(file.close())
    loop(opened.__aexit__(None, None, None))
    loop.close()


@dataclass
class Delivery:
    """An activity; `click` is the data of a button on `message`, where it is no file."""

    number: str
    click: dict[str, Any] | None = None
    message: str = ""


def machine(replicas: Replicas) -> type[RuleBasedStateMachine]:
    class Chat(RuleBasedStateMachine):
        """One conversation: CVs are dropped and buttons clicked, each one to five times; now and then an old delivery comes again."""

        def __init__(self) -> None:
            super().__init__()
            replicas.talks += 1
            self.name = f"talk-{replicas.talks}"
            self.past: list[Delivery] = []
            self.cvs = 0
            self.erased = 0

        @property
        def chat(self) -> Any:
            return replicas.bench.ledger.conversations[self.name]

        async def _once(self, delivery: Delivery, replica: int) -> None:
            spec, ledger = replicas.specs[replica], replicas.bench.ledger
            if delivery.click is None:
                assert await say(spec, ledger, self.name, [f"{delivery.number}.pdf"], delivery.number)
            else:
                assert await tell(spec, ledger, self.name, delivery.click, delivery.number, message=delivery.message)

        def deliver(self, delivery: Delivery, replicas_of: list[int]) -> None:
            async def all_of_them() -> None:
                await asyncio.gather(*(self._once(delivery, target) for target in replicas_of))

            replicas.loop(all_of_them())

        def settle(self) -> None:
            assert replicas.loop(replicas.quiet(self.name)), "stuck"

        @rule(replicas_of=st.lists(st.integers(0, 1), min_size=1, max_size=5))
        def drop(self, replicas_of: list[int]) -> None:
            delivery = Delivery(f"a{len(self.past)}")
            self.past.append(delivery)
            self.cvs += 1
            self.deliver(delivery, replicas_of)

        @precondition(lambda self: self.past)
        @rule(data=st.data(), replicas_of=st.lists(st.integers(0, 1), min_size=1, max_size=5))
        def again(self, data: st.DataObject, replicas_of: list[int]) -> None:
            self.deliver(data.draw(st.sampled_from(self.past)), replicas_of)

        @precondition(lambda self: self.cvs > self.erased)
        @rule(replicas_of=st.lists(st.integers(0, 1), min_size=1, max_size=5), verb=st.sampled_from(["cv.rewrite", "cv.delete"]))
        def click(self, replicas_of: list[int], verb: str) -> None:
            self.settle()
            message = self.chat.final[0]
            buttons = [a for a in actions_of(message.as_card) if a.get("verb") == verb]
            if not buttons:
                return
            data = buttons[0]["data"] | ({"template": "modern", "language": "cv"} if verb == "cv.rewrite" else {})
            delivery = Delivery(f"i{len(self.past)}", data, message.id)
            self.past.append(delivery)
            self.erased += verb == "cv.delete"
            self.deliver(delivery, replicas_of)

        def teardown(self) -> None:
            self.settle()
            replicas.loop(asyncio.sleep(0.3))
            ledger = replicas.bench.ledger
            alive = self.cvs - self.erased
            assert len(self.chat.messages) == self.cvs, "one card each"
            assert len(self.chat.final) == alive
            assert len([path for path in ledger.files if path.startswith(f"{self.name}/")]) == alive, "one file each"
            verdict = judged(ledger, self.name, alive, kills=self.erased, cards=alive)
            assert verdict.lost == verdict.stuck == verdict.duplicate_cards == 0, verdict

    return Chat


def test_delivered_many_times_at_two_replicas_it_happens_once(replicas: Replicas) -> None:
    wanted = settings(
        max_examples=EXAMPLES, stateful_step_count=5, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
    )
    run_state_machine_as_test(machine(replicas), settings=wanted)
    assert replicas.talks >= EXAMPLES
