"""Verdicts and weights -> score. Code alone computes it; the rules stand on the card."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.model.match import Band, Score, Status, Verdict
from pipeline.model.profile import Importance

LEAST, MOST = 0.2, 0.8
"""What is shown in part counts by how much of it is shown: between these. Unclear counts the least: a person has to look."""
CAP, STEP, FLOOR = 60, 10, 20
"""With one missing must-have the scale ends at 60 instead of 100; each further one takes 10 more, down to 20."""
BANDS = ((80, Band.STRONG), (60, Band.GOOD), (40, Band.PARTIAL), (0, Band.WEAK))


def score(verdicts: Sequence[Verdict]) -> Score:
    """What cannot be proven by a CV plays no part. Without requirements the score is 0."""
    counted = [verdict for verdict in verdicts if verdict.scored]
    weight = sum(verdict.weight for verdict in counted)
    uncapped = round(100 * sum(verdict.weight * worth(verdict) for verdict in counted) / weight, 2) if weight else 0.0
    missing = sum(verdict.importance is Importance.MUST and verdict.status is Status.NOT_FOUND for verdict in counted)
    total = int(uncapped * cap(missing) / 100 + 0.5)  # a shorter scale, so that whatever else is missing still costs
    return Score(total=total, uncapped=uncapped, band=next(band for least, band in BANDS if total >= least), missing=missing, cap=cap(missing))


def worth(verdict: Verdict) -> float:
    """How much of its weight a verdict brings, 0 to 1."""
    match verdict.status:
        case Status.MET:
            return 1.0
        case Status.PARTLY:
            return LEAST + (MOST - LEAST) * verdict.share
        case Status.UNCLEAR:
            return LEAST
        case Status.NOT_FOUND:
            return 0.0


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
