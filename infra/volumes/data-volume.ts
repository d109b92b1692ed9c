import type { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider";
import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";

import type { Platform, Volume, VolumeArgs } from "../platform";
import type { Lifetime } from "../target";
import { VolumeSize } from "./volume-size";

/** Arguments of {@link DataVolume}. */
export interface DataVolumeArgs extends VolumeArgs {
  readonly storage: Platform["storage"];
  readonly lifetime: Lifetime;
  readonly provider: KubernetesProvider;
}

/**
 * A volume that holds data, for one pod at a time. Its claim is a resource of the program and not a template of a
 * StatefulSet, which Kubernetes does not change and Pulumi would replace together with the data: so it grows in place,
 * and outlives the pods that mount it. Long-lived stacks protect it against deletion and replacement.
 */
export class DataVolume extends pulumi.ComponentResource implements Volume {
  readonly claim: pulumi.Output<string>;
  readonly resource: pulumi.Resource;

  constructor(
    name: string,
    args: DataVolumeArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:DataVolume", name, {}, opts);
    const { storage, namespace, size } = args;
    const { expandable } = storage;
    const checked = new VolumeSize(
      name,
      {
        claim: pulumi.interpolate`${namespace}/${args.name}`,
        ...{ size, expandable },
      },
      { parent: this },
    );
    const claim = new PersistentVolumeClaim(
      name,
      {
        metadata: {
          name: args.name,
          namespace,
          // With the binding mode WaitForFirstConsumer, the claim stays pending until its first pod.
          annotations: { "pulumi.com/skipAwait": "true" },
        },
        spec: {
          accessModes: ["ReadWriteOnce"],
          storageClassName: storage.block,
          resources: { requests: { storage: size } },
        },
      },
      {
        parent: this,
        provider: args.provider,
        dependsOn: checked,
        protect: args.lifetime === "long",
        // These volumes cannot be resized, and the API server refuses a changed request.
        ignoreChanges: expandable ? [] : ["spec.resources.requests"],
      },
    );
    this.resource = claim;
    this.claim = claim.metadata.name;
    this.registerOutputs({ claim: this.claim });
  }
}
