"""Areas under curves, against values worked out by hand."""

from __future__ import annotations

import pytest

from jobs.evaluation import Bin, quality


def test_a_perfect_order_is_one() -> None:
    measured = quality([Bin(0.9, 2, 0), Bin(0.1, 0, 3)])
    assert (measured.auc, measured.pr_auc, measured.rows, measured.positives) == (1.0, 1.0, 5, 2)


def test_a_score_that_is_the_same_for_all_knows_nothing() -> None:
    measured = quality([Bin(0.5, 1, 3)])
    assert (measured.auc, measured.pr_auc, measured.baseline_pr_auc) == (0.5, 0.25, 0.25)


def test_pairs_in_the_wrong_order_count_against() -> None:
    # The scores order three of the four pairs of a buyer and another correctly; average precision is (1/1 + 2/3) / 2.
    measured = quality([Bin(0.2, 0, 1), Bin(0.4, 1, 0), Bin(0.6, 0, 1), Bin(0.8, 1, 0)])
    assert measured.auc == 0.75
    assert measured.pr_auc == pytest.approx((1 + 2 / 3) / 2)


def test_one_label_alone_has_no_quality() -> None:
    with pytest.raises(ValueError, match="both labels"):
        quality([Bin(0.5, 0, 3)])
