"""One match, warm, and one profile against many CVs of a tenant as `shortlist` does it: `many.py --cvs 10000 --cvs 100000`. Time, and what memory grows by.

The facts are those of the corpus's CVs, each kept for many candidates; they are read from SQLite like any tenant's.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import resource
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

import cvs

from pipeline.adapters.local.files import FolderBlobs
from pipeline.adapters.local.sqlite import SqliteFile, SqliteQueue, SqliteRecords
from pipeline.adapters.local.system import RandomIds, SystemClock
from pipeline.adapters.served_drive import ServedDrive
from pipeline.conversion import Options, Tools, convert
from pipeline.lang.concept import concepts
from pipeline.match.facts import to_bytes
from pipeline.matching import compare, facts_of, read_profile
from pipeline.model.codec import to_json
from pipeline.model.job import Candidate, Job, Kind, Source
from pipeline.read.reader import Reader
from pipeline.read.sandbox import Sandbox
from pipeline.service import Service

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, tzinfo=UTC)
TENANT = "firm"
ONE_MS, TEN_THOUSAND_SECONDS = 5.0, 8.0
"""What is wanted: of one match, and of 10,000 CVs."""


def grown() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cvs", type=int, action="append")
    counts = parser.parse_args().cvs or [10_000]
    lexicon, sandbox = concepts(), Sandbox()
    tools = Tools(Reader(sandbox, None))
    paths = [path for name in ("corpus", "corpus-made") for path in sorted((cvs.BENCHMARKS / name / "pdf").glob("*.pdf")) if "scan" not in path.name]
    read = [await convert(path.read_bytes(), tools, Options(TODAY), word=False) for path in paths]
    posting = cvs.HERE / "profiles" / "it-java.md"
    profile = await read_profile(posting.read_bytes(), posting.name, tools.reader, lexicon)
    await sandbox.close()
    times = []
    for _ in range(5):
        for done in read:
            begun = time.perf_counter()
            compare(done.cv, done.document, profile, lexicon, today=TODAY)
            times.append((time.perf_counter() - begun) * 1000)
    one, p95 = median(times), sorted(times)[int(len(times) * 0.95)]
    print(f"one match, warm, facts made anew: median {one:.2f} ms, 95 % {p95:.2f} ms ({len(read)} CVs, wanted {ONE_MS:g} ms)")
    facts = [to_bytes(facts_of(done.cv, done.document, lexicon, today=TODAY)) for done in read]
    missed = one > ONE_MS
    for count in sorted(counts):
        with tempfile.TemporaryDirectory() as folder:
            file = SqliteFile(Path(folder) / "many.sqlite")
            records, blobs = SqliteRecords(file), FolderBlobs(Path(folder) / "blobs")
            service = Service(
                records=records, blobs=blobs, queue=SqliteQueue(file), drive=ServedDrive(blobs, base_url="-"), clock=SystemClock(), ids=RandomIds()
            )
            kept = await service.profiles.add(TENANT, "u", profile)
            for number in range(count):
                key = hashlib.sha256(str(number).encode()).hexdigest()[:32]
                person = Candidate(id=key, tenant=TENANT, name=f"Person {number}", jobs=(key,), used=NOW)
                await records.put("candidates", TENANT, key, to_json(person, Candidate), etag=None)
                await records.put("facts", TENANT, key, key.encode() + facts[number % len(facts)], etag=None)
            job = Job(
                id="f" * 32,
                tenant=TENANT,
                user="u",
                kind=Kind.SHORTLIST,
                profile=kept.id,
                source=Source(name="x"),
                template="classic",
                created=NOW,
                updated=NOW,
            )
            before, begun, cpu = grown(), time.perf_counter(), time.process_time()
            found = await service.matches.shortlist(job)
            wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
            await file.close()
        assert found.count == count
        print(f"{count} CVs: {wall:.1f} s, {cpu:.1f} s of processor time ({cpu / count * 1000:.2f} ms a CV), memory +{grown() - before:.0f} MB")
        missed |= count == 10_000 and cpu > TEN_THOUSAND_SECONDS
    sys.exit(missed)


asyncio.run(main())
