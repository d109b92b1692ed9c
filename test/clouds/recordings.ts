import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { pluginOf, targetKinds } from "../../infra";
import { deriveEphemeral } from "../../stacks/ephemeral/derive";
import {
  longestNames,
  longStack,
  poolsOf,
  wholeKubeflow,
} from "../support/longest-names";
import type { Recorded } from "../support/recording-monitor";
import { recordStack } from "../support/stack-program";

/** Stacks of the project that a cloud is under. */
export const clouds = ["aws", "gcp", "azure", "scaleway"] as const;
export type Cloud = (typeof clouds)[number];

/** Resources that a stack on a cloud registers, in one of its variants. */
export interface CloudRecording {
  readonly cloud: Cloud;
  readonly variant: string;
  readonly region: string;
  readonly resources: readonly Recorded[];
}

interface Variant {
  readonly settings: Readonly<Record<string, unknown>>;
  /** Name of the stack, where it is not that of its file. */
  readonly stack?: string;
}

/** Pools with accelerators and interruptible capacity, of machines that differ in what they take. */
const pools: Readonly<Record<Cloud, readonly object[]>> = {
  aws: [
    { name: "cpu", machineType: "m7i.xlarge", min: 1, max: 2 },
    { name: "c", machineType: "c7i.4xlarge", min: 0, max: 9, spot: true },
    { name: "r", machineType: "r7i.8xlarge", min: 0, max: 9, spot: true },
    gpu("t4", "g4dn.xlarge", 1, { spot: true }),
    gpu("a10g", "g5.12xlarge", 4, {}),
    gpu("a100", "p4d.24xlarge", 8, {}),
  ],
  gcp: [
    { name: "cpu", machineType: "n2-standard-4", min: 1, max: 2 },
    { name: "c", machineType: "c3-standard-8", min: 0, max: 9, spot: true },
    gpu("l4", "g2-standard-8", 1, { spot: true }),
    gpu("h100", "a3-highgpu-8g", 8, {}),
    gpu("h200", "a3-ultragpu-8g", 8, {}),
    gpu("b200", "a4-highgpu-8g", 8, {}),
  ],
  azure: [
    // More nodes than the ports of one address suffice for.
    { name: "cpu", machineType: "Standard_D4s_v5", min: 1, max: 90 },
    { name: "e", machineType: "Standard_E8s_v5", min: 0, max: 9, spot: true },
    gpu("t4", "Standard_NC4as_T4_v3", 1, { spot: true }),
    gpu("a100", "Standard_NC24ads_A100_v4", 1, {}),
    gpu("h100", "Standard_ND96isr_H100_v5", 8, {}),
  ],
  scaleway: [
    { name: "cpu", machineType: "POP2-4C-16G", min: 1, max: 2 },
    { name: "mem", machineType: "POP2-HM-8C-64G", min: 0, max: 9 },
    gpu("l4", "L4-1-24G", 1, {}),
    gpu("l40s", "L40S-8-48G", 8, {}),
    gpu("h100", "H100-2-80G", 2, {}),
  ],
};

function gpu(name: string, machineType: string, count: number, more: object) {
  return { ...more, name, machineType, min: 0, max: 2, gpu: { count } };
}

function fileOf(cloud: Cloud): Record<string, unknown> {
  const file = join(__dirname, `../../stacks/Pulumi.${cloud}.yaml`);
  return (parse(readFileSync(file, "utf8")) as { config: object })
    .config as Record<string, unknown>;
}

function targetOf(cloud: Cloud): Record<string, unknown> {
  return fileOf(cloud)["mlstack:target"] as Record<string, unknown>;
}

/** Settings without their name space. */
function settingsOf(config: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => key.startsWith("mlstack:"))
      .map(([key, value]) => [key.slice("mlstack:".length), value]),
  );
}

/** The stack of a cloud, and the ways in which others differ from it. */
function variantsOf(cloud: Cloud): Readonly<Record<string, Variant>> {
  const target = targetOf(cloud);
  const short = deriveEphemeral(fileOf(cloud), {
    expiry: "2030-01-01T00:00:00Z",
    owner: "somebody",
  });
  const longest = longestNames(cloud);
  return {
    base: { settings: {} },
    short: { settings: settingsOf(short), stack: "pr-123" },
    people: {
      settings: {
        target: {
          ...target,
          ...(cloud === "scaleway" && {
            admins: ["user", "application"].map(
              (kind, index) =>
                `${kind}:00000000-0000-4000-8000-00000000000${index}`,
            ),
          }),
          ...(cloud === "aws" && { gpuZones: ["euc1-az2"] }),
          ...(cloud === "azure" && {
            gpuZones: ["2"],
            admins: ["group", "user", "app"].map(
              (kind, index) =>
                `${kind}:00000000-0000-4000-8000-00000000000${index}`,
            ),
          }),
        },
      },
    },
    private: { settings: { target: { ...target, apiAllow: [] } } },
    pools: { settings: { pools: pools[cloud] } },
    owner: { settings: { owner: "somebody-else" } },
    longest: {
      settings: {
        ...longest,
        kubeflow: { trainingOperator: true },
        pools: poolsOf(cloud, longest.streams.clickstream.pool),
      },
      stack: longStack,
    },
    kubeflow: {
      settings: {
        kubeflow: wholeKubeflow,
        // Pipelines are for one team alone.
        teams: [{ name: "ml" }],
        workloads: { clickstream: { team: "ml" } },
        kafka: { kind: "strimzi", topics: [{ name: "events" }] },
        streams: {
          clickstream: { topic: "events", online: { kind: "redis" } },
        },
      },
    },
  };
}

/** Everything that is judged: each cloud's stack in each of its variants. */
export async function recordClouds(): Promise<readonly CloudRecording[]> {
  const recordings: CloudRecording[] = [];
  for (const cloud of clouds) {
    const region = String(targetOf(cloud)["region"]);
    for (const [variant, { settings, stack = cloud }] of Object.entries(
      variantsOf(cloud),
    )) {
      const { resources } = await recordStack(cloud, settings, stack);
      recordings.push({ cloud, variant, region, resources });
    }
  }
  return recordings;
}

/** Providers of the targets, by the first part of their types. */
const providers = targetKinds.flatMap((kind) => pluginOf(kind)?.name ?? []);

/** Types that a cloud makes; the others are the cluster's and the program's own. */
export function isOfCloud({ type, custom }: Recorded): boolean {
  const provider = type.replace(/^pulumi:providers:/, "").split(":")[0] ?? "";
  return custom && providers.includes(provider);
}
