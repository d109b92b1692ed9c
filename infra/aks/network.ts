import * as network from "@pulumi/azure-native/network";
import * as pulumi from "@pulumi/pulumi";

import { subnet } from "../cidr";

/** Where a network goes, and its range. */
export interface NetworkArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: string;
  readonly cidr: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A virtual network of its own: nodes in one subnet, out through a NAT gateway; pods have addresses of an overlay. */
export class AksNetwork extends pulumi.ComponentResource {
  readonly nodeSubnet: network.Subnet;
  /** Address that everything goes out by. */
  readonly natAddress: pulumi.Output<string>;

  constructor(
    name: string,
    args: NetworkArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:AksNetwork", name, {}, opts);
    const { cidr, ...place } = args;
    const address = new network.PublicIPAddress(
      `${name}-nat`,
      {
        ...place,
        publicIpAddressName: `${name}-nat`,
        sku: { name: "Standard" },
        publicIPAllocationMethod: "Static",
        zones: ["1", "2", "3"],
      },
      { parent: this },
    );
    this.natAddress = address.ipAddress.apply((ip) => ip ?? "");
    const gateway = new network.NatGateway(
      `${name}-nat`,
      {
        ...place,
        natGatewayName: `${name}-nat`,
        sku: { name: "Standard" },
        publicIpAddresses: [{ id: address.id }],
        idleTimeoutInMinutes: 10,
      },
      { parent: this },
    );
    const whole = new network.VirtualNetwork(
      `${name}-network`,
      {
        ...place,
        virtualNetworkName: name,
        addressSpace: { addressPrefixes: [cidr] },
      },
      // The subnet is a resource of its own.
      { parent: this, ignoreChanges: ["subnets"] },
    );
    this.nodeSubnet = new network.Subnet(
      `${name}-nodes`,
      {
        resourceGroupName: args.resourceGroupName,
        virtualNetworkName: whole.name,
        subnetName: "nodes",
        addressPrefix: subnet(cidr, 2, 0),
        natGateway: { id: gateway.id },
      },
      { parent: this },
    );
    this.registerOutputs({ nodeSubnetId: this.nodeSubnet.id });
  }
}
