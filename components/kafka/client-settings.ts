import type { KafkaSecurity } from "./config";

/** Settings of a Java client (`client.properties`), for the command-line tools. */
export function clientProperties(
  security: KafkaSecurity,
): Record<string, string> {
  return {
    "security.protocol": security.protocol,
    ...("ca" in security && security.ca !== undefined
      ? {
          "ssl.truststore.type": "PEM",
          "ssl.truststore.certificates": security.ca,
        }
      : {}),
    ...("mechanism" in security
      ? {
          "sasl.mechanism": security.mechanism,
          "sasl.jaas.config": jaas(security),
        }
      : {}),
  };
}

/** Environment from which the jobs take the same, under names that do not depend on a client library. */
export function clientEnvironment(
  security: KafkaSecurity,
): Record<string, string> {
  return {
    KAFKA_SECURITY_PROTOCOL: security.protocol,
    ...("ca" in security && security.ca !== undefined
      ? { KAFKA_CA: security.ca }
      : {}),
    ...("mechanism" in security
      ? {
          KAFKA_SASL_MECHANISM: security.mechanism,
          KAFKA_USERNAME: security.username,
          KAFKA_PASSWORD: security.password,
        }
      : {}),
  };
}

/** A properties file: a value may hold any text, line ends among it. */
export function propertiesFile(
  values: Readonly<Record<string, string | number | boolean>>,
): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${escapeValue(String(value))}\n`)
    .join("");
}

function escapeValue(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");
}

function jaas({
  mechanism,
  username,
  password,
}: Extract<KafkaSecurity, { mechanism: string }>): string {
  const module =
    mechanism === "PLAIN"
      ? "org.apache.kafka.common.security.plain.PlainLoginModule"
      : "org.apache.kafka.common.security.scram.ScramLoginModule";
  const quote = (text: string) => `"${text.replace(/[\\"]/g, "\\$&")}"`;
  return `${module} required username=${quote(username)} password=${quote(password)};`;
}
