import { z } from "zod";

import { type ClusterInputs, clusterSchema } from "../local/inputs";
import { Layout } from "../local/layout";
import type { Cluster } from "../local/lifecycle";
import { deadMachines } from "../local/record";
import { referenceOf } from "../local/reference";
import type { Work } from "../local/work";
import type { Context, ResourceKind } from "./resource";

interface Outs extends ClusterInputs, Cluster {
  /** Whether every machine of the cluster runs. */
  readonly running: boolean;
}

// Loaded when there is something to do: a preview only compares.
const lifecycle = () =>
  require("../local/lifecycle") as typeof import("../local/lifecycle");

const workOf = ({ urn, signal, log }: Context): Work => ({
  owner: urn,
  signal,
  log,
});

const identitySchema = z.object({ clusterId: z.uuid() });

/** A Kubernetes cluster on this machine. */
export const localCluster: ResourceKind<ClusterInputs, Outs> = {
  type: "mlstack:index:LocalCluster",
  schema: clusterSchema,
  secretOutputs: ["kubeconfig"],
  kept: ["kubeconfig", "gateway", "clusterId"],
  async diff(_id, outs) {
    const dead = await deadMachines(new Layout(outs));
    return {
      update: ["pools", "registryStorage", "versions"],
      drifted: dead.length > 0 ? ["running"] : [],
    };
  },
  async create(inputs, context) {
    const cluster = await lifecycle().createCluster(inputs, workOf(context));
    return {
      id: referenceOf(new Layout(inputs), cluster.clusterId),
      outs: { ...inputs, ...cluster, running: true },
    };
  },
  async update(_id, outs, news, context) {
    const { clusterId } = identitySchema.parse(outs);
    const cluster = await lifecycle().updateCluster(
      news,
      clusterId,
      workOf(context),
    );
    return { outs: { ...news, ...cluster, running: true } };
  },
  async read(_id, outs) {
    const { clusterId } = identitySchema.parse(outs);
    const cluster = await lifecycle().readCluster(outs, clusterId);
    if (!cluster) return undefined;
    const running = (await deadMachines(new Layout(outs))).length === 0;
    return { outs: { ...outs, ...cluster, running } };
  },
  async delete(_id, outs, context) {
    const { clusterId } = identitySchema.parse(outs);
    await lifecycle().deleteCluster(outs, clusterId, workOf(context));
  },
};
