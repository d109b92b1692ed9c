"""Tests of the code without a cluster: python3 -m unittest discover -s tests."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "jobs"))

from score import score


class ScoreTest(unittest.TestCase):
    def test_the_usual_amount_scores_nothing(self) -> None:
        self.assertEqual(score(20.0, 20.0), 0.0)

    def test_an_amount_far_away_scores_one(self) -> None:
        self.assertEqual(score(500.0, 20.0), 1.0)


if __name__ == "__main__":
    unittest.main()
