import type { KafkaSecurity } from "./config";

/** Environment from which the jobs take their security settings, under names that do not depend on a client library. */
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
