import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

import { nvidiaDevicePlugin } from "../device-plugin";
import { BucketShelf } from "../grants";
import { fitted, slug } from "../naming";
import { Garage } from "../object-store/garage";
import type { ObjectStore } from "../object-store/store";
import { placePool, poolLabels, poolTaints, type Taint } from "../placement";
import type {
  Bucket,
  BucketArgs,
  Identity,
  IdentityArgs,
  PlacedPool,
  Platform,
} from "../platform";
import type { TargetRequest } from "../target";
import { type HostArgs, SshCluster } from "./cluster";
import type { OnpremConfig } from "./config";
import { LocalVolumes } from "./local-volumes";
import { ExternalStore } from "./s3-endpoint";

/** The platform on hosts of one's own. */
export class OnpremPlatform
  extends pulumi.ComponentResource
  implements Platform
{
  readonly kubeconfig: pulumi.Output<string>;
  readonly provider: KubernetesProvider;
  readonly pools: readonly PlacedPool[];
  readonly storage: { readonly block: pulumi.Input<string> };
  readonly gpuDriver = "device-plugin";
  readonly images: { readonly prefix: string };

  readonly cluster: SshCluster;

  private readonly store: ObjectStore;
  private readonly buckets = new BucketShelf<Bucket>();

  constructor(
    private readonly name: string,
    private readonly request: TargetRequest<OnpremConfig>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:OnpremPlatform", name, {}, opts);
    this.images = request.target.images;
    this.pools = request.pools.map((pool) => placePool(pool));
    this.cluster = this.makeCluster();
    this.kubeconfig = pulumi.secret(this.cluster.kubeconfig);
    this.provider = new KubernetesProvider(
      `${name}-kubernetes`,
      { kubeconfig: this.kubeconfig },
      { parent: this },
    );
    this.storage = { block: this.disks() };
    if (request.pools.some((pool) => pool.gpu)) {
      nvidiaDevicePlugin(name, { parent: this, provider: this.provider });
    }
    this.store = this.makeStore();
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }

  bucket(
    name: string,
    args: BucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Bucket {
    return this.buckets.add(this.store.bucket(name, args, opts));
  }

  identity(
    name: string,
    args: IdentityArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Identity {
    const grants = this.buckets.resolve(args);
    return this.store.identity(name, { ...args, grants }, opts);
  }

  private makeCluster(): SshCluster {
    const { target } = this.request;
    return new SshCluster(
      `${this.name}-cluster`,
      {
        name: fitted(slug(`mlstack-${this.name}`), 63),
        version: target.version,
        endpoint: target.endpoint ?? firstEndpoint(target),
        ...target.network,
        hosts: target.hosts.map((host) => this.host(host)),
        kubelet: target.kubelet,
        kubeProxy: target.kubeProxy,
        ignorePreflightErrors: target.ignorePreflightErrors,
      },
      { parent: this },
    );
  }

  private host({
    pool: poolName,
    ...host
  }: OnpremConfig["hosts"][number]): HostArgs {
    const { ssh } = this.request.target;
    const pool = this.request.pools.find(({ name }) => name === poolName);
    return {
      ...host,
      user: host.user ?? ssh.user,
      port: host.port ?? ssh.port,
      key: pulumi.secret(host.key ?? ssh.key ?? ""),
      labels: pool ? poolLabels(pool) : {},
      taints: pool ? [...poolTaints(pool)] : [controlPlaneTaint],
    };
  }

  private disks(): pulumi.Input<string> {
    const { storageClass } = this.request.target;
    if (storageClass !== undefined) return storageClass;
    return new LocalVolumes(`${this.name}-volumes`, this.provider, {
      parent: this,
    }).storageClass;
  }

  private makeStore(): ObjectStore {
    const { objects } = this.request.target;
    if (objects.kind === "s3") return new ExternalStore(objects, this.provider);
    return new Garage(
      `${this.name}-store`,
      {
        kubeconfig: this.kubeconfig,
        provider: this.provider,
        storageClass: this.storage.block,
        size: objects.size,
      },
      { parent: this },
    );
  }
}

/** As kubeadm has it. */
const controlPlaneTaint: Taint = {
  key: "node-role.kubernetes.io/control-plane",
  value: "",
  effect: "NoSchedule",
};

function firstEndpoint({ hosts }: OnpremConfig): string {
  const first = hosts.find(({ role }) => role === "control-plane");
  return `${first?.address ?? ""}:6443`;
}
