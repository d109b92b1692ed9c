import * as containerregistry from "@pulumi/azure-native/containerregistry";
import * as pulumi from "@pulumi/pulumi";

import type { ImageRegistry } from "../platform";
import { assignRole } from "./role";
import { roles } from "./rules";

/** Arguments of the image registry, and the identity that pulls from it. */
export interface RegistryArgs {
  readonly subscription: string;
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: string;
  readonly registryName: string;
  /** The identity that nodes pull with. */
  readonly kubeletId: pulumi.Input<string>;
  readonly tags: Readonly<Record<string, string>>;
}

/** A container registry that the nodes read with their identity. */
export class AcrRegistry
  extends pulumi.ComponentResource
  implements ImageRegistry
{
  readonly prefix: pulumi.Output<string>;

  constructor(
    name: string,
    args: RegistryArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:AcrRegistry", name, {}, opts);
    const registry = new containerregistry.Registry(
      `${name}-registry`,
      {
        resourceGroupName: args.resourceGroupName,
        location: args.location,
        registryName: args.registryName,
        sku: { name: "Standard" },
        adminUserEnabled: false,
        anonymousPullEnabled: false,
        tags: args.tags,
      },
      { parent: this },
    );
    assignRole(
      `${name}-pull`,
      {
        subscription: args.subscription,
        role: roles.acrPull,
        principalId: args.kubeletId,
        principalType: "ServicePrincipal",
        owner: args.registryName,
        scope: registry.id,
      },
      { parent: this },
    );
    this.prefix = registry.loginServer;
    this.registerOutputs({ prefix: this.prefix });
  }
}
