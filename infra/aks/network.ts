import * as network from "@pulumi/azure-native/network";
import * as pulumi from "@pulumi/pulumi";

import { subnet } from "../network/cidr";

/** Location and range of a network. */
export interface NetworkArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: string;
  readonly cidr: string;
  /** Number of addresses that nodes reach the internet by. */
  readonly outbound: number;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * A virtual network of its own, with the nodes in one subnet; pods have addresses of an overlay.
 *
 * Nodes reach the internet by the cluster's load balancer, which is in every zone as its addresses are. A NAT gateway
 * of SKU Standard is in one zone, and what leaves the nodes of the others is lost with it; azure-native does not know
 * StandardV2.
 */
export class AksNetwork extends pulumi.ComponentResource {
  readonly nodeSubnet: network.Subnet;
  readonly outbound: readonly network.PublicIPAddress[];

  constructor(
    name: string,
    args: NetworkArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:AksNetwork", name, {}, opts);
    const { cidr, outbound, ...place } = args;
    this.outbound = Array.from(
      { length: outbound },
      (_, index) =>
        new network.PublicIPAddress(
          `${name}-outbound-${index + 1}`,
          {
            ...place,
            publicIpAddressName: `${name}-outbound-${index + 1}`,
            sku: { name: "Standard" },
            publicIPAllocationMethod: "Static",
            zones: ["1", "2", "3"],
          },
          { parent: this },
        ),
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
      },
      { parent: this },
    );
    this.registerOutputs({ nodeSubnetId: this.nodeSubnet.id });
  }
}
