import type { ResourceKind } from "./resource";

// Each kind is loaded with the first resource of it: what one needs must not slow the preview of another.
const kinds: Readonly<Record<string, () => ResourceKind>> = {
  "mlstack:index:LocalCluster": () =>
    (require("./local-cluster") as typeof import("./local-cluster"))
      .localCluster,
  "mlstack:index:SshCluster": () =>
    (require("./ssh-cluster") as typeof import("./ssh-cluster")).sshCluster,
  "mlstack:index:Image": () =>
    (require("./image") as typeof import("./image")).image,
  "mlstack:index:JobEnd": () =>
    (require("./job-end") as typeof import("./job-end")).jobEnd,
  "mlstack:index:RandomSecret": () =>
    (require("./random-secret") as typeof import("./random-secret"))
      .randomSecret,
  "mlstack:index:EmbeddedAccount": () =>
    (require("./embedded-account") as typeof import("./embedded-account"))
      .embeddedAccount,
  "mlstack:index:EmbeddedBucket": () =>
    (require("./embedded-bucket") as typeof import("./embedded-bucket"))
      .embeddedBucket,
  "mlstack:index:Teardown": () =>
    (require("./teardown") as typeof import("./teardown")).teardown,
  "mlstack:index:AdlsAccess": () =>
    (require("./adls-access") as typeof import("./adls-access")).adlsAccess,
  "mlstack:index:NodeGroupSize": () =>
    (require("./node-group-size") as typeof import("./node-group-size"))
      .nodeGroupSize,
  "mlstack:index:ChartKinds": () =>
    (require("./chart-kinds") as typeof import("./chart-kinds")).chartKinds,
  "mlstack:index:VolumeSize": () =>
    (require("./volume-size") as typeof import("./volume-size")).volumeSize,
};

/** Tokens of the kinds that the provider serves. */
export const kindTokens: readonly string[] = Object.keys(kinds);

/** The kind of a type token. */
export function findKind(type: string): ResourceKind {
  const load = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (!load) {
    throw new Error(
      `unknown resource type ${JSON.stringify(type)}; the provider has ${kindTokens.join(", ")}`,
    );
  }
  return load();
}
