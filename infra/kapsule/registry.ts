import { Secret } from "@pulumi/kubernetes/core/v1";
import * as registry from "@pulumiverse/scaleway/registry";
import * as pulumi from "@pulumi/pulumi";

import type { IdentityArgs, ImageRegistry } from "../platform";
import { makeApplication } from "./application";

/** Arguments of the image registry, and the project that pulls from it. */
export interface RegistryArgs {
  readonly project: string;
  readonly region: string;
  /** Name of the namespace in the registry. */
  readonly registryName: string;
  readonly applicationName: string;
  readonly description: string;
  readonly tags: readonly string[];
}

/** A private namespace of the registry. Nodes have no right to it by themselves: pods pull with a key that reads images. */
export class ScalewayRegistry
  extends pulumi.ComponentResource
  implements ImageRegistry
{
  readonly prefix: pulumi.Output<string>;

  private readonly dockerConfig: pulumi.Output<string>;

  constructor(
    name: string,
    args: RegistryArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:ScalewayRegistry", name, {}, opts);
    const { region, project: projectId, description } = args;
    const images = new registry.Namespace(
      `${name}-namespace`,
      {
        ...{ name: args.registryName, region, projectId, description },
        isPublic: false,
      },
      { parent: this },
    );
    const { key } = makeApplication(
      `${name}-reader`,
      { ...args, permissionSets: ["ContainerRegistryReadOnly"] },
      { parent: this },
    );
    const host = `rg.${region}.scw.cloud`;
    this.prefix = pulumi.interpolate`${host}/${images.name}`;
    this.dockerConfig = pulumi.secret(
      key.secretKey.apply((password) =>
        JSON.stringify({
          auths: { [host]: { username: "nologin", password } },
        }),
      ),
    );
    this.registerOutputs({ prefix: this.prefix });
  }

  /** Image pull secret of a service account. */
  pullSecret(
    name: string,
    { namespace, name: account }: IdentityArgs["serviceAccount"],
    opts: pulumi.CustomResourceOptions,
  ): Secret {
    return new Secret(
      `${name}-images`,
      {
        metadata: { name: `${account}-images`, namespace },
        type: "kubernetes.io/dockerconfigjson",
        stringData: { ".dockerconfigjson": this.dockerConfig },
      },
      opts,
    );
  }
}
