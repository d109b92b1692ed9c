import type { V1EnvVar } from "@kubernetes/client-node";
import { z } from "zod";

import { commandLabel } from "../../../workloads/features/labels";
import { CommandError } from "../cli/command-error";
import type { CommandJobs } from "../jobs/command-jobs";
import type { SparkSpec, SparkTemplate } from "./declared-features";
import { table } from "../cli/table";

/** An entity, such as a person, and what is to become of what the stack keeps of it. */
export interface DeletionRequest {
  /** A view that has the entity, or the table of the events. */
  readonly name: string;
  readonly entity: string;
  /** Field of the events that names the entity, where a table is named whose views are of several. */
  readonly field?: string;
  /** Without it, everything is counted and nothing changes. */
  readonly yes: boolean;
  /** Whether the history of the tables goes too. */
  readonly purge: boolean;
}

/** Variable with the entity: arguments of jobs are written to logs. */
const entityVariable = "MLSTACK_ENTITY";

const declaredSchema = z.looseObject({
  name: z.string(),
  hudi: z.record(z.string(), z.string()),
});
const viewSchema = declaredSchema.extend({
  source: z.string(),
  entity: z.string(),
});

/** A view as its jobs read it. */
interface DeclaredView extends z.output<typeof viewSchema> {
  /** The declaration as it stands. */
  readonly text: string;
}

const rowsSchema = z.record(z.string(), z.number());
const deletedSchema = z.looseObject({
  metrics: z.looseObject({ letters: z.number(), untold: z.number() }),
  found: rowsSchema,
  anew: rowsSchema,
  instants: z.record(z.string(), z.string()),
  earlier: z.record(z.string(), z.tuple([z.number(), z.string()])),
});
type Deleted = z.output<typeof deletedSchema>;

const checkedSchema = z.looseObject({
  rows: rowsSchema,
  online: rowsSchema.optional(),
});

/**
 * Deletes an entity from the events, from the views over them, from the online store and from the dead letters, and
 * reads every place again; without `yes` it counts what there is.
 *
 * @returns what was done, as lines
 * @throws {CommandError} where something of it is left, or nothing was to be deleted
 */
export async function deleteEntity(
  jobs: CommandJobs,
  request: DeletionRequest,
): Promise<readonly string[]> {
  const { ingestion, events, views, beside, field } = located(jobs, request);
  const spec = deletionOf(ingestion.spec, views, beside, field, request);
  const { namespace } = ingestion;
  const name = await jobs.startSpark("delete", { namespace, spec });
  const found = deletedSchema.parse(
    JSON.parse(await jobs.sparkEnd(namespace, name, 3600)),
  );
  // It names the entity for as long as it is there; one that fails goes within the hour.
  await jobs.deleteSpark(namespace, name);
  const rows = placeTable(found);
  if (!request.yes)
    return [...rows, "nothing was deleted: --yes deletes what is listed here"];
  const left = await requireNothingLeft(jobs, ingestion, field, views, {
    entity: request.entity,
    found,
  });
  return [
    ...rows,
    left,
    ...stillReadable(found, [events, ...views]),
    ...beyondReach(ingestion.spec, found),
  ];
}

/** The requested table or view, and its ingestion, from the stack's jobs. @throws {CommandError} without one */
function located(jobs: CommandJobs, { name, field }: DeletionRequest) {
  const declared = jobs.declared.sparkSchedules({
    [commandLabel]: "rollback",
  });
  const every = declared.flatMap(({ spec }) => declaredViews(spec));
  const asked = every.find((view) => view.name === name);
  const source = asked?.source ?? name;
  const ingestions = jobs.declared.sparkJobsOf("/stream/ingest.py");
  const ingestion = ingestions.find(
    ({ spec }) => contractOf(spec)?.name === source,
  );
  const events = ingestion && contractOf(ingestion.spec);
  if (ingestion === undefined || events === undefined) {
    const known = [
      ...every.map((view) => view.name),
      ...ingestions.flatMap(({ spec }) => contractOf(spec)?.name ?? []),
    ];
    throw new CommandError(
      `${name}: the stack has no view and no stream's table of this name; it has ${known.join(", ") || "none"}`,
    );
  }
  const views = every.filter((view) => view.source === source);
  return {
    ingestion,
    events,
    views,
    /** Tables of other data sets, whose names may look like former versions of these. */
    beside: [
      ...every.filter((view) => view.source !== source),
      ...ingestions.flatMap(({ spec }) => contractOf(spec) ?? []),
    ].flatMap(({ name: other }) => (other === source ? [] : [other])),
    field: fieldOf(name, asked, views, field),
  };
}

/** Field that names the entity. @throws {CommandError} where that cannot be told */
export function fieldOf(
  name: string,
  asked: { readonly entity: string } | undefined,
  views: readonly { readonly entity: string }[],
  field: string | undefined,
): string {
  if (asked !== undefined) {
    if (field === undefined || field === asked.entity) return asked.entity;
    throw new CommandError(
      `--field ${field}: the entity of ${name} is ${asked.entity}; name the table of its events to delete by another field`,
    );
  }
  if (field !== undefined) return field;
  const entities = [...new Set(views.map(({ entity }) => entity))];
  const [only, ...others] = entities;
  if (only !== undefined && others.length === 0) return only;
  throw new CommandError(
    `${name}: its views are of ${entities.join(" and ") || "nothing"}; say with --field which field --entity is a value of`,
  );
}

const viewOption = "--view=";
const contractOption = "--contract=";

