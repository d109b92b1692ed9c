"""Direct access to Spark's JVM: files, and the timelines of Hudi's tables."""

from __future__ import annotations

from py4j.java_gateway import JavaObject
from pyspark.sql import SparkSession


def jvm(spark: SparkSession) -> JavaObject:
    """The classes of the session's JVM, by package."""
    found = spark._jvm
    if found is None:
        raise RuntimeError("the Spark session has no JVM of its own; Spark Connect is not supported")
    return found


def located(spark: SparkSession, text: str) -> tuple[JavaObject, JavaObject]:
    """A path or URI as Hadoop's Path, and the file system it is on."""
    path = jvm(spark).org.apache.hadoop.fs.Path(text)
    return path, path.getFileSystem(spark._jsc.hadoopConfiguration())


def is_table(spark: SparkSession, path: str) -> bool:
    """Whether a Hudi table stands at a path."""
    properties, system = located(spark, f"{path}/.hoodie/hoodie.properties")
    return bool(system.exists(properties))


def table_client(spark: SparkSession, path: str) -> JavaObject:
    """Hudi's view of the table at a path: its settings and its timeline."""
    hudi = jvm(spark).org.apache.hudi
    storage = hudi.hadoop.fs.HadoopFSUtils.getStorageConf(spark._jsc.hadoopConfiguration())
    return hudi.common.table.HoodieTableMetaClient.builder().setConf(storage).setBasePath(path).build()
