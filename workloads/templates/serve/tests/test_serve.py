"""Tests of the code without a cluster: python3 -m unittest discover -s tests."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "app"))

from serve import answer, score


class ServeTest(unittest.TestCase):
    def test_the_usual_amount_scores_nothing(self) -> None:
        self.assertEqual(score(20.0, 20.0), 0.0)

    def test_a_payment_is_answered(self) -> None:
        self.assertEqual(answer(b'{"amount": 30, "usual": 20}'), (200, {"score": 0.5}))

    def test_what_is_no_payment_is_refused(self) -> None:
        for body in (b"", b"{}", b"[]", b'{"amount": "much", "usual": 20}', b'{"amount": 1, "usual": 0}'):
            self.assertEqual(answer(body)[0], 400, body)


if __name__ == "__main__":
    unittest.main()
