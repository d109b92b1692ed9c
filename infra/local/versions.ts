import { findTool, toolVersion } from "../supply/toolchain/tools";
import type { ClusterInputs } from "./inputs";

/** Versions of a cluster's programs, by the program that carries each. */
export type Versions = ClusterInputs["versions"];

/** Versions that this checkout pins. */
export function pinnedVersions(): Versions {
  const of = (binary: string) => toolVersion(findTool(binary));
  return {
    kubernetes: of("kubelet"),
    etcd: of("etcd"),
    containerd: of("containerd"),
    registry: of("registry"),
  };
}

/** Why a running cluster cannot be brought from one Kubernetes version to another; undefined where it can. */
export function refuseUpgrade(
  from: Versions,
  to: Versions,
): string | undefined {
  const [old, next] = [from.kubernetes, to.kubernetes].map(parts);
  if (!old || !next) return undefined;
  const step = `Kubernetes ${from.kubernetes} to ${to.kubernetes}`;
  if (next.major !== old.major || next.minor > old.minor + 1)
    return `${step}: skips a minor version, which Kubernetes does not support; go through each in turn`;
  const older =
    next.minor < old.minor ||
    (next.minor === old.minor && next.patch < old.patch);
  return older
    ? `${step}: is a downgrade, which Kubernetes does not support; use a checkout of mlstack that pins ${from.kubernetes} or newer`
    : undefined;
}

function parts(version: string) {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/).map(Number);
  return { major, minor, patch };
}
