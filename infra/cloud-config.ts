import { z } from "zod";

import { cidr } from "./network/cidr";
import { kubernetesMinor } from "./versions";

/** Ranges that reach a managed API over the internet. @param inside where it answers without any, for people */
export function apiAllow(inside: string) {
  return z
    .array(
      cidr(8, 32).refine((range) => !range.endsWith("/0"), {
        error: "name the ranges of your own networks",
      }),
    )
    .default([])
    .describe(
      `Ranges from which the API answers over the internet; without any it answers inside the ${inside} only`,
    );
}

/** Size of the disk of a node, in GiB. */
export function diskGiB(fallback: number) {
  return z
    .int()
    .min(40)
    .max(2000)
    .default(fallback)
    .describe("Size of a node's disk, in GiB");
}

/** Minor version of a managed cluster; that of the other targets unless given. */
export const minorVersion = z
  .string()
  .regex(/^1\.\d+$/, { error: `write a minor version, ${kubernetesMinor}` })
  .default(kubernetesMinor)
  .describe("Minor version of Kubernetes");
