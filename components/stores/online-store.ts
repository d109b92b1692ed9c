import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

import { destinationOfUrl } from "../../infra/network/destinations";
import type { PlacedPool, Platform, Volume } from "../../infra/platform";
import { quantity, amount } from "../../infra/quantity";
import { RandomSecret } from "../../infra/random-secret";
import { egressOnly, toDestination } from "../network-policy";
import { containerSecurity } from "../pods/restricted-pod";
import { podService } from "../pods/pod-service";

const keepHours = z
  .number()
  .positive()
  .max(24 * 3650)
  .optional()
  .describe(
    "Hours after which a row expires, from the time from which it is valid; never unless given",
  );

/** Configuration of the store with the latest feature rows, for serving. */
export const onlineStoreSchema = z.discriminatedUnion("kind", [
  /** A Redis of ours, its rows on a volume too. */
  z.strictObject({
    kind: z.literal("redis").describe("Redis, in the team's namespace"),
    keepHours,
    memory: quantity
      .default("512Mi")
      .describe("Memory limit; three quarters of it are for rows"),
    storage: quantity.default("2Gi").describe("Size of the volume of its log"),
  }),
  /** A Redis that someone else runs. */
  z.strictObject({
    kind: z.literal("external").describe("An existing Redis"),
    keepHours,
    url: z
      .url({ protocol: /^rediss?$/ })
      .describe(
        "Address with its password, such as `rediss://:secret@host:6379`; set it as a secret",
      ),
  }),
]);

/** Configuration of the online store. */
export type OnlineStoreConfig = z.output<typeof onlineStoreSchema>;

/** Arguments of {@link OnlineStore}. */
export interface OnlineStoreArgs {
  readonly platform: Pick<Platform, "provider" | "volume" | "clusterNetwork">;
  readonly namespace: pulumi.Input<string>;
  readonly pool: PlacedPool;
  readonly config: OnlineStoreConfig;
  /** Image of `workloads/images/redis`. */
  readonly image: pulumi.Input<string>;
}

const port = 6379;

/** The online store of a team: Redis, and its address in a secret. */
export class OnlineStore extends pulumi.ComponentResource {
  /** `ONLINE_STORE_URL` for containers of the team, from a secret. */
  readonly env: readonly k8s.types.input.core.v1.EnvVar[];
  /** Depend on it to use the store. */
  readonly ready: readonly pulumi.Resource[];

  constructor(
    name: string,
    args: OnlineStoreArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:OnlineStore", name, {}, opts);
    const child = { parent: this, provider: args.platform.provider };
    const { config, namespace } = args;
    const password = new RandomSecret(
      `${name}-password`,
      { bytes: 24 },
      { parent: this },
    ).hex;
    const secret = new k8s.core.v1.Secret(
      `${name}-address`,
      {
        metadata: { namespace },
        stringData:
          config.kind === "redis"
            ? {
                url: pulumi.interpolate`redis://:${password}@${name}:${port}`,
                password,
              }
            : { url: pulumi.secret(config.url) },
      },
      child,
    );
    this.env = [
      {
        name: "ONLINE_STORE_URL",
        valueFrom: {
          secretKeyRef: { name: secret.metadata.name, key: "url" },
        },
      },
    ];
    this.ready = [
      secret,
      ...(config.kind === "redis"
        ? redis(
            name,
            { ...args, config },
            args.platform.volume(
              `${name}-data`,
              { namespace, name: `${name}-data`, size: config.storage },
              { parent: this },
            ),
            secret.metadata.name,
            child,
          )
        : [
            new k8s.networking.v1.NetworkPolicy(
              name,
              {
                metadata: { namespace, name },
                spec: egressOnly([
                  toDestination(
                    destinationOfUrl(
                      config.url,
                      args.platform.clusterNetwork.closed,
                      port,
                    ),
                  ),
                ]),
              },
              child,
            ),
          ]),
    ];
    this.registerOutputs();
  }
}

function redis(
  name: string,
  {
    namespace,
    pool,
    config,
    image,
  }: OnlineStoreArgs & {
    config: Extract<OnlineStoreConfig, { kind: "redis" }>;
  },
  volume: Volume,
  secretName: pulumi.Output<string>,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const labels = { "app.kubernetes.io/name": name };
  const metadata = { name, namespace, labels };
  const service = podService(
    name,
    { metadata, selector: labels, ports: [{ name: "redis", port }] },
    opts,
  );
  const set = new k8s.apps.v1.StatefulSet(
    name,
    {
      metadata,
      spec: {
        serviceName: name,
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            nodeSelector: pool.placement.nodeSelector,
            tolerations: [...pool.placement.tolerations],
            securityContext: {
              runAsNonRoot: true,
              runAsUser: 100,
              fsGroup: 100,
              seccompProfile: { type: "RuntimeDefault" },
            },
            containers: [
              {
                name: "redis",
                image,
                args: [
                  "redis-server",
                  "--bind",
                  "0.0.0.0",
                  // It has a password, and the network policy of the namespace admits the team's pods alone.
                  "--protected-mode",
                  "no",
                  "--dir",
                  "/data",
                  // Everything can be put again from the table: a file every minute, no log of each write.
                  "--save",
                  "60",
                  "1000",
                  "--requirepass",
                  "$(PASSWORD)",
                  // Full, it refuses rows and goes on answering; beyond its limit it would be killed again and again.
                  "--maxmemory",
                  String(Math.floor(amount(config.memory) * 0.75)),
                  "--maxmemory-policy",
                  "noeviction",
                ],
                env: [
                  {
                    name: "PASSWORD",
                    valueFrom: {
                      secretKeyRef: { name: secretName, key: "password" },
                    },
                  },
                ],
                ports: [{ name: "redis", containerPort: port }],
                readinessProbe: { tcpSocket: { port }, periodSeconds: 2 },
                resources: {
                  requests: { cpu: "50m", memory: config.memory },
                  limits: { memory: config.memory },
                },
                securityContext: containerSecurity,
                volumeMounts: [{ name: "data", mountPath: "/data" }],
              },
            ],
            volumes: [
              {
                name: "data",
                persistentVolumeClaim: { claimName: volume.claim },
              },
            ],
          },
        },
      },
    },
    opts,
  );
  return [service, set];
}
