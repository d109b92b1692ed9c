"""The training of the pipeline: on a split that others made, with Spark's own idea of who is held out."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from pyspark.sql import SparkSession
from tests.conftest import event, parse, write_csv

from jobs import events, fit
from jobs.classification import SCORE_DIGITS, held_out
from jobs.sessions import KEY, LABEL, sessions

SHARED = Path(__file__).parents[1] / "pipelines/tests/held_out.json"
"""Sessions and whether they are held out, which the pipeline's tests hold their own hash to."""


def test_the_pipeline_holds_out_the_same_sessions(spark: SparkSession) -> None:
    expected = json.loads(SHARED.read_text())
    rows = spark.createDataFrame([(session,) for session in expected], [KEY]).select(KEY, held_out(KEY).alias("out"))
    assert {row[KEY]: row["out"] for row in rows.collect()} == expected


def test_the_same_split_gives_the_same_scores(spark: SparkSession, tmp_path: Path) -> None:
    rows = []
    for number in range(40):
        rows.append(event(f"s{number}", "product_view", f"10:{number:02}:00"))
        if number % 3 == 0:
            rows += [
                event(f"s{number}", "add_to_cart", f"11:{number:02}:00"),
                event(f"s{number}", "purchase", f"12:{number:02}:00"),
            ]
    table = sessions(events.accepted(parse(spark, write_csv(tmp_path / "events.csv", rows))))
    table.where(~held_out(KEY)).write.parquet(str(tmp_path / "training"))
    table.where(held_out(KEY)).write.parquet(str(tmp_path / "held-out"))
    scores = []
    for name in ("one", "other"):
        output = tmp_path / name
        options = Namespace(
            training=str(tmp_path / "training"), held_out=str(tmp_path / "held-out"), output=str(output)
        )
        result = fit.fit(spark, options)
        assert json.loads((output / "fitted.json").read_text()) == result
        found = spark.read.parquet(str(output / "predictions")).orderBy(KEY).collect()
        assert all(row["score"] == round(row["probability"], SCORE_DIGITS) for row in found)
        scores.append([(row[KEY], row[LABEL], row["probability"]) for row in found])
    assert scores[0] == scores[1]
    assert len(scores[0]) + result["rows"] == 40
