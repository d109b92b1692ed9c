"""Quality of scores, measured exactly as in the Spark job: ties count half, and the PR curve is a step function."""

from __future__ import annotations

import numpy as np

SCORE_DIGITS = 6
"""Scores are grouped by this many digits, as in the Spark job."""


def quality(scores: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Areas under the ROC and the precision-recall curve, and what they are measured against."""
    groups, index = np.unique(np.round(scores.astype(np.float64), SCORE_DIGITS), return_inverse=True)
    positives = np.bincount(index, weights=labels, minlength=len(groups))[::-1]
    negatives = np.bincount(index, weights=1 - labels, minlength=len(groups))[::-1]
    true_so_far = np.cumsum(positives)
    false_so_far = np.cumsum(negatives)
    won = negatives * (true_so_far - positives / 2)
    precision = true_so_far / (true_so_far + false_so_far)
    total = float(true_so_far[-1])
    return {
        "auc": float(won.sum() / (total * false_so_far[-1])),
        "prAuc": float((positives * precision).sum() / total),
        "baselineAuc": 0.5,
        "baselinePrAuc": total / len(labels),
    }
