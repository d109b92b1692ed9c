import type * as pulumi from "@pulumi/pulumi";

import { Profile } from "../kinds/profile";
import { subjectOf, userName, type User } from "./members";

/**
 * Annotations of a namespace that the profile controller takes over as that of a profile: it does when they name the
 * profile's owner, and else makes nothing in it (components/profile-controller/controllers/profile_controller.go,
 * 1.10). So the namespace stays the program's: it is there before what goes into it, keeps its label for Pod Security,
 * and is not given `istio-injection`, whose init container the standard `restricted` refuses.
 */
export function adoptedFor(owner: User): Readonly<Record<string, string>> {
  return { owner: userName(owner) };
}

/**
 * A team as Kubeflow knows it. The controller makes of it the quota, the owner's rights, and the accounts
 * `default-editor` and `default-viewer`; Profiles say in no status when that is done.
 */
export function teamProfile(
  name: string,
  args: {
    /** Has the annotations of {@link adoptedFor}. */
    readonly namespace: pulumi.Input<string>;
    readonly owner: User;
    readonly hard: Readonly<Record<string, string>>;
  },
  opts: pulumi.CustomResourceOptions,
): Profile {
  return new Profile(
    name,
    {
      metadata: {
        name: args.namespace,
        annotations: {
          // The last thing that the controller does for a new profile, behind the quota.
          "pulumi.com/waitFor":
            "jsonpath={.metadata.finalizers[0]}=profile-finalizer",
          // The controller writes whole profiles back, quantities in its own spelling, and so owns their fields too.
          "pulumi.com/patchForce": "true",
          // With foreground deletion, the controller would recreate what is deleted first, again and again, and the profile would stay.
          "pulumi.com/deletionPropagationPolicy": "background",
        },
      },
      spec: {
        owner: subjectOf(args.owner),
        resourceQuotaSpec: { hard: args.hard },
      },
    },
    opts,
  );
}
