"""Scores the payments of a day: how unusual each is for its customer."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path


def score(amount: float, usual: float) -> float:
    """0 for the usual amount, 1 for twice as much, for nothing at all, and for whatever is further away."""
    return min(1.0, abs(amount - usual) / usual)


def main() -> None:
    """Write the scores below --out, and leave a result."""
    # Here, so that the tests need no Spark.
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as f

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--date", required=True)
    parser.add_argument("--out", required=True, help="URI of a folder")
    options = parser.parse_args()

    spark = SparkSession.builder.appName("score").getOrCreate()
    payments = spark.range(1000).select(
        f.concat(f.lit("customer-"), f.col("id") % 10).alias("customer"),
        (20 + f.col("id") % 37).cast("double").alias("amount"),
    )
    usual = payments.groupBy("customer").agg(f.avg("amount").alias("usual"))
    scored = payments.join(usual, "customer").withColumn("score", f.udf(score, "double")("amount", "usual"))
    scored.write.mode("overwrite").parquet(f"{options.out}/date={options.date}")
    rows, highest = scored.agg(f.count("*"), f.max("score")).first()
    spark.stop()

    result = {"rows": rows, "metrics": {"highest": round(highest, 4)}}
    print(f"scored {rows} payments of {options.date}")
    # The step's result: the table shows `rows`, and other steps take fields of it.
    Path(os.environ.get("MLSTACK_RESULT", os.devnull)).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
