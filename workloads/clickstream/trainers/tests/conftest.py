"""Sessions on disk in the form that the export job gives them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

INSTANT = "20260101000000000"


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 sessions of which those with a full cart tend to buy; a fifth of them is held out."""
    folder = tmp_path_factory.mktemp("exports")
    random = np.random.default_rng(1)
    count = 2000
    carts = random.poisson(1.0, count)
    duration = random.integers(0, 3600, count)
    platform = random.choice(["desktop", "mobile", "tablet"], count)
    logit = 1.2 * carts - 2 + 0.8 * (platform == "desktop") + 0.2 * np.log1p(duration) - 1
    bought = random.random(count) < 1 / (1 + np.exp(-logit))
    table = pa.table(
        {
            "session_id": [f"sess_{index:05d}" for index in range(count)],
            "purchased": bought.astype(np.int32),
            "cart_adds": carts,
            "duration_s": duration,
            "start_hour": random.integers(0, 24, count),
            "platform": platform,
            "held_out": np.arange(count) % 5 == 0,
        }
    )
    sessions = folder / INSTANT / "sessions"
    sessions.mkdir(parents=True)
    # Two files, in an order that is not the keys'.
    pq.write_table(table.slice(1200), sessions / "part-0.parquet")
    pq.write_table(table.slice(0, 1200), sessions / "part-1.parquet")
    layout = {
        "key": "session_id",
        "label": "purchased",
        "heldOut": "held_out",
        "scaled": ["cart_adds", "duration_s"],
        "plain": ["start_hour"],
        "categories": ["platform"],
    }
    (folder / INSTANT / "features.json").write_text(json.dumps(layout))
    return folder
