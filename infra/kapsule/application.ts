import * as iam from "@pulumiverse/scaleway/iam";
import type * as pulumi from "@pulumi/pulumi";

import { nameWithin } from "../names/name-limits";
import { nameLimits } from "./name-limits";

/** Arguments of an application, and its permissions in the project. */
export interface ApplicationArgs {
  /** Name in the organization. */
  readonly applicationName: string;
  readonly project: string;
  readonly description: string;
  /** @see https://www.scaleway.com/en/docs/iam/reference-content/permission-sets/ */
  readonly permissionSets: readonly string[];
  readonly tags: readonly string[];
}

/** An application of IAM with one key. */
export interface Application {
  readonly application: iam.Application;
  readonly rights: iam.Policy;
  readonly key: iam.ApiKey;
}

/** Makes an application, its rights and its key: the only way in which anything that is no person enters Scaleway. */
export function makeApplication(
  name: string,
  args: ApplicationArgs,
  opts: pulumi.CustomResourceOptions,
): Application {
  const { description, project } = args;
  const tags = [...args.tags];
  const application = new iam.Application(
    `${name}-application`,
    {
      name: nameWithin(nameLimits.Application, args.applicationName),
      ...{ description, tags },
    },
    opts,
  );
  const rights = new iam.Policy(
    `${name}-rights`,
    {
      name: nameWithin(nameLimits.Policy, args.applicationName),
      ...{ description, tags },
      applicationId: application.id,
      rules: [
        {
          projectIds: [project],
          permissionSetNames: [...args.permissionSets],
        },
      ],
    },
    opts,
  );
  const key = new iam.ApiKey(
    `${name}-key`,
    {
      applicationId: application.id,
      defaultProjectId: project,
      description,
    },
    opts,
  );
  return { application, rights, key };
}
