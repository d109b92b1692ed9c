import * as pulumi from "@pulumi/pulumi";

import type { Platform } from "../../infra/platform";
import { admissionPolicy } from "./policy";
import { servicePolicy } from "./services";

/** What no object in a team's namespace may ask for, of Kubernetes' own kinds. */
export class TeamPolicies extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: { readonly platform: Platform },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:TeamPolicies", name, {}, opts);
    const { provider } = args.platform;
    admissionPolicy("services", { ...servicePolicy, provider }, this);
    this.registerOutputs();
  }
}
