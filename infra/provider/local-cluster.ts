import { z } from "zod";

import {
  type ClusterInputs,
  type ClusterPlace,
  clusterSchema,
  dataFolderSchema,
} from "../local/inputs";
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

const storedSchema = z.object({
  ...clusterSchema.shape,
  // A default has no place here: what a stored value lacks may be anything.
  dataDir: dataFolderSchema,
  clusterId: z.uuid(),
  kubeconfig: z.string(),
  gateway: z.string(),
  nodes: z.array(z.string()),
  running: z.boolean(),
  secretsEncrypted: z.boolean().default(false),
});

/** A Kubernetes cluster on this machine. */
export const localCluster: ResourceKind<ClusterInputs, Outs> = {
  type: "mlstack:index:LocalCluster",
  schema: clusterSchema,
  stored: storedSchema,
  secretOutputs: ["kubeconfig"],
  kept: ["kubeconfig", "gateway", "clusterId"],
  async diff(_id, outs) {
    const dead = await deadMachines(new Layout(outs));
    return {
      update: ["pools", "internet", "registryStorage", "versions"],
      drifted: [
        ...(dead.length > 0 ? ["running"] : []),
        ...(outs.secretsEncrypted ? [] : ["secretsEncrypted"]),
      ],
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
    const cluster = await lifecycle().updateCluster(
      news,
      outs.clusterId,
      workOf(context),
    );
    return { outs: { ...news, ...cluster, running: true } };
  },
  async read(_id, outs) {
    const cluster = await lifecycle().readCluster(outs, outs.clusterId);
    return cluster && { outs: { ...outs, ...cluster, ...(await state(outs)) } };
  },
  async import(reference) {
    const found = await lifecycle().importCluster(reference);
    if (!found) return undefined;
    const { inputs, cluster } = found;
    return {
      inputs,
      outs: { ...inputs, ...cluster, ...(await state(inputs)) },
    };
  },
  async delete(_id, outs, context) {
    await lifecycle().deleteCluster(outs, outs.clusterId, workOf(context));
  },
};

async function state(place: ClusterPlace): Promise<Pick<Outs, "running">> {
  const dead = await deadMachines(new Layout(place));
  return { running: dead.length === 0 };
}
