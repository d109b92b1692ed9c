import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { execute } from "./execute";
import { type ClusterNode, type Layout, clusterDomain } from "./layout";

// Ten years, as a duration of Go.
const validityPeriod = `${10 * 365 * 24}h`;

/** Configuration of kubeadm, of which only the certificate and kubeconfig phases run. */
export function kubeadmConfig(
  layout: Layout,
  nodeName: string,
  version: string,
): string {
  const documents = [
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "InitConfiguration",
      localAPIEndpoint: {
        advertiseAddress: layout.gateway,
        bindPort: layout.place.apiPort,
      },
      nodeRegistration: {
        name: nodeName,
        criSocket: "unix:///run/containerd/containerd.sock",
      },
    },
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "ClusterConfiguration",
      kubernetesVersion: `v${version}`,
      clusterName: `mlstack-${layout.place.name}`,
      certificatesDir: layout.pki,
      encryptionAlgorithm: "ECDSA-P256",
      // Nothing renews certificates: no local cluster lives ten years. Authorities are valid for longer than what they sign.
      certificateValidityPeriod: validityPeriod,
      caCertificateValidityPeriod: `${20 * 365 * 24}h`,
      networking: {
        serviceSubnet: layout.place.serviceCidr,
        podSubnet: layout.place.podCidr,
        dnsDomain: clusterDomain,
      },
      apiServer: { certSANs: [layout.gateway, "localhost", "127.0.0.1"] },
      // etcd is reached over the loopback of a private network namespace, and needs no certificates.
      etcd: { external: { endpoints: ["http://127.0.0.1:2379"] } },
    },
  ];
  return documents.map((document) => JSON.stringify(document)).join("\n---\n");
}

/** Issues what machines and people identify themselves with. */
export class Pki {
  constructor(
    private readonly layout: Layout,
    private readonly kubeadm: string,
    private readonly version: string,
    private readonly signal: AbortSignal,
  ) {}

  /** Certificate authorities, the API server's certificates, and the kubeconfigs of the control plane and of people. */
  async issueControlPlane(): Promise<void> {
    await mkdir(this.layout.pki, { recursive: true, mode: 0o700 });
    const config = await this.config("control-plane");
    await this.phase("certs", "all", "--config", config);
    const kubeconfigs = [
      "admin",
      "super-admin",
      "controller-manager",
      "scheduler",
    ];
    await Promise.all([
      ...kubeconfigs.map((name) =>
        this.phase(
          "kubeconfig",
          name,
          "--config",
          config,
          "--kubeconfig-dir",
          this.layout.pki,
        ),
      ),
      this.issueProxy(config),
    ]);
  }

  /** The kubeconfig of a node's kubelet. */
  async issueNode(node: ClusterNode): Promise<void> {
    const config = await this.config(node.name);
    await this.phase(
      "kubeconfig",
      "kubelet",
      "--config",
      config,
      "--kubeconfig-dir",
      this.layout.ofNode(node),
    );
  }

  private async issueProxy(config: string): Promise<void> {
    const kubeconfig = await this.run(
      "kubeconfig",
      "user",
      "--client-name",
      "system:kube-proxy",
      "--validity-period",
      validityPeriod,
      "--config",
      config,
    );
    await writeFile(join(this.layout.pki, "proxy.conf"), kubeconfig, {
      mode: 0o600,
    });
  }

  private async config(name: string): Promise<string> {
    const path = join(this.layout.pki, `kubeadm-${name}.yaml`);
    await writeFile(path, kubeadmConfig(this.layout, name, this.version));
    return path;
  }

  private async phase(...args: string[]): Promise<void> {
    await this.run("init", "phase", ...args);
  }

  private run(...args: string[]): Promise<string> {
    return execute(this.kubeadm, args, { signal: this.signal });
  }
}
