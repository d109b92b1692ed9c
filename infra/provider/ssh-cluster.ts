import {
  controlPlaneOf,
  type SshClusterInputs,
  sshClusterSchema,
} from "../onprem/hosts";
import type { SshClusterState } from "../onprem/lifecycle";
import type { Work } from "../onprem/work";
import type { Context, ResourceKind } from "./resource";

type Outs = SshClusterInputs & SshClusterState;

// Loaded when there is something to do: a preview only compares.
const lifecycle = () =>
  require("../onprem/lifecycle") as typeof import("../onprem/lifecycle");

const workOf = ({ urn, signal, log }: Context): Work => ({
  owner: urn,
  signal,
  log,
});

/** Keys that the hosts showed before are asked of them from then on. */
function withKnownKeys<T extends SshClusterInputs>(
  inputs: T,
  { fingerprints }: SshClusterState,
): T {
  const hosts = inputs.hosts.map((host) => ({
    ...host,
    fingerprint: host.fingerprint ?? fingerprints[host.name],
  }));
  return { ...inputs, hosts };
}

/** A Kubernetes cluster on hosts reached over SSH. */
export const sshCluster: ResourceKind<SshClusterInputs, Outs> = {
  type: "mlstack:index:SshCluster",
  schema: sshClusterSchema,
  secretOutputs: ["kubeconfig"],
  kept: ["kubeconfig"],
  diff(_id, _outs, olds, news) {
    const [first] = controlPlaneOf(olds.hosts);
    const stays = controlPlaneOf(news.hosts).some(
      ({ name, address }) => name === first?.name && address === first.address,
    );
    // A cluster lives on as long as its first host does.
    return stays
      ? { update: ["hosts", "version"] }
      : { update: ["version"], replace: ["hosts"] };
  },
  async create(inputs, context) {
    const state = await (
      await lifecycle()
    ).createSshCluster(inputs, workOf(context));
    return { id: inputs.name, outs: { ...inputs, ...state } };
  },
  async update(_id, outs, news, context) {
    const state = await (
      await lifecycle()
    ).updateSshCluster(
      withKnownKeys(outs, outs),
      withKnownKeys(news, outs),
      workOf(context),
    );
    return { outs: { ...news, ...state } };
  },
  async read(_id, outs, context) {
    const state = await (
      await lifecycle()
    ).readSshCluster(withKnownKeys(outs, outs), workOf(context));
    return state && { outs: { ...outs, kubeconfig: state.kubeconfig } };
  },
  async delete(_id, outs, context) {
    await (
      await lifecycle()
    ).deleteSshCluster(withKnownKeys(outs, outs), workOf(context));
  },
};
