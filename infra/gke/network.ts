import * as compute from "@pulumi/gcp/compute";
import * as pulumi from "@pulumi/pulumi";

/** Ranges of a cluster's network. */
export interface NetworkArgs {
  readonly region: string;
  readonly ranges: {
    readonly nodes: string;
    readonly pods: string;
    readonly services: string;
    readonly controlPlane: string;
  };
}

/** Names of the subnetwork's secondary ranges. */
export const rangeNames = { pods: "pods", services: "services" } as const;

/** A network of its own: nodes without public addresses, out through Cloud NAT, to Google's services directly. */
export class GkeNetwork extends pulumi.ComponentResource {
  readonly network: compute.Network;
  readonly subnetwork: compute.Subnetwork;
  /** Network tag of the nodes. */
  readonly nodeTag: string;

  constructor(
    name: string,
    { region, ranges }: NetworkArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:GkeNetwork", name, {}, opts);
    this.nodeTag = `${name}-node`;
    this.network = new compute.Network(
      `${name}-network`,
      { autoCreateSubnetworks: false, routingMode: "REGIONAL" },
      { parent: this },
    );
    this.subnetwork = new compute.Subnetwork(
      `${name}-nodes`,
      {
        network: this.network.id,
        region,
        ipCidrRange: ranges.nodes,
        privateIpGoogleAccess: true,
        secondaryIpRanges: [
          { rangeName: rangeNames.pods, ipCidrRange: ranges.pods },
          { rangeName: rangeNames.services, ipCidrRange: ranges.services },
        ],
      },
      { parent: this },
    );
    this.wayOut(name, region);
    this.webhooks(name, ranges.controlPlane);
    this.registerOutputs({ network: this.network.id });
  }

  private wayOut(name: string, region: string): void {
    const router = new compute.Router(
      `${name}-router`,
      { network: this.network.id, region },
      { parent: this },
    );
    new compute.RouterNat(
      `${name}-nat`,
      {
        router: router.name,
        region,
        natIpAllocateOption: "AUTO_ONLY",
        sourceSubnetworkIpRangesToNat: "LIST_OF_SUBNETWORKS",
        subnetworks: [
          {
            name: this.subnetwork.id,
            sourceIpRangesToNats: ["ALL_IP_RANGES"],
          },
        ],
        logConfig: { enable: true, filter: "ERRORS_ONLY" },
      },
      { parent: this },
    );
  }

  /** GKE opens 443 and 10250 to its control plane; operators serve their webhooks on these. */
  private webhooks(name: string, controlPlane: string): void {
    new compute.Firewall(
      `${name}-webhooks`,
      {
        network: this.network.id,
        direction: "INGRESS",
        sourceRanges: [controlPlane],
        targetTags: [this.nodeTag],
        allows: [{ protocol: "tcp", ports: ["8443", "9443"] }],
      },
      { parent: this },
    );
  }
}
