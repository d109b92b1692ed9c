import * as pulumi from "@pulumi/pulumi";

/** A program that prints a short-lived token, so that no credential lies in the kubeconfig. */
export interface TokenCommand {
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly installHint?: string;
}

/** Address of a cluster, and credentials of a client. */
export interface ClusterAccess {
  readonly name: string;
  readonly server: string;
  /** Certificate authority, base64. */
  readonly certificateAuthority: string;
  readonly token: TokenCommand;
}

/** A kubeconfig (JSON, which is YAML too) with one context. */
export function execKubeconfig({
  name,
  server,
  certificateAuthority,
  token,
}: ClusterAccess): string {
  const cluster = {
    server,
    "certificate-authority-data": certificateAuthority,
  };
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    interactiveMode: "Never",
    provideClusterInfo: true,
    ...token,
  };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster }],
    users: [{ name, user: { exec } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}

/** The kubeconfig of access that is known once the cluster is there, as a secret. */
export function secretKubeconfig(
  access: pulumi.Input<pulumi.Unwrap<ClusterAccess>>,
): pulumi.Output<string> {
  return pulumi.secret(pulumi.output(access).apply(execKubeconfig));
}
