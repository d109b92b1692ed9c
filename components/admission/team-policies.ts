import * as pulumi from "@pulumi/pulumi";

import type { Platform } from "../../infra/platform";
import { accountPolicy } from "./account-objects";
import { endpointPolicy } from "./endpoints";
import { executorPolicy } from "./executors";
import { networkPolicyPolicy } from "./network-policies";
import { placementPolicy } from "./placements";
import { admissionPolicy } from "./policy";
import { priorityPolicy } from "./priorities";
import { servicePolicy } from "./services";

/** Admission policies of the teams' namespaces for Kubernetes' own kinds. */
export class TeamPolicies extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: { readonly platform: Platform },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:TeamPolicies", name, {}, opts);
    const { provider } = args.platform;
    admissionPolicy("services", servicePolicy, { parent: this, provider });
    admissionPolicy("network-policies", networkPolicyPolicy, {
      parent: this,
      provider,
    });
    admissionPolicy("accounts", accountPolicy, { parent: this, provider });
    admissionPolicy("executors", executorPolicy, { parent: this, provider });
    admissionPolicy("endpoints", endpointPolicy, { parent: this, provider });
    admissionPolicy("placements", placementPolicy, { parent: this, provider });
    admissionPolicy("priorities", priorityPolicy, { parent: this, provider });
    this.registerOutputs();
  }
}
