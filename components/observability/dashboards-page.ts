import * as pulumi from "@pulumi/pulumi";

/** Output of the dashboards' address in the stack's state, which `npm run open -- dashboards` reads. */
export class DashboardsPage extends pulumi.ComponentResource {
  /** `http://<name>.<namespace>.svc:<port>`, in the cluster; known when it answers. */
  readonly url: pulumi.Output<string>;
  /** Path of the first page. */
  readonly path: string;
  /** Secret: of the user `admin`, where one signs in. */
  readonly password?: pulumi.Output<string>;

  constructor(
    name: string,
    args: {
      readonly url: pulumi.Output<string>;
      readonly path: string;
      readonly password?: pulumi.Output<string>;
    },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:DashboardsPage", name, {}, opts);
    this.url = args.url;
    this.path = args.path;
    this.password = args.password;
    this.registerOutputs({ ...args });
  }
}
