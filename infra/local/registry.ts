import { mkdir, writeFile } from "node:fs/promises";

import { storedDigest } from "../supply/images/registry";
import type { Layout } from "./layout";

/** The upstream images that the cluster itself runs; a node pulls them from the cluster's registry. */
export const clusterImages = {
  pause: "registry.k8s.io/pause:3.10.1",
  coredns: "registry.k8s.io/coredns/coredns:v1.13.1",
  localPathProvisioner: "docker.io/rancher/local-path-provisioner:v0.0.30",
  busybox: "docker.io/library/busybox:1.37.0",
} as const;

/** Host name of the references of the images that the program builds. */
export const imagePrefix = "mlstack.local";

/** Images that a registry's storage folder lacks. */
export function missingImages(
  storage: string,
  images: readonly string[],
): string[] {
  return images.filter((image) => storedDigest(storage, image) === undefined);
}

/** Path of the registry's configuration. */
export function registryConfigPath(layout: Layout): string {
  return layout.at("registry.yaml");
}

/** Writes the configuration of the registry, and of the nodes' way to it. */
export async function writeRegistryConfig(
  layout: Layout,
  storage: string,
): Promise<void> {
  await writeFile(registryConfigPath(layout), registryConfig(layout, storage));
  for (const [host, server] of [
    ["_default", undefined],
    [imagePrefix, `http://${layout.registry}`],
  ] as const) {
    await mkdir(layout.at("certs.d", host), { recursive: true });
    await writeFile(
      layout.at("certs.d", host, "hosts.toml"),
      hostsConfig(layout, server),
    );
  }
}

/** Configuration of the registry: it serves a folder and takes nothing, since what is in it is pushed by the program. */
export function registryConfig(layout: Layout, storage: string): string {
  return JSON.stringify({
    version: "0.1",
    log: { level: "warn", accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: storage },
      maintenance: {
        readonly: { enabled: true },
        uploadpurging: { enabled: false },
      },
    },
    http: { addr: layout.registry },
  });
}

/**
 * Configuration by which containerd resolves a registry's host name: the cluster's registry first, then `server` or the
 * host itself.
 */
export function hostsConfig(layout: Layout, server?: string): string {
  return [
    ...(server ? [`server = "${server}"`] : []),
    `[host."http://${layout.registry}"]`,
    `capabilities = ["pull", "resolve"]`,
    "",
  ].join("\n");
}
