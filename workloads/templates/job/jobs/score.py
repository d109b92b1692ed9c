"""Scores the payments of a day: how unusual each is."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path


def score(amount: float, usual: float) -> float:
    """0 for the usual amount, 1 for twice as much, for nothing at all, and for whatever is further away."""
    return min(1.0, abs(amount - usual) / usual)


def main() -> None:
    """Score, and leave a result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--date", required=True)
    options = parser.parse_args()

    amounts = [20.0 + number % 37 for number in range(1000)]
    usual = sum(amounts) / len(amounts)
    scores = [score(amount, usual) for amount in amounts]

    result = {"rows": len(scores), "metrics": {"highest": round(max(scores), 4)}}
    print(f"scored {len(scores)} payments of {options.date}")
    # The step's result: the table shows `rows`, and other steps take fields of it.
    Path(os.environ.get("MLSTACK_RESULT", os.devnull)).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