function declaredViews({
  arguments: given,
}: SparkSpec): readonly DeclaredView[] {
  return given
    .filter((each) => each.startsWith(viewOption))
    .map((each) => each.slice(viewOption.length))
    .map((text) => ({ ...viewSchema.parse(JSON.parse(text)), text }));
}

function contractOf({ arguments: given }: SparkSpec) {
  const contract = given.find((each) => each.startsWith(contractOption));
  return contract === undefined
    ? undefined
    : declaredSchema.parse(JSON.parse(contract.slice(contractOption.length)));
}

/** The job that deletes, of the ingestion that writes the events: it may write to both buckets. */
export function deletionOf(
  spec: SparkSpec,
  views: readonly { readonly text: string }[],
  beside: readonly string[],
  field: string,
  { entity, yes, purge }: Pick<DeletionRequest, "entity" | "yes" | "purge">,
): SparkSpec {
  const { driver } = spec;
  const [container, ...others] = driver.template.spec.containers;
  const env = [...(container?.env ?? []), entityEnv(entity)];
  return {
    ...spec,
    restartPolicy: { type: "Never" },
    mainApplicationFile: spec.mainApplicationFile.replace(
      /stream\/ingest\.py$/,
      "mlstack_features/deletion.py",
    ),
    arguments: [
      ...spec.arguments.filter((each) =>
        /^--(contract|feature-store|raw)=/.test(each),
      ),
      ...views.map(({ text }) => `${viewOption}${text}`),
      ...beside.map((name) => `--beside=${name}`),
      `--field=${field}`,
      ...(yes ? ["--yes"] : []),
      ...(yes && purge ? ["--purge"] : []),
    ],
    driver: {
      ...driver,
      template: {
        ...driver.template,
        spec: {
          ...driver.template.spec,
          containers: [{ ...container, env }, ...others],
        },
      },
    },
  };
}

// In the value of a variable, Kubernetes takes a dollar for the beginning of another one's name.
function entityEnv(entity: string): V1EnvVar {
  return { name: entityVariable, value: entity.replaceAll("$", "$$$$") };
}

/** Reads every place again with another reader than Spark, the online store included. @returns what it found, in words */
async function requireNothingLeft(
  jobs: CommandJobs,
  { namespace, spec }: SparkTemplate,
  field: string,
  views: readonly DeclaredView[],
  { entity, found }: { readonly entity: string; readonly found: Deleted },
): Promise<string> {
  const names = views
    .map(({ name }) => name)
    .filter((name) => name in found.instants);
  const sink = jobs.declared.deploymentWith(
    namespace,
    "mlstack_features.sink",
    names.map((name) => `${viewOption}${name}`),
  );
  const store = spec.arguments.find((each) =>
    each.startsWith("--feature-store="),
  );
  const answer = await jobs.tool(
    {
      namespace,
      command: ["python3", "-m", "mlstack_features.deletion_check"],
      args: [
        store ?? "",
        `--field=${field}`,
        ...Object.keys(found.found).map((name) => `--table=${name}`),
        ...(sink === undefined
          ? []
          : [
              "--online=$(ONLINE_STORE_URL)",
              ...names.map(
                (name) => `${viewOption}${name}=${found.instants[name]}`,
              ),
            ]),
      ],
      ...(sink === undefined ? {} : { env: sink }),
      also: [entityEnv(entity)],
    },
    600,
  );
  const { rows, online } = checkedSchema.parse(JSON.parse(answer));
  const count = Object.keys(rows).length;
  return `read again: 0 rows in ${count} tables, by Spark and by Hudi's Rust core; ${
    online === undefined
      ? "there is no online store"
      : `0 rows of ${Object.keys(online).length} views online`
  }; 0 dead letters`;
}

/** Table of the deleted and rebuilt rows by place. */
export function placeTable({
  found,
  anew,
  metrics: { letters: deadLetters },
}: Pick<Deleted, "found" | "anew" | "metrics">): readonly string[] {
  const rows = [
    ...Object.entries(found).map(([name, count]) => [name, `${count} rows`]),
    ...Object.entries(anew).map(([name, count]) => [
      name,
      `rows of ${count} others, without its events`,
    ]),
    ["dead letters", `${deadLetters} records`],
  ];
  return [table(["PLACE", "DELETED OR MADE ANEW"], rows)];
}

/** Instants of before the deletion, and how long each table keeps them. */
export function stillReadable(
  { earlier }: Pick<Deleted, "earlier">,
  declared: readonly z.output<typeof declaredSchema>[],
  now = new Date(),
): readonly string[] {
  return Object.entries(earlier).map(([name, [count, oldest]]) => {
    const hours = declared.find((each) => each.name === name)?.hudi[
      "hoodie.clean.hours.retained"
    ];
    const until =
      hours === undefined
        ? "for good, since nothing writes to it any more"
        : `until the first cleaning after ${new Date(now.getTime() + Number(hours) * 3_600_000).toISOString().slice(0, 16)}Z, which comes with what is written to it then`;
    return `${name}: ${count} instants of before, from ${oldest} on, can still be read as of, ${until}; the same command with --purge removes them`;
  });
}

/** Remaining copies of the entity's data that no command deletes. */
function beyondReach(
  { arguments: given }: SparkSpec,
  { metrics: { untold } }: Deleted,
): readonly string[] {
  const topic = given
    .find((each) => each.startsWith("--topic="))
    ?.slice("--topic=".length);
  return [
    ...(untold === 0
      ? []
      : [
          `${untold} dead letters are no JSON and have the entity's name somewhere in them: whose they are cannot be told`,
        ]),
    ...(topic === undefined
      ? []
      : [
          `the topic ${topic} keeps its records until its own retention is over; what comes from it again is a new row`,
        ]),
  ];
}
