"""Quality of a classifier's scores, from counts of labels by score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Bin:
    """Rows that share a score: how many bought and how many did not."""

    score: float
    positives: int
    negatives: int


@dataclass(frozen=True)
class Quality:
    """Areas under the ROC and the precision-recall curve, and what they are measured against."""

    auc: float
    pr_auc: float
    rows: int
    positives: int

    @property
    def baseline_pr_auc(self) -> float:
        """PR-AUC of a model that knows nothing: the share of positives. Its AUC is 0.5."""
        return self.positives / self.rows


def quality(bins: Sequence[Bin]) -> Quality:
    """Both areas, exactly for the scores given: ties count half in the ROC area.

    The precision-recall area is the average precision, a step function: joining its points by
    straight lines would promise more than the model can do.
    """
    positives = sum(group.positives for group in bins)
    negatives = sum(group.negatives for group in bins)
    if positives == 0 or negatives == 0:
        raise ValueError("quality needs rows of both labels")
    above_positives = above_negatives = 0
    won = 0.0
    precision_sum = 0.0
    for group in sorted(bins, key=lambda b: b.score, reverse=True):
        won += group.negatives * (above_positives + group.positives / 2)
        above_positives += group.positives
        above_negatives += group.negatives
        precision_sum += group.positives * above_positives / (above_positives + above_negatives)
    return Quality(
        auc=won / (positives * negatives),
        pr_auc=precision_sum / positives,
        rows=positives + negatives,
        positives=positives,
    )
