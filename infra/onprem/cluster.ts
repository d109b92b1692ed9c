import * as pulumi from "@pulumi/pulumi";

import type { Host, SshClusterInputs, SshLogin } from "./hosts";

/** Login of this machine; only keys and passphrases are secrets. */
export type LoginArgs = Omit<SshLogin, "key" | "passphrase" | "keys"> & {
  readonly key?: pulumi.Input<string>;
  readonly passphrase?: pulumi.Input<string>;
  readonly keys?: pulumi.Input<Readonly<Record<string, string>>>;
};

type Args = Omit<SshClusterInputs, "hosts" | "ssh"> & {
  readonly hosts: readonly Omit<Host, "key">[];
  readonly ssh: LoginArgs;
};

/** A cluster that kubeadm makes on hosts reached over SSH; hosts come and go in place. */
export class SshCluster extends pulumi.CustomResource {
  /** Secret. */
  declare readonly kubeconfig: pulumi.Output<string>;
  /** Keys that the hosts showed, by name of the host. */
  declare readonly fingerprints: pulumi.Output<
    Readonly<Record<string, string>>
  >;
  /** ISO instant at which the first certificate of the control plane ends. */
  declare readonly certificatesEnd: pulumi.Output<string>;

  constructor(name: string, args: Args, opts?: pulumi.CustomResourceOptions) {
    super(
      "mlstack:index:SshCluster",
      name,
      {
        ...args,
        ...{ kubeconfig: undefined, fingerprints: undefined },
        ...{ certificatesEnd: undefined, silent: undefined },
        secretsEncrypted: undefined,
      },
      { ...opts, additionalSecretOutputs: ["kubeconfig"] },
    );
  }
}
