import { type Attempt, attempts, type Place, type Witness } from "./attempts";

/** A target on which the attempts are made. */
export type TargetName = "local" | "onprem";

/** Whom and what the stack of a target's suite does not have, each with the reason. */
export type Lacks = Readonly<Partial<Record<Witness | Place, string>>>;

/** Where the attempts are made: all of them, but for those of and on what is not there. */
export const targets: Readonly<
  Record<TargetName, { readonly suite: string; readonly lacks: Lacks }>
> = {
  local: { suite: "test/cluster/full-stack.test.ts", lacks: {} },
  onprem: {
    suite: "test/cluster/onprem-stack.test.ts",
    lacks: {
      pipeline: "its stack has no pipeline",
      "image-registry": "the registry is outside of the cluster",
    },
  },
};

/** Why an attempt is not made on a target; undefined where it is made. */
export function leftOut(
  { who, action, control }: Attempt,
  target: TargetName,
): string | undefined {
  const { lacks } = targets[target];
  const needed: readonly (Witness | Place)[] = [
    who,
    control.who,
    ...[action, control.action].flatMap((one) =>
      one !== undefined && "connect" in one ? [one.connect] : [],
    ),
  ];
  return needed.flatMap((one) => lacks[one] ?? [])[0];
}

/** The attempts that are made on a target. */
export function attemptsOn(target: TargetName): readonly Attempt[] {
  return attempts.filter((attempt) => leftOut(attempt, target) === undefined);
}

/** Suite in which what a stream brings is tried. */
export const streamSuite = "test/cluster/streams.test.ts";
