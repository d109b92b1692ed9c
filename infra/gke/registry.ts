import * as artifactregistry from "@pulumi/gcp/artifactregistry";
import * as pulumi from "@pulumi/pulumi";

import type { ImageRegistry } from "../platform";

/** Arguments of the image registry, and the identity that pulls from it. */
export interface RegistryArgs {
  readonly project: string;
  readonly region: string;
  readonly repository: string;
  readonly reader: pulumi.Input<string>;
}

/** A repository of Artifact Registry that the nodes read. */
export class ArtifactRegistry
  extends pulumi.ComponentResource
  implements ImageRegistry
{
  readonly prefix: pulumi.Output<string>;

  constructor(
    name: string,
    { project, region, repository, reader }: RegistryArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:ArtifactRegistry", name, {}, opts);
    const images = new artifactregistry.Repository(
      `${name}-repository`,
      {
        repositoryId: repository,
        location: region,
        format: "DOCKER",
        // A tag is the hash of what the image was made from.
        dockerConfig: { immutableTags: true },
      },
      { parent: this },
    );
    new artifactregistry.RepositoryIamMember(
      `${name}-reader`,
      {
        repository: images.name,
        location: region,
        role: "roles/artifactregistry.reader",
        member: pulumi.interpolate`serviceAccount:${reader}`,
      },
      { parent: this },
    );
    this.prefix = images.repositoryId.apply(
      (id) => `${region}-docker.pkg.dev/${project}/${id}`,
    );
    this.registerOutputs({ prefix: this.prefix });
  }
}
