import { z } from "zod";

import { cidr } from "../../infra/network/cidr";
import { dnsLabel } from "../../infra/names/dns-label";
import { uniquelyNamed } from "../../infra/names/uniquely-named";
import { quantity } from "../../infra/quantity";
import {
  defaultNodeDisk,
  defaultNodeDisks,
  defaultObjects,
  defaultStorage,
} from "./quota";

const members = z
  .array(
    z.templateLiteral([z.enum(["user", "group"]), ":", z.string().min(1)], {
      error: "write user:NAME or group:NAME, as the cluster's sign-in names it",
    }),
  )
  .default([]);

const teamSchema = z.strictObject({
  name: dnsLabel.describe("Name of the team, and of its namespace"),
  owner: z
    .templateLiteral(["user:", z.string().min(1)], {
      error: "write user:NAME, as the cluster's sign-in names it",
    })
    .optional()
    .describe(
      "Administers the namespace; the stack's owner where teams are Profiles and none is named",
    ),
  members: z
    .strictObject({
      edit: members.describe("Who may change what runs there"),
      view: members.describe("Who may look at it"),
    })
    .prefault({})
    .describe(
      "Who works in the namespace beside its owner, as the cluster's sign-in names them",
    ),
  ownModels: z
    .boolean()
    .default(false)
    .describe(
      "Whether its models have a bucket of their own, which no other team's accounts reach",
    ),
  egress: z
    .union([z.enum(["all", "none"]), z.array(cidr(1, 32)).min(1)], {
      error:
        "write all, none, or a list of IPv4 ranges such as [198.51.100.0/24]",
    })
    .default("all")
    .describe(
      "What its pods reach outside of the cluster: all, none, or ranges of addresses; nodes, other teams and the address of a cloud's metadata are closed in any case, and the object store is open in any case",
    ),
  priorityClasses: z
    .array(
      z
        .string()
        .regex(
          /^(?!system-)[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
          "write the name of a PriorityClass that is not Kubernetes' own",
        ),
    )
    .default([])
    .describe(
      "Priority classes of the cluster that its pods may have; none that displaces other pods unless given",
    ),
  quota: z
    .strictObject({
      cpu: quantity.default("8").describe("Cores"),
      memory: quantity.default("32Gi").describe("Memory"),
      gpus: z.number().int().min(0).default(0).describe("GPUs"),
      pods: z.number().int().min(1).default(50).describe("Pods"),
      loadBalancers: z
        .number()
        .int()
        .min(0)
        .default(0)
        .describe(
          "Services of type LoadBalancer; none of type NodePort is admitted",
        ),
      objects: z
        .number()
        .int()
        .min(50)
        .default(defaultObjects)
        .describe(
          "Objects of each kind that members make: Secrets, ConfigMaps, Services, claims of volumes, Jobs, Deployments and the like",
        ),
      storage: quantity
        .default(defaultStorage)
        .describe("What all claims of volumes may ask for"),
      nodeDisk: quantity
        .default(defaultNodeDisk)
        .describe(
          "What one container may write to its node's disk: its files, its log and its empty folders",
        ),
      nodeDisks: quantity
        .default(defaultNodeDisks)
        .describe(
          "What all its pods may reserve of their nodes' disks, by requests of ephemeral-storage; a container that names a limit alone reserves as much",
        ),
    })
    .prefault({})
    .describe(
      "What the team's namespace may hold, and its pods may ask for together",
    ),
});

/** Teams of a stack. */
export const teamsSchema = uniquelyNamed(teamSchema, "team")
  .min(1, "name at least one team")
  .prefault([{ name: "ml" }]);
