import * as pulumi from "@pulumi/pulumi";

import type { Host, SshClusterInputs } from "./hosts";

/** A host whose key is a secret, and nothing else of it. */
export type HostArgs = Omit<Host, "key"> & {
  readonly key: pulumi.Input<string>;
};

type Args = Omit<SshClusterInputs, "hosts"> & {
  readonly hosts: readonly HostArgs[];
};

/** A cluster that kubeadm makes on hosts reached over SSH; hosts come and go in place. */
export class SshCluster extends pulumi.CustomResource {
  /** Secret. */
  declare readonly kubeconfig: pulumi.Output<string>;
  /** Keys that the hosts showed, by name of the host. */
  declare readonly fingerprints: pulumi.Output<
    Readonly<Record<string, string>>
  >;

  constructor(name: string, args: Args, opts?: pulumi.CustomResourceOptions) {
    super(
      "mlstack:index:SshCluster",
      name,
      { ...args, kubeconfig: undefined, fingerprints: undefined },
      { ...opts, additionalSecretOutputs: ["kubeconfig"] },
    );
  }
}
