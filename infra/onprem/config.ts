import { utils } from "ssh2";
import { z } from "zod";

import {
  checkOverlaps,
  checkPodRanges,
  cidr,
  overlaps,
  parseCidr,
} from "../network/cidr";
import { objectsSchema } from "../object-store/config";
import type { NodePool } from "../platform";
import type { Problem } from "../problem";
import { secretPlaceholder } from "../secret-placeholder";
import { kubernetesPatch } from "../versions";
import { hostSchema, loginSchema } from "./hosts";

const login = {
  user: z
    .string()
    .min(1)
    .describe(
      "User to log in as; root, or one that may sudo without a password",
    ),
  port: z.int().min(1).max(65535).describe("Port of the SSH server"),
  key: loginSchema.shape.key.describe("Private key, as a secret"),
};

const host = z.strictObject({
  name: hostSchema.shape.name.describe("Name of the host, and of its node"),
  address: hostSchema.shape.address.describe(
    "Address at which the other hosts reach it",
  ),
  role: hostSchema.shape.role
    .default("worker")
    .describe(
      "Whether the host is one of the one or three of the control plane",
    ),
  pool: z
    .string()
    .optional()
    .describe(
      "The pool that the host belongs to; control-plane hosts without one run no workloads",
    ),
  user: login.user
    .optional()
    .describe("User to log in as on this host; that of `ssh` unless given"),
  port: login.port
    .optional()
    .describe("Port of this host's SSH server; that of `ssh` unless given"),
  key: login.key.describe(
    "Private key for this host, as a secret; that of `ssh` unless given",
  ),
  fingerprint: hostSchema.shape.fingerprint.describe(
    "`SHA256:…` of the host's key; a long-lived stack wants it, here or in `~/.ssh/known_hosts`",
  ),
});

/** Cost of a host to its owner. */
const hostCost = z.strictObject({
  price: z.number().nonnegative().describe("Purchase price in US dollars"),
  watts: z
    .number()
    .nonnegative()
    .describe("Power consumption in watts, with its share of the cooling"),
  hosting: z
    .number()
    .nonnegative()
    .default(0)
    .describe("US dollars per month for hosting: rack, network, staff"),
});

/** Cost of the hosts: depreciation, power and space. */
const costsSchema = z.strictObject({
  years: z
    .number()
    .positive()
    .default(4)
    .describe("Depreciation period in years"),
  perKwh: z.number().nonnegative().describe("US dollars per kilowatt-hour"),
  host: hostCost.describe(
    "Costs of every host, unless its pool is listed below",
  ),
  pools: z
    .record(z.string(), hostCost)
    .default({})
    .describe("Hosts of a pool; `control-plane` for those without one"),
});

/** Hosts of one's own. */
export const schema = z.strictObject({
  kind: z.literal("onprem").describe("Your own hosts, over SSH"),
  version: z
    .string()
    .regex(/^1\.\d+\.\d+$/, { error: `write a version, ${kubernetesPatch}` })
    .default(kubernetesPatch)
    .describe("Version of the kubeadm and kubelet on the hosts"),
  endpoint: z
    .string()
    .regex(/^[^:/]+:\d+$/, {
      error: "write address:port, such as 10.0.0.5:6443",
    })
    .optional()
    .describe(
      "Address and port in front of the control plane; needed where it has three hosts",
    ),
  ssh: z
    .strictObject({
      user: login.user.default("root"),
      port: login.port.default(22),
      key: login.key,
      keyFile: loginSchema.shape.keyFile.describe(
        "Path of the private key on the machine that runs `up`; `~/` is the home folder",
      ),
      agent: loginSchema.shape.agent.describe(
        "Whether keys of the SSH agent are used",
      ),
      passphrase: loginSchema.shape.passphrase.describe(
        "Passphrase of the key, as a secret",
      ),
      unknownHosts: loginSchema.shape.unknownHosts
        .unwrap()
        .optional()
        .describe(
          "`trust` accepts the key of an unknown host on the first connection; the default of short-lived stacks",
        ),
    })
    .prefault({})
    .describe("SSH access to the hosts, by one of key, keyFile and agent"),
  hosts: z.array(host).min(1).describe("The hosts of the cluster"),
  import: z
    .string()
    .min(1)
    .optional()
    .describe(
      "ID of an existing cluster on the hosts that is missing from the stack's state, to adopt it unchanged",
    ),
  installKubelet: z
    .string()
    .includes("{version}", { error: "write {version} where the version goes" })
    .optional()
    .describe(
      "Shell command that installs the kubelet of `{version}` on a host, for upgrades; without it, install the kubelet yourself",
    ),
  network: z
    .strictObject({
      pods: cidr(9, 22)
        .default("10.244.0.0/16")
        .describe("Range of the pods' addresses"),
      services: cidr(12, 24)
        .default("10.96.0.0/16")
        .describe("Range of the services' addresses"),
    })
    .prefault({})
    .describe("Address ranges; no host's address may be in them"),
  storageClass: z
    .string()
    .min(1)
    .optional()
    .describe(
      "An existing storage class; without it, volumes are folders on the hosts",
    ),
  objects: objectsSchema("100Gi").describe("Object store of the buckets"),
  images: z
    .strictObject({
      prefix: z
        .string()
        .min(1)
        .describe(
          "First part of the images' names, such as registry.example.com/mlstack",
        ),
    })
    .describe(
      "Registry that takes the program's images and that the hosts pull from",
    ),
  kubelet: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("Additional configuration of every kubelet"),
  kubeProxy: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("Additional configuration of every kube-proxy"),
  costs: costsSchema
    .optional()
    .describe(
      "Costs of the hosts, for `mlstack cost`; without them, their price is unknown",
    ),
  ignorePreflightErrors: z
    .array(z.string().min(1))
    .default([])
    .describe(
      "Preflight errors of kubeadm to ignore, such as `SystemVerification`",
    ),
});

