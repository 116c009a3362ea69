"""Does the gold hold together? Each quote stands in its CV, and each `met` and `partly` has one. Ends with an error otherwise."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

import cvs
import quotes
import rendering


def main() -> None:
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        rendering.traps(Path(folder))
        for each in cvs.gold():
            where = f"{each.profile} × {each.cv}: {each.requirement.text}"
            if each.verdict not in cvs.VERDICTS:
                wrong.append(f"{where}: {each.verdict} is no verdict")
            if each.verdict in {"met", "partly"} and not each.quote:
                wrong.append(f"{where}: no quote")
            if not quotes.stands_in(each.quote, cvs.cv_path(each.cv, Path(folder))):
                wrong.append(f"{where}: {each.quote!r} is not in the CV")
    verdicts = Counter(each.verdict for each in cvs.gold())
    print("\n".join([*wrong, f"{verdicts.total()} verdicts: " + ", ".join(f"{verdicts[name]} {name}" for name in cvs.VERDICTS)]))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
