"""The class path of Spark's image has every class that the targets' settings name, and the connectors themselves."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pyspark
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]

NAMED = re.compile(r'"((?:org\.apache|software\.amazon|com\.google\.cloud|com\.amazonaws)\.[\w.$]+\.[A-Z][\w$]*)"')

CONNECTORS = (
    "org.apache.hadoop.fs.s3a.S3AFileSystem",
    "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
    "org.apache.hadoop.fs.s3a.auth.AssumedRoleCredentialProvider",
    "org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider",
    "org.apache.hadoop.fs.s3a.commit.S3ACommitterFactory",
    "org.apache.hadoop.fs.s3a.commit.magic.MagicS3GuardCommitter",
    "org.apache.spark.internal.io.cloud.BindingParquetOutputCommitter",
    "org.apache.spark.internal.io.cloud.PathOutputCommitProtocol",
    "software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider",
    "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider",
    "software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider",
    # The web-identity provider loads this class by name on its first use, not when it is loaded itself.
    "software.amazon.awssdk.services.sts.internal.StsWebIdentityCredentialsProviderFactory",
    "software.amazon.awssdk.services.s3.S3AsyncClient",
    "software.amazon.awssdk.transfer.s3.S3TransferManager",
    "com.google.cloud.hadoop.fs.gcs.GoogleHadoopFileSystem",
    "com.google.cloud.hadoop.fs.gcs.GoogleHadoopFS",
    "org.apache.hadoop.fs.azurebfs.AzureBlobFileSystem",
    "org.apache.hadoop.fs.azurebfs.SecureAzureBlobFileSystem",
    "org.apache.hadoop.fs.azurebfs.oauth2.WorkloadIdentityTokenProvider",
    "org.apache.hudi.DefaultSource",
    "org.apache.spark.HoodieSparkKryoRegistrar",
    "org.apache.spark.sql.hudi.HoodieSparkSessionExtension",
    "org.apache.spark.sql.hudi.catalog.HoodieCatalog",
    "org.apache.spark.sql.kafka010.KafkaSourceProvider",
    "org.apache.spark.kafka010.KafkaTokenUtil",
    "org.apache.kafka.common.security.scram.ScramLoginModule",
    "org.postgresql.Driver",
    "org.postgresql.ssl.DefaultJavaSSLFactory",
    "org.postgresql.ssl.SingleCertValidatingFactory",
    "org.apache.spark.deploy.PythonRunner",
    "org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend",
)


@pytest.fixture(scope="module")
def jars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of jars, laid out by the script that lays it out in the image."""
    folder = tmp_path_factory.mktemp("image")
    shutil.copytree(Path(pyspark.__file__).parent, folder / "pyspark")
    assemble = ROOT / "workloads/images/spark/assemble"
    subprocess.run([assemble, folder / "pyspark", os.environ["MLSTACK_SPARK_JARS"], folder / "spark"], check=True)
    return folder / "spark/jars"


def failures(jars: Path, names: list[str]) -> list[str]:
    class_path = ":".join(str(jar) for jar in sorted(jars.glob("*.jar")))
    command = ["java", "-cp", class_path, str(HERE / "LoadClasses.java"), *names]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def named_in_settings() -> list[str]:
    files = (file for layer in ("infra", "components", "workloads") for file in (ROOT / layer).rglob("*.ts"))
    return sorted({name for file in files for name in NAMED.findall(file.read_text())})


def test_every_connector_and_every_class_in_the_settings_loads(jars: Path) -> None:
    assert failures(jars, sorted({*CONNECTORS, *named_in_settings()})) == []


def test_a_class_that_is_not_there_would_be_seen(jars: Path) -> None:
    assert failures(jars, ["org.example.Missing"]) == [
        "org.example.Missing: java.lang.ClassNotFoundException: org.example.Missing"
    ]


def test_each_library_is_there_once(jars: Path) -> None:
    names = [re.sub(r"-\d.*", "", jar.name) for jar in jars.glob("*.jar") if "netty-transport-native" not in jar.name]
    # JetBrains' annotations and the AWS SDK's; Hive's shims, whose other jars have the version last.
    assert {name for name in names if names.count(name) > 1} <= {"annotations", "hive-shims"}
    assert not list(jars.glob("hadoop-client-*-3.3.4.jar"))
