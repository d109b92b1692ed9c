import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

import { nvidiaDevicePlugin } from "../device-plugin";
import { fitted, slug } from "../names/naming";
import { NetworkPolicyController } from "../network/network-policy-controller";
import { SystemNamespaces } from "../network/system-namespaces";
import { makeObjectStore } from "../object-store/make-object-store";
import type { ObjectStore } from "../object-store/object-store";
import { StorePlatform } from "../object-store/store-platform";
import {
  placePool,
  poolLabels,
  poolTaints,
  type Taint,
} from "../pools/placement";
import type { Platform } from "../platform";
import type { TargetRequest } from "../target";
import { clusterNetwork } from "./cluster-network";
import { type LoginArgs, SshCluster } from "./cluster";
import type { OnpremConfig } from "./config";
import type { Host } from "./hosts";
import { LocalVolumes } from "./local-volumes";

/** The platform on hosts of one's own. */
export class OnpremPlatform extends StorePlatform<OnpremConfig> {
  readonly kubeconfig: pulumi.Output<string>;
  readonly provider: KubernetesProvider;
  readonly storage: Platform["storage"];
  readonly gpuDriver = "device-plugin";
  readonly images: { readonly prefix: string };
  readonly clusterNetwork: Platform["clusterNetwork"];

  readonly cluster: SshCluster;

  protected readonly store: ObjectStore;

  constructor(
    request: TargetRequest<OnpremConfig>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("OnpremPlatform", request, (pool) => placePool(pool), opts);
    this.clusterNetwork = clusterNetwork(request.target);
    this.images = request.target.images;
    this.cluster = this.makeCluster();
    this.kubeconfig = pulumi.secret(this.cluster.kubeconfig);
    this.provider = new KubernetesProvider(
      `${this.name}-kubernetes`,
      { kubeconfig: this.kubeconfig },
      { parent: this },
    );
    const { storageClass } = request.target;
    const volumes =
      storageClass === undefined
        ? new LocalVolumes(`${this.name}-volumes`, this.provider, {
            parent: this,
          })
        : undefined;
    this.storage = {
      block: storageClass ?? volumes?.storageClass ?? "",
      // Folders on the hosts have no size.
      expandable: storageClass !== undefined,
    };
    new NetworkPolicyController(
      `${this.name}-network-policies`,
      {
        apiServer: this.endpoint(),
        serviceCidr: request.target.network.services,
      },
      { parent: this, provider: this.provider },
    );
    new SystemNamespaces(
      `${this.name}-system`,
      {
        apiServer: this.clusterNetwork.apiServer,
        nodes: request.target.hosts.map(({ address }) => `${address}/32`),
        provisioner: volumes?.namespace,
      },
      { parent: this, provider: this.provider },
    );
    if (this.hasGpus) nvidiaDevicePlugin(this.name, this.inCluster);
    this.store = makeObjectStore(
      `${this.name}-store`,
      request.target.objects,
      this.storeCluster,
      { parent: this },
    );
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }

  private makeCluster(): SshCluster {
    const { target } = this.request;
    return new SshCluster(
      `${this.name}-cluster`,
      {
        name: fitted(slug(`mlstack-${this.name}`), 63),
        version: target.version,
        endpoint: this.endpoint(),
        ...target.network,
        hosts: target.hosts.map((host) => this.host(host)),
        ssh: this.login(),
        lifetime: this.request.lifetime,
        import: target.import,
        installKubelet: target.installKubelet,
        kubelet: target.kubelet,
        kubeProxy: target.kubeProxy,
        ignorePreflightErrors: target.ignorePreflightErrors,
      },
      { parent: this },
    );
  }

  private endpoint(): string {
    const { target } = this.request;
    return target.endpoint ?? firstEndpoint(target);
  }

  private host(host: OnpremConfig["hosts"][number]): Omit<Host, "key"> {
    const { name, address, role, fingerprint } = host;
    const { ssh } = this.request.target;
    const pool = this.request.pools.find((each) => each.name === host.pool);
    return {
      ...{ name, address, role, fingerprint },
      user: host.user ?? ssh.user,
      port: host.port ?? ssh.port,
      labels: pool ? poolLabels(pool) : {},
      taints: pool ? [...poolTaints(pool)] : [controlPlaneTaint],
    };
  }

  /** Keys stand apart from the hosts, so that a preview shows what changes of these. */
  private login(): LoginArgs {
    const { ssh, hosts } = this.request.target;
    const own = hosts.flatMap(({ name, key }) =>
      key === undefined ? [] : [[name, key]],
    );
    const secret = (value: string | undefined) =>
      value === undefined ? undefined : pulumi.secret(value);
    return {
      agent: ssh.agent,
      keyFile: ssh.keyFile,
      key: secret(ssh.key),
      passphrase: secret(ssh.passphrase),
      ...(own.length > 0 && { keys: pulumi.secret(Object.fromEntries(own)) }),
      unknownHosts:
        ssh.unknownHosts ??
        (this.request.lifetime === "long" ? "refuse" : "trust"),
    };
  }
}

/** The same as kubeadm's default. */
const controlPlaneTaint: Taint = {
  key: "node-role.kubernetes.io/control-plane",
  value: "",
  effect: "NoSchedule",
};

function firstEndpoint({ hosts }: OnpremConfig): string {
  const first = hosts.find(({ role }) => role === "control-plane");
  return `${first?.address ?? ""}:6443`;
}
