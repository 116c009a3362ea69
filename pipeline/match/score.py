"""Verdicts and weights -> score. Code alone computes it; the rules stand on the card."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.model.match import Band, Score, Status, Verdict
from pipeline.model.profile import Importance

WORTH = {Status.MET: 1.0, Status.PARTLY: 0.5, Status.UNCLEAR: 0.5, Status.NOT_FOUND: 0.0}
"""Unclear counts half: a person has to look, and neither side should profit before."""
CAP, STEP, FLOOR = 60, 10, 20
"""With one missing must-have the scale ends at 60 instead of 100; each further one takes 10 more, down to 20."""
BANDS = ((80, Band.STRONG), (60, Band.GOOD), (40, Band.PARTIAL), (0, Band.WEAK))


def score(verdicts: Sequence[Verdict]) -> Score:
    """What cannot be proven by a CV plays no part. Without requirements the score is 0."""
    counted = [verdict for verdict in verdicts if verdict.scored]
    weight = sum(verdict.weight for verdict in counted)
    uncapped = round(100 * sum(verdict.weight * WORTH[verdict.status] for verdict in counted) / weight, 2) if weight else 0.0
    missing = sum(verdict.importance is Importance.MUST and verdict.status is Status.NOT_FOUND for verdict in counted)
    total = int(uncapped * cap(missing) / 100 + 0.5)  # a shorter scale, so that whatever else is missing still costs
    return Score(total=total, uncapped=uncapped, band=next(band for least, band in BANDS if total >= least), missing=missing, cap=cap(missing))


def cap(missing: int) -> int:
    """Where the scale ends with so many missing must-haves."""
    return max(CAP - STEP * (missing - 1), FLOOR) if missing else 100


def scored(verdicts: Sequence[Verdict]) -> tuple[tuple[Verdict, ...], Score]:
    """The verdicts with what each would bring if it were met, and the score."""
    now = score(verdicts)
    result = []
    for i, verdict in enumerate(verdicts):
        better = [*verdicts[:i], verdict.model_copy(update={"status": Status.MET}), *verdicts[i + 1 :]]
        result.append(verdict.model_copy(update={"points": score(better).total - now.total if verdict.scored else 0}))
    return tuple(result), now
