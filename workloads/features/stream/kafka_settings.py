"""How a client proves who it is to the brokers, from the environment that the program gives its pods."""

from __future__ import annotations

from collections.abc import Mapping

_LIBRDKAFKA: Mapping[str, str] = {
    "KAFKA_SECURITY_PROTOCOL": "security.protocol",
    "KAFKA_CA": "ssl.ca.pem",
    "KAFKA_SASL_MECHANISM": "sasl.mechanism",
    "KAFKA_USERNAME": "sasl.username",
    "KAFKA_PASSWORD": "sasl.password",
}


def librdkafka_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Settings of the C client, as the producer takes them."""
    return {key: environment[name] for name, key in _LIBRDKAFKA.items() if name in environment}


def spark_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Options of Spark's Kafka source: those of the Java client, each with `kafka.` before it."""
    settings = {
        "security.protocol": environment.get("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        # By default, a client reads what a producer's transaction took back, too.
        "isolation.level": "read_committed",
    }
    if "KAFKA_CA" in environment:
        settings |= {
            "ssl.truststore.type": "PEM",
            "ssl.truststore.certificates": environment["KAFKA_CA"],
        }
    if "KAFKA_SASL_MECHANISM" in environment:
        mechanism = environment["KAFKA_SASL_MECHANISM"]
        settings |= {
            "sasl.mechanism": mechanism,
            "sasl.jaas.config": _jaas(mechanism, environment),
        }
    return {f"kafka.{key}": value for key, value in settings.items()}


def _jaas(mechanism: str, environment: Mapping[str, str]) -> str:
    module = "plain.PlainLoginModule" if mechanism == "PLAIN" else "scram.ScramLoginModule"
    username, password = (_quoted(environment[name]) for name in ("KAFKA_USERNAME", "KAFKA_PASSWORD"))
    return f"org.apache.kafka.common.security.{module} required username={username} password={password};"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
