import type * as k8s from "@pulumi/kubernetes";

import { DataVolume } from "../../infra/volumes/data-volume";
import type { Platform } from "../../infra/platform";
import type { Lifetime } from "../../infra/target";

/** The part of a platform that has volumes, of the class `disk`. */
export function volumesOf(
  provider: k8s.Provider,
  lifetime: Lifetime = "short",
): Pick<Platform, "storage" | "volume"> {
  const storage = { block: "disk", expandable: true };
  return {
    storage,
    volume: (name, args, opts) =>
      new DataVolume(name, { ...args, storage, lifetime, provider }, opts),
  };
}
