import { type ClusterInputs, clusterSchema } from "../local/inputs";
import type { Cluster } from "../local/lifecycle";
import { deadMachines } from "../local/record";
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

/** A Kubernetes cluster on this machine. */
export const localCluster: ResourceKind<ClusterInputs, Outs> = {
  type: "mlstack:index:LocalCluster",
  schema: clusterSchema,
  secretOutputs: ["kubeconfig"],
  async diff(_id, outs) {
    const dead = await deadMachines(outs);
    return { update: ["pools"], drifted: dead.length > 0 ? ["running"] : [] };
  },
  async create(inputs, context) {
    const cluster = await lifecycle().createCluster(inputs, workOf(context));
    return {
      id: inputs.name,
      outs: { ...inputs, ...cluster, running: true },
    };
  },
  async update(_id, _outs, news, context) {
    const cluster = await lifecycle().updateCluster(news, workOf(context));
    return { outs: { ...news, ...cluster, running: true } };
  },
  async read(_id, outs) {
    const cluster = await lifecycle().readCluster(outs);
    if (!cluster) return undefined;
    const running = (await deadMachines(outs)).length === 0;
    return { outs: { ...outs, ...cluster, running } };
  },
  async delete(_id, outs) {
    await lifecycle().deleteCluster(outs);
  },
};
