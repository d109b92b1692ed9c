import * as network from "@pulumiverse/scaleway/network";
import * as pulumi from "@pulumi/pulumi";

/** A cluster's network. */
export interface NetworkArgs {
  readonly region: string;
  /** Zone of the way out. */
  readonly zone: string;
  /** Range of the nodes' addresses. */
  readonly nodes: string;
  readonly tags: readonly string[];
}

/** A network of its own: nodes without public addresses, out through a gateway. */
export class KapsuleNetwork extends pulumi.ComponentResource {
  readonly privateNetwork: network.PrivateNetwork;
  /** Nodes reach everything outside by it, their own API among it: nothing of them comes before, or stays after. */
  readonly wayOut: network.GatewayNetwork;
  /** Address that the nodes are seen from. */
  readonly address: pulumi.Output<string>;

  constructor(
    name: string,
    { region, zone, nodes, tags }: NetworkArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:KapsuleNetwork", name, {}, opts);
    const child = { parent: this };
    const vpc = new network.Vpc(
      `${name}-vpc`,
      { name, region, tags: [...tags] },
      child,
    );
    this.privateNetwork = new network.PrivateNetwork(
      `${name}-nodes`,
      {
        name,
        region,
        vpcId: vpc.id,
        ipv4Subnet: { subnet: nodes },
        tags: [...tags],
      },
      child,
    );
    const ip = new network.PublicGatewayIp(
      `${name}-gateway`,
      { zone, tags: [...tags] },
      child,
    );
    const gateway = new network.PublicGateway(
      `${name}-gateway`,
      { name, zone, type: "VPC-GW-S", ipId: ip.id, tags: [...tags] },
      child,
    );
    this.wayOut = new network.GatewayNetwork(
      `${name}-way-out`,
      {
        zone,
        gatewayId: gateway.id,
        privateNetworkId: this.privateNetwork.id,
        enableMasquerade: true,
        ipamConfigs: [{ pushDefaultRoute: true }],
      },
      child,
    );
    this.address = ip.address;
    this.registerOutputs({ address: this.address });
  }
}