/** Configuration of an on-prem target. */
export type OnpremConfig = z.output<typeof schema>;

/** Conflicts between hosts, pools and CIDR ranges. */
export function checkPools(
  pools: readonly NodePool[],
  target: OnpremConfig,
): readonly Problem[] {
  return [
    ...checkControlPlane(target),
    ...checkHosts(pools, target),
    ...checkKeys(target),
    ...pools.flatMap((pool, index) => checkPool(pool, index, target)),
    ...checkAddresses(target),
  ];
}

function checkControlPlane({ hosts, endpoint }: OnpremConfig): Problem[] {
  const count = hosts.filter(({ role }) => role === "control-plane").length;
  if (count !== 1 && count !== 3) {
    const remedy = `give one or three of them role: control-plane`;
    return [
      { path: "target.hosts", value: `${count} control-plane hosts`, remedy },
    ];
  }
  return count === 3 && endpoint === undefined
    ? [
        {
          path: "target.endpoint",
          value: endpoint,
          remedy:
            "set the address and port that reach any of the three control-plane hosts",
        },
      ]
    : [];
}

function checkHosts(
  pools: readonly NodePool[],
  { hosts }: OnpremConfig,
): Problem[] {
  const names = pools.map(({ name }) => name);
  return hosts.flatMap(({ name, address, role, pool }, index) => {
    const path = `target.hosts[${index}]`;
    const earlier = hosts.slice(0, index);
    const found: Problem[] = [];
    if (pool === undefined && role === "worker") {
      const remedy = `name one of the pools: ${names.join(", ")}`;
      found.push({ path: `${path}.pool`, value: pool, remedy });
    }
    if (pool !== undefined && !names.includes(pool)) {
      const remedy = `no such pool; choose one of ${names.join(", ")}`;
      found.push({ path: `${path}.pool`, value: pool, remedy });
    }
    if (earlier.some((other) => other.name === name)) {
      const remedy = "give each host a name of its own";
      found.push({ path: `${path}.name`, value: name, remedy });
    }
    if (earlier.some((other) => other.address === address)) {
      const remedy = "give each host an address of its own";
      found.push({ path: `${path}.address`, value: address, remedy });
    }
    return found;
  });
}

/** Secrets are judged by what they are, and never shown. */
function checkKeys({ hosts, ssh }: OnpremConfig): Problem[] {
  const given = [
    { path: "target.ssh.key", key: ssh.key },
    ...hosts.map(({ key }, index) => ({
      path: `target.hosts[${index}].key`,
      key,
    })),
  ];
  const wrong = given.flatMap(({ path, key }) =>
    key !== undefined &&
    // `mlstack run` and `cost` read a file without its secrets; `up` judges them.
    ![key, ssh.passphrase].includes(secretPlaceholder) &&
    utils.parseKey(key, ssh.passphrase) instanceof Error
      ? [
          {
            path,
            value: "(secret)",
            remedy:
              "is no private key, or one with another passphrase than target.ssh.passphrase",
          },
        ]
      : [],
  );
  const shared = [
    ["key", ssh.key !== undefined],
    ["keyFile", ssh.keyFile !== undefined],
    ["agent", ssh.agent],
  ] as const;
  const used = shared.flatMap(([name, isUsed]) => (isUsed ? [name] : []));
  if (used.length > 1) {
    const remedy = "write one of them alone";
    return [...wrong, { path: "target.ssh", value: used.join(", "), remedy }];
  }
  if (used.length === 1 || hosts.every(({ key }) => key !== undefined)) {
    return wrong;
  }
  const remedy =
    "name the private key by its path, such as ~/.ssh/id_ed25519, or set target.ssh.agent: true";
  return [...wrong, { path: "target.ssh.keyFile", value: undefined, remedy }];
}

function checkPool(
  { name, min, max, spot }: NodePool,
  index: number,
  { hosts }: OnpremConfig,
): Problem[] {
  const path = `pools[${index}]`;
  const count = hosts.filter(({ pool }) => pool === name).length;
  const fewest = Math.max(1, min);
  return [
    ...(spot
      ? [
          {
            path: `${path}.spot`,
            value: spot,
            remedy: "hosts of one's own are not taken away; write false",
          },
        ]
      : []),
    ...(count < fewest || count > max
      ? [
          {
            path: `${path}.${count > max ? "max" : "min"}`,
            value: count > max ? max : min,
            remedy: `target.hosts has ${count} of pool ${name}; ${count === 0 ? "add one" : `write ${count}`}, or change the hosts`,
          },
        ]
      : []),
  ];
}

function checkAddresses({ hosts, network }: OnpremConfig): Problem[] {
  const ranges = Object.entries(network).map(([key, value]) => ({
    path: `target.network.${key}`,
    value,
  }));
  const inside = hosts.flatMap(({ address }, index) =>
    ranges
      .filter(({ value }) => contains(value, address))
      .map(({ path, value }) => ({
        path,
        value,
        remedy: `target.hosts[${index}].address (${address}) lies in it; choose a range without hosts`,
      })),
  );
  // The controller manager's default: 256 addresses per node.
  const pods = checkPodRanges(
    "target.network.pods",
    network.pods,
    24,
    hosts.length,
  );
  return [...checkOverlaps(ranges), ...inside, ...pods];
}

function contains(range: string, address: string): boolean {
  const [whole, one] = [parseCidr(range), parseCidr(`${address}/32`)];
  return whole !== undefined && one !== undefined && overlaps(whole, one);
}
