import { setTimeout as pause } from "node:timers/promises";

import { z } from "zod";

import { CommandFailed, run } from "../supply/process";

/** Identity of a managed node group. */
export interface NodeGroupAddress {
  readonly region: string;
  readonly cluster: string;
  readonly group: string;
}

/** Nodes of a group: fewest and most. */
export interface NodeGroupBounds {
  readonly min: number;
  readonly max: number;
}

/** A scaling configuration as EKS has it. */
interface Scaling extends NodeGroupBounds {
  readonly desired: number;
}

const pollMilliseconds = 5_000;

const groupSchema = z.object({
  nodegroup: z.object({
    status: z.string(),
    scalingConfig: z.object({
      minSize: z.number(),
      maxSize: z.number(),
      desiredSize: z.number(),
    }),
  }),
});

const updateSchema = z.object({
  update: z.object({
    id: z.string(),
    status: z.string(),
    errors: z.array(z.object({ errorMessage: z.string() })).default([]),
  }),
});

/**
 * The scaling configuration to ask for, so that a group gets these bounds. The number of nodes is the autoscaler's, and
 * is left out: EKS keeps it. It refuses bounds that do not hold it, so there it goes to the nearest of them.
 *
 * @returns undefined where the group has these bounds
 */
export function scalingFor(
  { min, max }: NodeGroupBounds,
  now: Scaling,
): Readonly<Record<string, number>> | undefined {
  if (now.min === min && now.max === max) return undefined;
  const desired = Math.min(Math.max(now.desired, min), max);
  return {
    minSize: min,
    maxSize: max,
    ...(desired !== now.desired && { desiredSize: desired }),
  };
}

/** Managed node groups of EKS, by the AWS CLI, which finds the credentials that the provider finds. */
export class NodeGroups {
  constructor(
    private readonly signal: AbortSignal,
    private readonly log: (message: string) => void,
  ) {}

  /** Bounds of a group; undefined where there is no such group. */
  async bounds(
    address: NodeGroupAddress,
  ): Promise<NodeGroupBounds | undefined> {
    try {
      const { min, max } = (await this.look(address)).scaling;
      return { min, max };
    } catch (error) {
      if (
        error instanceof CommandFailed &&
        error.lastLines.some((line) => /ResourceNotFoundException/.test(line))
      )
        return undefined;
      throw error;
    }
  }

  /**
   * Gives a group its bounds, and waits until it has them.
   *
   * @throws when EKS refuses them, with what it says
   */
  async bound(
    address: NodeGroupAddress,
    bounds: NodeGroupBounds,
  ): Promise<void> {
    const scaling = scalingFor(bounds, await this.settled(address));
    if (!scaling) return;
    const words = Object.entries(scaling).map((pair) => pair.join("="));
    this.log(`sets ${words.join(", ")}`);
    await this.ended(
      address,
      await this.ask("update-nodegroup-config", [
        ...["--cluster-name", address.cluster, "--region", address.region],
        ...["--nodegroup-name", address.group],
        ...["--scaling-config", words.join(",")],
      ]),
    );
  }

  /** Current bounds of a group, once no update of it is in progress: EKS refuses a second one. */
  private async settled(address: NodeGroupAddress): Promise<Scaling> {
    for (;;) {
      const { status, scaling } = await this.look(address);
      if (status !== "UPDATING" && status !== "CREATING") return scaling;
      this.log(`waits for another change of ${address.group}`);
      await pause(pollMilliseconds, undefined, { signal: this.signal });
    }
  }

  private async look({ region, cluster, group }: NodeGroupAddress) {
    const answer = await this.ask("describe-nodegroup", [
      ...["--cluster-name", cluster, "--nodegroup-name", group],
      ...["--region", region],
    ]);
    const { status, scalingConfig } = groupSchema.parse(
      JSON.parse(answer),
    ).nodegroup;
    const { minSize: min, maxSize: max, desiredSize: desired } = scalingConfig;
    return { status, scaling: { min, max, desired } };
  }

  private async ended(
    { region, cluster, group }: NodeGroupAddress,
    first: string,
  ): Promise<void> {
    for (let answer = first; ;) {
      const { id, status, errors } = updateSchema.parse(
        JSON.parse(answer),
      ).update;
      if (status === "Successful") return;
      if (status !== "InProgress") {
        const reasons = errors.map(({ errorMessage }) => errorMessage);
        throw new Error(
          `node group ${group}: EKS did not change its size: ${[status, ...reasons].join(": ")}`,
        );
      }
      await pause(pollMilliseconds, undefined, { signal: this.signal });
      answer = await this.ask("describe-update", [
        ...["--name", cluster, "--nodegroup-name", group],
        ...["--update-id", id, "--region", region],
      ]);
    }
  }

  private ask(call: string, args: readonly string[]): Promise<string> {
    return run("aws", ["eks", call, ...args, "--output", "json"], {
      signal: this.signal,
      env: { AWS_PAGER: "" },
    });
  }
}
