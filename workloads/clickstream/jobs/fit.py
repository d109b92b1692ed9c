"""clickstream-fit: trains on a split that a pipeline made, and scores the sessions that it held out."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import outcome
from jobs.classification import PROBABILITY, SCORE_DIGITS
from jobs.hadoop_file import write_text
from jobs.sessions import CATEGORIES, FEATURES, KEY, LABEL
from jobs.training import frequent_values, pipeline, score

JOB = "clickstream-fit"


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the job's command line."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--training", required=True, help="URI of the sessions to train on, as Parquet")
    parser.add_argument("--held-out", required=True, help="URI of the sessions to score, as Parquet")
    parser.add_argument("--output", required=True, help="URI of the folder that takes model and predictions")
    parser.add_argument("--result", default=outcome.TERMINATION_MESSAGE, help="file that takes the result as JSON")
    return parser.parse_args(argv)


def fit(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Train, score, and write both: the same rows give the same model to the last digit."""
    training = ordered(spark, options.training).cache()
    groups = training.groupBy(*CATEGORIES).count().withColumn("held_out", F.lit(False)).collect()
    model = pipeline(frequent_values(groups)).fit(training)
    predictions = score(model, ordered(spark, options.held_out))
    rounded = predictions.withColumn("score", F.round(PROBABILITY, SCORE_DIGITS))
    model.write().overwrite().save(f"{options.output}/model")
    rounded.write.mode("overwrite").parquet(f"{options.output}/predictions")
    result = {"rows": sum(group["count"] for group in groups), "metrics": {}, "model": f"{options.output}/model"}
    # Last, since a reader takes it to say that the rest is there.
    write_text(spark, f"{options.output}/fitted.json", json.dumps(result) + "\n")
    return result


def ordered(spark: SparkSession, uri: str) -> DataFrame:
    """Sessions with what a model may see, in one part and in the order of their ids; see `training.in_order`."""
    return spark.read.parquet(uri).select(KEY, LABEL, *FEATURES).coalesce(1).sortWithinPartitions(KEY)


def main() -> None:
    """Run the job in a Spark session of its own."""
    options = arguments()
    outcome.run(JOB, options.result, lambda spark: fit(spark, options))


if __name__ == "__main__":
    main()
