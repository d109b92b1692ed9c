import { isDue } from "../onprem/certificates";
import {
  controlPlaneOf,
  type Host,
  isSameNode,
  type SshClusterInputs,
  sshClusterSchema,
} from "../onprem/hosts";
import type { KeptWork } from "../onprem/lifecycle";
import {
  type SshClusterState,
  sshClusterStateSchema,
  versionBegun,
} from "../onprem/state";
import { refuseUpgrade } from "../onprem/versions";
import { type Context, PartialFailure, type ResourceKind } from "./resource";

// Loaded when there is something to do: a preview only compares.
const lifecycle = () =>
  require("../onprem/lifecycle") as typeof import("../onprem/lifecycle");

/** A Kubernetes cluster on hosts reached over SSH; its ID is random, and in the mark on every host. */
export const sshCluster: ResourceKind<SshClusterInputs, SshClusterState> = {
  type: "mlstack:index:SshCluster",
  schema: sshClusterSchema,
  stored: sshClusterStateSchema,
  secretOutputs: ["kubeconfig"],
  kept: [
    ...["kubeconfig", "fingerprints", "certificatesEnd"],
    ...["silent", "upgrading", "secretsEncrypted"],
  ],
  diff(id, outs, _olds, news) {
    requireChangeable(id, outs, news);
    const { silent, certificatesEnd, upgrading, secretsEncrypted } = outs;
    const drifted = [
      ...(upgrading === "" ? [] : ["upgrading"]),
      ...(silent.length > 0 ? ["silent"] : []),
      ...(secretsEncrypted ? [] : ["secretsEncrypted"]),
      ...(isDue(certificatesEnd, new Date()) ? ["certificatesEnd"] : []),
    ];
    const update = [
      ...["hosts", "version", "endpoint", "ssh", "lifetime", "import"],
      ...["installKubelet", "ignorePreflightErrors"],
    ];
    const fixed = ["name", "pods", "services", "kubelet", "kubeProxy"];
    // A long-lived cluster is never replaced: a change that would need a replacement is an error.
    return {
      update,
      drifted,
      replace: news.lifetime === "short" ? replaced(fixed, outs, news) : [],
    };
  },
  async create(inputs, context) {
    const { id, state } = await keeping(context, inputs.hosts, (work) =>
      lifecycle().createSshCluster(inputs, work),
    );
    return { id, outs: state };
  },
  async update(id, outs, news, context) {
    const declared = [...news.hosts, ...outs.hosts];
    const state = await keeping(context, declared, (work) =>
      lifecycle().updateSshCluster(
        id,
        withKnownKeys(outs, outs),
        withKnownKeys(news, outs),
        work,
      ),
    );
    return { outs: { ...state, hosts: news.hosts } };
  },
  async read(id, outs, context) {
    const state = await lifecycle().readSshCluster(
      id,
      withKnownKeys(outs, outs),
      workOf(context),
    );
    return state && { outs: { ...state, hosts: outs.hosts } };
  },
  async delete(id, outs, context) {
    const forgetSilent =
      process.env["PULUMI_K8S_DELETE_UNREACHABLE"] === "true";
    await lifecycle().deleteSshCluster(
      id,
      withKnownKeys(outs, outs),
      forgetSilent,
      workOf(context),
    );
  },
};

const workOf = ({ urn, signal, log }: Context) => ({ owner: urn, signal, log });

/** Reports partial results to the engine when a later part of the operation fails. */
async function keeping<Result>(
  context: Context,
  declared: readonly Host[],
  run: (work: KeptWork) => Promise<Result>,
): Promise<Result> {
  let kept: { id: string; state: SshClusterState } | undefined;
  const keep = (id: string, state: SshClusterState) => {
    kept = { id, state };
  };
  try {
    return await run({ ...workOf(context), keep });
  } catch (error) {
    if (!kept) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const hosts = kept.state.hosts.map(
      (host) => declared.find((each) => isSameNode(each, host)) ?? host,
    );
    const outs = { ...kept.state, hosts };
    throw new PartialFailure(kept.id, outs, reason, { cause: error });
  }
}

/** Throws where no update leads to the new inputs, so that a preview says so. */
function requireChangeable(
  id: string,
  outs: SshClusterState,
  news: SshClusterInputs,
): void {
  if (news.import !== undefined && news.import !== id) {
    throw new Error(
      `target.import: "${news.import}": this stack has the cluster ${id} already; take target.import out`,
    );
  }
  const refusal = refuseUpgrade(versionBegun(outs), news.version);
  if (refusal) {
    throw new Error(`target.version: "${news.version}": ${refusal}`);
  }
  if (news.lifetime === "long" && !keepsControlPlane(outs, news)) {
    throw new Error(
      "target.hosts: no control-plane host of the cluster stays; keep one until the new ones are in it",
    );
  }
}

function keepsControlPlane(
  outs: SshClusterState,
  news: SshClusterInputs,
): boolean {
  const olds = controlPlaneOf(outs.hosts);
  // A cluster that has not begun yet has none to keep.
  if (outs.kubeconfig === "") return true;
  return controlPlaneOf(news.hosts).some((host) =>
    olds.some((old) => isSameNode(old, host)),
  );
}

function replaced(
  fixed: readonly string[],
  outs: SshClusterState,
  news: SshClusterInputs,
): readonly string[] {
  return keepsControlPlane(outs, news) ? fixed : [...fixed, "hosts"];
}

/** Keys that the hosts showed before are asked of them from then on. */
function withKnownKeys<Values extends SshClusterInputs>(
  inputs: Values,
  { hosts: olds, fingerprints }: SshClusterState,
): Values {
  const hosts = inputs.hosts.map((host) => {
    const known = olds.some(
      ({ name, address }) => name === host.name && address === host.address,
    );
    const shown = known ? fingerprints[host.name] : undefined;
    return { ...host, fingerprint: host.fingerprint ?? shown };
  });
  return { ...inputs, hosts };
}
