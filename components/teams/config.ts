import { z } from "zod";

import { cidr } from "../../infra/network/cidr";
import { dnsLabel } from "../../infra/names/dns-label";
import { uniquelyNamed } from "../../infra/names/uniquely-named";
import { quantity } from "../../infra/quantity";
import {
  defaultNodeDisk,
  defaultNodeDisks,
  defaultObjects,
  defaultRequests,
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
      "Administrator of the namespace; by default the stack's owner where teams are Profiles",
    ),
  members: z
    .strictObject({
      edit: members.describe("Members who may edit the team's workloads"),
      view: members.describe("Members who may view them"),
    })
    .prefault({})
    .describe(
      "Members of the team beside its owner, by the names of the cluster's authentication",
    ),
  ownModels: z
    .boolean()
    .default(false)
    .describe(
      "Whether its models have a bucket of their own, which no other team's accounts can access",
    ),
  egress: z
    .union([z.enum(["all", "none"]), z.array(cidr(1, 32)).min(1)], {
      error:
        "write all, none, or a list of IPv4 ranges such as [198.51.100.0/24]",
    })
    .default("all")
    .describe(
      "Addresses outside the cluster that its pods reach: all, none, or ranges; nodes, other teams and a cloud's metadata address are always closed, and the object store is always open",
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
      "Priority classes of the cluster that its pods may use; by default only those that preempt no other pods",
    ),
  quota: z
    .strictObject({
      cpu: quantity.default(defaultRequests.cpu).describe("Cores"),
      memory: quantity.default(defaultRequests.memory).describe("Memory"),
      gpus: z
        .number()
        .int()
        .min(0)
        .default(defaultRequests.gpus)
        .describe("GPUs"),
      pods: z
        .number()
        .int()
        .min(1)
        .default(defaultRequests.pods)
        .describe("Pods"),
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
          "Maximum number of objects of each kind that members create: Secrets, ConfigMaps, Services, volume claims, Jobs, Deployments and the like",
        ),
      storage: quantity
        .default(defaultStorage)
        .describe("Total storage of all volume claims"),
      nodeDisk: quantity
        .default(defaultNodeDisk)
        .describe(
          "Storage that one container may write to its node's disk: its files, its log and its emptyDir volumes",
        ),
      nodeDisks: quantity
        .default(defaultNodeDisks)
        .describe(
          "Storage that all its pods may reserve on their nodes' disks, by requests of ephemeral-storage; a container with only a limit reserves as much",
        ),
    })
    .prefault({})
    .describe("Quota of the team's namespace"),
});

/** Teams of a stack. */
export const teamsSchema = uniquelyNamed(teamSchema, "team")
  .min(1, "name at least one team")
  .prefault([{ name: "ml" }]);
