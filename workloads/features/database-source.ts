import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

import { egressOnly, toDestination } from "../../components/network-policy";
import { destinationOf } from "../../infra/network/destinations";
import type { ClusterNetwork } from "../../infra/platform";
import type { Problem } from "../../infra/problem";
import { cronLine } from "./cron-line";

const column = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[^\0]*$/, "write the name of a column");

/** A table of a PostgreSQL database, as a stack declares it. */
export const databaseTableSchema = z.strictObject({
  url: z
    .string()
    .describe(
      "jdbc:postgresql://HOST:PORT/DATABASE, with ?sslmode=require or verify-full where the network is not trusted; credentials come from `secret`",
    ),
  table: z
    .string()
    .regex(
      /^([^.\0]{1,63}\.)?[^.\0]{1,63}$/,
      "write SCHEMA.TABLE as the database spells it, without quotes",
    )
    .describe(
      "SCHEMA.TABLE as the database spells it, capitals included; the schema is `public` unless given. It may be a view",
    ),
  secret: z
    .string()
    .regex(
      /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/,
      "write the name of a Secret in the team's namespace",
    )
    .describe(
      "Name of a Secret in the team's namespace, with the keys `username`, `password` and, for sslmode=verify-full with a certificate authority that Java does not trust, `ca.crt`",
    ),
  incremental: column
    .optional()
    .describe(
      "Column of times or whole numbers that increases with every change of a row: a run reads the rows that changed since the last run; without it, all rows",
    ),
  overlap: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31)
    .optional()
    .describe(
      "Distance below the high-water mark of `incremental` that is read again, in seconds or as a number, for transactions that began before a run and ended after it; 300 unless given",
    ),
  partitionColumn: column
    .optional()
    .describe(
      "Column of whole numbers; several connections read ranges of it in parallel",
    ),
  partitions: z
    .number()
    .int()
    .min(2)
    .max(64)
    .optional()
    .describe("Number of these connections; 4 unless given"),
  schedule: cronLine
    .optional()
    .describe(
      "Cron line, in UTC, for additional reads of the table, besides those by `up`",
    ),
  timeZone: z
    .string()
    .refine(
      isTimeZone,
      "write the name of a time zone, such as Europe/Berlin or UTC",
    )
    .default("UTC")
    .describe("Time zone of columns without one (`timestamp` and `date`)"),
});

/** A checked declaration of a database's table. */
export type DatabaseTable = z.output<typeof databaseTableSchema>;

const form = "write jdbc:postgresql://HOST:PORT/DATABASE";
const urlForm =
  /^jdbc:postgresql:\/\/([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?)(?::(\d{1,5}))?\/([^/?&#\s]+)(?:\?sslmode=([a-z-]+))?$/;
const sslModes = [
  "disable",
  "allow",
  "prefer",
  "require",
  "verify-ca",
  "verify-full",
];

/**
 * Problems with a table's declaration. They quote its URL without anything that may be a password.
 *
 * @param everySeconds `ingest.everySeconds` of the stream; undefined where the job ends once it has read the table
 */
export function checkDatabaseTable(
  path: string,
  table: DatabaseTable,
  everySeconds: number | undefined,
): Problem[] {
  const { url, incremental, overlap, partitionColumn, partitions } = table;
  const problems: Problem[] = [];
  const remedy = urlFault(url);
  if (remedy !== undefined)
    problems.push({ path: `${path}.url`, value: withoutSecrets(url), remedy });
  if (overlap !== undefined && incremental === undefined)
    problems.push({
      path: `${path}.overlap`,
      value: overlap,
      remedy: "name the column under incremental, or leave it out",
    });
  if (partitions !== undefined && partitionColumn === undefined)
    problems.push({
      path: `${path}.partitions`,
      value: partitions,
      remedy: "name the column under partitionColumn, or leave it out",
    });
  if (table.schedule !== undefined && everySeconds !== undefined)
    problems.push({
      path: `${path}.schedule`,
      value: table.schedule,
      remedy: "ingest.everySeconds has the job run on; remove one of the two",
    });
  return problems;
}

function urlFault(url: string): string | undefined {
  const product = /^(?:jdbc:)?([a-z0-9]+):/i.exec(url)?.[1]?.toLowerCase();
  if (
    product !== undefined &&
    !["postgresql", "postgres", "http", "https"].includes(product)
  )
    return `the jobs have the driver of PostgreSQL alone: ${form}, or have the rows of ${product} sent to a topic`;
  if (/\/\/[^/?]*@|[?&](user|password)=/i.test(url))
    return `${form}: the user and the password go into the Secret that secret names`;
  const [, , , port, , sslMode] = urlForm.exec(url) ?? [undefined];
  if (!urlForm.test(url) || Number(port ?? 5432) > 65535 || port === "0")
    return /\?/.test(url) && !/\?sslmode=[a-z-]+$/.test(url)
      ? `${form}, and after it at most ?sslmode=${sslModes.join("|")}`
      : form;
  return sslMode === undefined || sslModes.includes(sslMode)
    ? undefined
    : `choose sslmode among ${sslModes.join(", ")}`;
}

function withoutSecrets(url: string): string {
  return url
    .replace(/\/\/[^/?]*@/, "//…@")
    .replace(/([?&](?:user|password)=)[^&]*/gi, "$1…");
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // An offset such as +01:00 has the other sign in PostgreSQL.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

/** A table as the ingestion job reads it. */
export function databaseTableSpec(table: DatabaseTable) {
  const { incremental, partitionColumn, overlap, partitions } = table;
  return {
    url: table.url,
    table: table.table,
    secret: table.secret,
    timeZone: table.timeZone,
    ...(incremental === undefined
      ? {}
      : { incremental, overlap: overlap ?? 300 }),
    ...(partitionColumn === undefined
      ? {}
      : { partitionColumn, partitions: partitions ?? 4 }),
  };
}

/** Credentials of a table's database, by which alone the job's pods know them. */
export function databaseEnv({
  secret,
}: DatabaseTable): k8s.types.input.core.v1.EnvVar[] {
  const variable = (name: string, key: string, optional?: true) => ({
    name,
    valueFrom: {
      secretKeyRef: { name: secret, key, ...(optional ? { optional } : {}) },
    },
  });
  return [
    variable("DATABASE_USERNAME", "username"),
    variable("DATABASE_PASSWORD", "password"),
    variable("DATABASE_CA", "ca.crt", true),
  ];
}

/**
 * Lets pods out to a table's database, whatever else their team reaches.
 *
 * @param pods labels of the pods
 */
export function openWayToDatabase(
  name: string,
  args: {
    readonly table: DatabaseTable;
    readonly namespace: pulumi.Input<string>;
    readonly pods: Readonly<Record<string, string>>;
    readonly network: ClusterNetwork;
  },
  opts: pulumi.CustomResourceOptions,
): k8s.networking.v1.NetworkPolicy {
  const [, host = "", , port = "5432"] = urlForm.exec(args.table.url) ?? [];
  const database = destinationOf(
    { host, port: Number(port) },
    args.network.closed,
  );
  return new k8s.networking.v1.NetworkPolicy(
    name,
    {
      metadata: { namespace: args.namespace, name },
      spec: egressOnly([toDestination(database)], args.pods),
    },
    opts,
  );
}
