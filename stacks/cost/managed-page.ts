import {
  byDelay,
  delays,
  job,
  type ManagedInputs,
  ratio,
  spotOf,
  startUp,
  uplifts,
} from "./managed";
import { money } from "./money";

/** The page of the comparison, in Markdown: nothing in it is written by hand but the words. */
export function managedPage(inputs: ManagedInputs): string {
  const { known, unknown } = uplifts(inputs);
  const emr = known.find(({ service }) => service === "EMR on EC2")?.times ?? 1;
  const dataproc =
    known.find(({ service }) => service === "Dataproc on Compute Engine")
      ?.times ?? 1;
  const clouds = [
    {
      cloud: "AWS",
      said: 0.3,
      ...spotOf(inputs.eks, "eu-central-1", "m7i.4xlarge"),
      multiplier: emr,
      floor: inputs.floors.aws,
      stack: "aws",
      service: "EMR on EC2",
    },
    {
      cloud: "GCP",
      said: 0.26,
      ...spotOf(inputs.gke, "europe-west4", "n2-standard-16"),
      multiplier: dataproc,
      floor: inputs.floors.gcp,
      stack: "gcp",
      service: "Dataproc",
    },
  ];
  const [aws] = clouds;
  return [
    "# Against managed services",
    "",
    "`npm run cost -- --managed` generates this page from the prices in `infra/*/prices`, each with its source and date, and from the",
    "floors of the stacks `aws` and `gcp`; a test checks that it is current. Prices are list prices in US dollars.",
    "",
    "## Price of the same machine in a managed service",
    "",
    ...markdown(
      [
        "service",
        "on",
        "price over the machine's",
        "self-run at equal use",
        "oldest price",
      ],
      known.map(({ service, on, times, oldest }) => [
        service,
        on,
        `x ${times.toFixed(2)}`,
        percent(1 / times),
        oldest,
      ]),
    ),
    "",
    `Left out, since their prices are unknown: ${unknown.length > 0 ? unknown.join(", ") : "none"}.`,
    "",
    "## 30 % on AWS, 26 % on GCP",
    "",
    'The talk of 2021 that this project started from gives these shares of a managed service\'s "compute utilization", without',
    "workload, region or dollar figures. With a price multiplier m of the managed service, a share s of the executors on spot and a",
    "spot discount d, a self-run service costs (1 - s d) / m of the managed one at equal use:",
    "",
    ...markdown(
      [
        "",
        ...clouds.map(
          ({ cloud, service }) => `${cloud}, against ${service} on demand`,
        ),
      ],
      [
        [
          "the fee removed, all on demand",
          ...clouds.map(({ multiplier }) => percent(ratio(multiplier, 0, 0))),
        ],
        [
          "all executors on spot, at the lowest price seen",
          ...clouds.map(
            ({ multiplier, low, date }) =>
              `${percent(ratio(multiplier, 1, 1 - low))} (of ${date.low})`,
          ),
        ],
        [
          "all executors on spot, at the highest price seen",
          ...clouds.map(
            ({ multiplier, high, date }) =>
              `${percent(ratio(multiplier, 1, 1 - high))} (of ${date.high})`,
          ),
        ],
        [
          "nine in ten on spot, lowest to highest",
          ...clouds.map(
            ({ multiplier, low, high }) =>
              `${percent(ratio(multiplier, 0.9, 1 - low))} to ${percent(ratio(multiplier, 0.9, 1 - high))}`,
          ),
        ],
        ["said in the talk", ...clouds.map(({ said }) => percent(said))],
        [
          "required spot discount times share",
          ...clouds.map(({ said, multiplier }) =>
            percent(1 - said * multiplier),
          ),
        ],
        [
          "observed discounts",
          ...clouds.map(
            ({ low, high }) => `${percent(1 - high)} to ${percent(1 - low)}`,
          ),
        ],
        [
          "holds",
          ...clouds.map(({ said, multiplier, low, high }) =>
            holds(1 - said * multiplier, 1 - low, 1 - high),
          ),
        ],
      ],
    ),
    "",
    "Both figures hold only for self-run on spot against managed on demand, at the lowest spot prices. With both on demand, neither",
    "holds: only the fee is saved.",
    "",
    "## The largest factor: idle time of nodes",
    "",
    `${job.usefulMinutes} useful minutes of every hour on ${job.machines} machines of type m7i.4xlarge. Managed: a cluster of ${job.managed.machines} machines on demand, created for each`,
    `job in ${job.managed.startMinutes} minutes. Self-run: ${job.nodeStartMinutes} minutes until a node runs pods, and the autoscaler's delay before it removes an idle node`,
    "(10 minutes by default).",
    "",
    ...markdown(
      ["self-run", ...delays.map((delay) => `delay ${delay} min`)],
      [
        [
          "on demand",
          ...delays.map((delay) => percent(byDelay(delay, emr, 1))),
        ],
        [
          "spot, lowest",
          ...delays.map((delay) => percent(byDelay(delay, emr, aws?.low ?? 1))),
        ],
        [
          "spot, highest",
          ...delays.map((delay) =>
            percent(byDelay(delay, emr, aws?.high ?? 1)),
          ),
        ],
      ],
    ),
    "",
    "## Start-up",
    "",
    `First executor after ${startUp.own.warm} s warm and ${startUp.own.first} s with images to pull, measured on a local stack of two cores. The ${startUp.managed} s of the`,
    "managed service are from the talk. Cost relative to the managed service, from start-up and fee only, by the length of the job:",
    "",
    ...markdown(
      ["job", "1 min", "5 min", "10 min", "1 h"],
      (["warm", "first"] as const).map((kind) => [
        kind,
        ...[60, 300, 600, 3600].map((seconds) =>
          percent(
            (seconds + startUp.own[kind]) / (emr * (seconds + startUp.managed)),
          ),
        ),
      ]),
    ),
    "",
    "## The floor",
    "",
    "A self-run platform costs its floor even when nothing runs; a managed service does not. Below this monthly bill, the managed",
    "service is cheaper:",
    "",
    ...markdown(
      [
        "",
        ...clouds.map(
          ({ stack, floor }) => `\`${stack}\`, floor ${money(floor)}`,
        ),
      ],
      [
        [
          "all on demand, equal use",
          ...clouds.map(({ floor, multiplier }) =>
            money(floor / (1 - ratio(multiplier, 0, 0))),
          ),
        ],
        [
          "executors on spot, highest price seen",
          ...clouds.map(({ floor, multiplier, high }) =>
            money(floor / (1 - ratio(multiplier, 1, 1 - high))),
          ),
        ],
        [
          "executors on spot, lowest price seen",
          ...clouds.map(({ floor, multiplier, low }) =>
            money(floor / (1 - ratio(multiplier, 1, 1 - low))),
          ),
        ],
      ],
    ),
    "",
  ].join("\n");
}

function holds(needed: number, most: number, least: number): string {
  if (least >= needed) return "yes, at every price seen";
  return most >= needed ? "at the lowest spot prices only" : "no";
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** A table in Markdown, its columns as wide as prettier makes them. */
function markdown(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const widths = header.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [
    line(header),
    line(widths.map((width) => "-".repeat(width))),
    ...rows.map(line),
  ];
}
