import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";

import { subnet } from "../network/cidr";

/** Layout of a cluster's network. */
export interface NetworkArgs {
  readonly cidr: string;
  readonly region: string;
  /** IDs of zones. */
  readonly zones: readonly string[];
  /** One NAT gateway for all zones is cheap; one a zone survives the loss of a zone. */
  readonly nat: "single" | "per-zone";
}

/** A VPC over several zones: nodes in private subnets, load balancers and NAT in public ones. */
export class EksNetwork extends pulumi.ComponentResource {
  readonly vpc: ec2.Vpc;
  readonly privateSubnets: readonly ec2.Subnet[];
  readonly publicSubnets: readonly ec2.Subnet[];

  constructor(
    name: string,
    args: NetworkArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:EksNetwork", name, {}, opts);
    this.vpc = new ec2.Vpc(
      `${name}-vpc`,
      {
        cidrBlock: args.cidr,
        enableDnsSupport: true,
        enableDnsHostnames: true,
        tags: { Name: name },
      },
      { parent: this },
    );
    // A new VPC's default security group lets its members talk; nothing here uses it.
    new ec2.DefaultSecurityGroup(
      `${name}-default`,
      { vpcId: this.vpc.id, ingress: [], egress: [] },
      { parent: this },
    );
    this.publicSubnets = this.subnets(name, "public", args);
    this.privateSubnets = this.subnets(name, "private", args);
    const internet = new ec2.InternetGateway(
      `${name}-internet`,
      { vpcId: this.vpc.id, tags: { Name: name } },
      { parent: this },
    );
    const publicTable = this.routeTable(`${name}-public`, this.publicSubnets, {
      gatewayId: internet.id,
    });
    const privateTables = this.privateRoutes(name, args, internet);
    this.storageEndpoint(name, args.region, [publicTable, ...privateTables]);
    this.registerOutputs({ vpcId: this.vpc.id });
  }

  private subnets(
    name: string,
    role: "public" | "private",
    { cidr, zones }: NetworkArgs,
  ): ec2.Subnet[] {
    // Pods take their addresses from the private subnets, so these get a quarter of the range each, and the public ones
    // share the last quarter.
    const [bits, start] = role === "private" ? [2, 0] : [5, 24];
    const label = role === "private" ? "internal-elb" : "elb";
    return zones.map(
      (zone, index) =>
        new ec2.Subnet(
          `${name}-${role}-${index}`,
          {
            vpcId: this.vpc.id,
            availabilityZoneId: zone,
            cidrBlock: subnet(cidr, bits, start + index),
            tags: {
              Name: `${name}-${role}-${zone}`,
              [`kubernetes.io/role/${label}`]: "1",
            },
          },
          { parent: this },
        ),
    );
  }

  private privateRoutes(
    name: string,
    { nat }: NetworkArgs,
    internet: ec2.InternetGateway,
  ): ec2.RouteTable[] {
    // An address can be used only where there is a way to the internet, which cannot go while one is.
    const opts = { parent: this, dependsOn: internet };
    const groups =
      nat === "single"
        ? [this.privateSubnets]
        : this.privateSubnets.map((one) => [one]);
    return groups.map((subnets, index) => {
      const address = new ec2.Eip(
        `${name}-nat-${index}`,
        { domain: "vpc", tags: { Name: `${name}-nat-${index}` } },
        opts,
      );
      const gateway = new ec2.NatGateway(
        `${name}-nat-${index}`,
        {
          allocationId: address.id,
          subnetId: at(this.publicSubnets, index).id,
          tags: { Name: `${name}-${index}` },
        },
        opts,
      );
      return this.routeTable(`${name}-private-${index}`, subnets, {
        natGatewayId: gateway.id,
      });
    });
  }

  private routeTable(
    name: string,
    subnets: readonly ec2.Subnet[],
    target: Pick<ec2.RouteArgs, "gatewayId" | "natGatewayId">,
  ): ec2.RouteTable {
    const table = new ec2.RouteTable(
      name,
      { vpcId: this.vpc.id, tags: { Name: name } },
      { parent: this },
    );
    new ec2.Route(
      name,
      {
        routeTableId: table.id,
        destinationCidrBlock: "0.0.0.0/0",
        ...target,
      },
      { parent: this },
    );
    subnets.forEach(
      (one, index) =>
        new ec2.RouteTableAssociation(
          `${name}-${index}`,
          { routeTableId: table.id, subnetId: one.id },
          { parent: this },
        ),
    );
    return table;
  }

  /** Traffic to S3 stays inside, and does not pay for the NAT gateway. */
  private storageEndpoint(
    name: string,
    region: string,
    tables: readonly ec2.RouteTable[],
  ): void {
    new ec2.VpcEndpoint(
      `${name}-s3`,
      {
        vpcId: this.vpc.id,
        vpcEndpointType: "Gateway",
        serviceName: `com.amazonaws.${region}.s3`,
        routeTableIds: tables.map((table) => table.id),
        tags: { Name: `${name}-s3` },
      },
      { parent: this },
    );
  }
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`no item ${index}`);
  return item;
}
