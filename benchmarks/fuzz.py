"""Ten thousand damaged PDFs through the sandbox: `make fuzz`, or `benchmarks/fuzz.py COUNT SEED`.

Each is a CV or a hostile file with bits flipped, pieces cut out, doubled, or put in from another file, or the end cut off. None may stop
the process that opens them, take longer than the limit, or make it grow; each ends read or with a named reason.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent)]

from cards.i18n import catalogue  # noqa: E402
from pipeline.errors import UserError  # noqa: E402
from pipeline.read.reader import Reader  # noqa: E402
from pipeline.read.sandbox import Sandbox  # noqa: E402
from tests.hostile import HOSTILE  # noqa: E402

SEEDS, LARGEST = 20, 300_000


def seeds(chance: random.Random) -> list[bytes]:
    """Twenty files of all programs that the benchmark's CVs come from, and the small hostile ones."""
    cvs = [path.read_bytes() for path in sorted(HERE.glob("corpus*/pdf/*.pdf"))]
    small = [data for data in chance.sample(cvs, len(cvs)) if len(data) < LARGEST][:SEEDS]
    return small + [data for make in HOSTILE.values() if 100 < len(data := make()) < 20_000]


def mutated(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at, size = chance.randrange(len(out)), chance.choice((1, 4, 30, 400, 5000))
        match chance.randrange(6):
            case 0:
                out[at] ^= 1 << chance.randrange(8)
            case 1:
                out[at : at + size] = chance.randbytes(min(size, 400))
            case 2:
                del out[at : at + size]
            case 3:
                out[at:at] = out[at : at + size] * chance.choice((1, 3))
            case 4:
                other = chance.choice(others)
                begin = chance.randrange(len(other))
                out[at : at + size] = other[begin : begin + size]
            case _:
                out = out[: max(20, at)] if chance.random() < 0.3 else out
        if not out:
            return b"%PDF-"
    return bytes(out)


def resident(process: int) -> float:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096 / 2**20


async def main(count: int, seed: int) -> None:
    chance, sandbox = random.Random(seed), Sandbox()
    await sandbox.start()
    zygote, reader, texts = sandbox._process.pid, Reader(sandbox, None), catalogue("de")
    files = seeds(chance)
    before, ended, slowest = resident(zygote), Counter(), 0.0
    left = count

    async def work() -> None:
        nonlocal left, slowest
        while left > 0:
            left -= 1
            data = mutated(chance.choice(files), files, chance)
            begun = time.monotonic()
            try:
                await reader.read(data)
                ended["read"] += 1
            except UserError as error:
                texts(f"error.{error.key}", **error.values)  # a reason without a text would stop us
                ended[error.key] += 1
            slowest = max(slowest, time.monotonic() - begun)

    begun = time.monotonic()
    await asyncio.gather(work(), work())
    print(f"{count} files of {len(files)} seeds in {time.monotonic() - begun:.0f} s; slowest {slowest:.1f} s")
    print(", ".join(f"{name} {number}" for name, number in ended.most_common()))
    alive = sandbox._process.pid == zygote and sandbox._process.poll() is None
    print(f"the process that opens them {'lives' if alive else 'DIED'}, and grew by {resident(zygote) - before:.1f} MB")
    await sandbox.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, int(sys.argv[2]) if len(sys.argv) > 2 else 1))
