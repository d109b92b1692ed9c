import { objectStoreSecret } from "../../infra/object-store/key-pair-secret";
import type { AdmissionRule } from "./policy";

/** Accounts that Kubeflow's profile controller makes for people; their rights are its own. */
const kubeflowAccounts = ["default-editor", "default-viewer"];

/** True for requests of accounts of the team, but not of those that stand for people. */
export const byTeamAccount = `request.userInfo.username.startsWith("system:serviceaccount:" + request.namespace + ":") && !(request.userInfo.username.split(":")[3] in ${JSON.stringify(kubeflowAccounts)})`;

/**
 * Verbs of the project's own, which no role of Kubernetes has. `mount`: pods that the account creates may mount a secret
 * or a claim. `submit`: the account may start Spark applications that run as another account. Unlike `get`, neither lets
 * the account's token read anything.
 */
export const mountVerb = "mount";
export const submitVerb = "submit";

/** Kinds of a namespace's objects that a Spark job may mount, as the API server's resource names. */
export type MountedKind = "secrets" | "persistentvolumeclaims";

/** Each name costs a check by the API server's authorizer; an expression may make two, a policy about twenty. */
const mostMounts = 8;

/** Parts of a pod's specification: expressions for lists. */
interface PodParts {
  readonly volumes: string;
  readonly containers: string;
}

/** Expressions for lists of names: a list of lists becomes one through a text, for names have no commas. */
const flat = (lists: string) =>
  `${lists}.map(list, list.join(",")).join(",").split(",")`;

/** Expression for the list of what pods name: `secrets/NAME` and `persistentvolumeclaims/NAME`. */
export function mountsOf(
  { volumes, containers }: PodParts,
  more: {
    readonly secrets?: readonly string[];
    readonly claims?: readonly string[];
  } = {},
): string {
  const secrets = [
    `${volumes}.map(volume, volume.?secret.?secretName.orValue(""))`,
    `${volumes}.map(volume, volume.?csi.?nodePublishSecretRef.?name.orValue(""))`,
    flat(
      `${volumes}.map(volume, volume.?projected.?sources.orValue([]).map(source, source.?secret.?name.orValue("")))`,
    ),
    flat(
      `${containers}.map(container, container.?env.orValue([]).map(variable, variable.?valueFrom.?secretKeyRef.?name.orValue("")))`,
    ),
    flat(
      `${containers}.map(container, container.?envFrom.orValue([]).map(source, source.?secretRef.?name.orValue("")))`,
    ),
    ...(more.secrets ?? []),
  ];
  const claims = [
    `${volumes}.map(volume, volume.?persistentVolumeClaim.?claimName.orValue(""))`,
    ...(more.claims ?? []),
  ];
  const named = (kind: MountedKind, lists: readonly string[]) =>
    `(${lists.join(" + ")}).filter(name, name != "").map(name, "${kind}/" + name)`;
  return `${named("secrets", secrets)} + ${named("persistentvolumeclaims", claims)}`;
}

/**
 * Variables and rules by which pods of an account may mount the account's own objects, and those that the roles of the
 * requester let it {@link mountVerb}.
 *
 * @param account expression for the account that the pods run as
 * @param mounts expression of {@link mountsOf}
 * @param field where the names are, for the message
 */
export function mountRules({
  account,
  mounts,
  field,
}: {
  readonly account: string;
  readonly mounts: string;
  readonly field: string;
}): {
  readonly variables: Readonly<Record<string, string>>;
  readonly rules: readonly AdmissionRule[];
} {
  // Spark calls the claims of its executors by these names.
  const own = [
    `name == "secrets/" + ${account} + "${objectStoreSecret("")}"`,
    `name.split("/")[1].startsWith(${account} + ".")`,
    `name.matches("^persistentvolumeclaims/.*-exec-[0-9]+-pvc-[0-9]+$")`,
  ].join(" || ");
  const indices = Array.from({ length: mostMounts }, (_, index) => index);
  // Each variable drops the first name that is left, and its repetitions: CEL has no sets of names before Kubernetes 1.34.
  const rest = (index: number) => `variables.mounts${index}`;
  return {
    variables: {
      mounts0: `(${mounts}).filter(name, !(${own}))`,
      ...Object.fromEntries(
        indices.map((index) => [
          `mounts${index + 1}`,
          `${rest(index)}.filter(name, name != ${rest(index)}[0])`,
        ]),
      ),
    },
    rules: [
      ...indices.map((index) => ({
        expression: `${rest(index)}.size() == 0 || authorizer.group("").resource(${rest(index)}[0].split("/")[0]).namespace(request.namespace).name(${rest(index)}[0].split("/")[1]).check("${mountVerb}").allowed()`,
        message: `${field}: an account of a team has pods read the secrets and claims alone that its workload declares; call others ACCOUNT.NAME`,
      })),
      {
        expression: `${rest(mostMounts)}.size() == 0`,
        message: `${field}: name at most ${mostMounts} secrets and claims that are not the account's own`,
      },
    ],
  };
}
