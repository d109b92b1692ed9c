import { readFileSync } from "node:fs";
import { connect as connectTo } from "node:net";
import { join } from "node:path";

import type { Kubectl } from "../support/kubectl";
import { python, type Pod } from "../support/pod-calls";
import {
  type Action,
  type Attempt,
  type Layer,
  type Place,
  someNode,
  type Witness,
} from "./attempts";

/** An address that an attempt connects to. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Who acts from within a pod. */
export type InPod = Exclude<
  Witness,
  "member" | "viewer" | "administrator" | "machine"
>;

/** Resources that the attempts use. */
export interface Stage {
  readonly kubectl: Kubectl;
  /** Name of a node. */
  readonly node: string;
  readonly places: Readonly<Partial<Record<Place, Address>>>;
  readonly pods: Readonly<Partial<Record<InPod, Pod>>>;
}

/** Result of an attempt, and of its control. */
export interface Outcome {
  readonly attempt: Attempt;
  /** `yes`, or the refusal. */
  readonly answer: string;
  /** The layer that the refusal is of; undefined when it is nobody's, or when there is none. */
  readonly layer: Layer | undefined;
  readonly control: string;
}

/** The words of each layer's refusals. */
const words: readonly (readonly [RegExp, Layer])[] = [
  [/ValidatingAdmissionPolicy 'mlstack-/, "admission policy"],
  [/violates PodSecurity "restricted/, "Pod Security"],
  [/exceeded quota/, "quota"],
  [/maximum \S+ usage per Container is/, "quota"],
  [/^no token: .*No such file/, "no token"],
  [/^403: .*<Code>AccessDenied</s, "object store"],
  // The administration answers on the loopback of the store's pod alone.
  [/^405: .*<Code>MethodNotAllowed</s, "object store"],
  // A key or an ID that leads out of the bucket.
  [/^200: .*<Error><Code>400</s, "object store"],
  [/^404: .*<Code>NoSuchUpload</s, "object store"],
  // As the firewall refuses, and as one that drops does.
  [/^no connection: (\[Errno 111\]|timed out)/, "network policy"],
  [/cannot [a-z]+ resource/, "roles"],
];

/** The layer that a refusal is of. */
export function layerOf(answer: string): Layer | undefined {
  return words.find(([pattern]) => pattern.test(answer))?.[1];
}

const calls = readFileSync(join(__dirname, "calls.py"), "utf8");

const people: Partial<Record<Witness, readonly string[]>> = {
  member: ["--as=mallory", "--as-group=data-scientists"],
  viewer: ["--as=victor", "--as-group=analysts"],
  administrator: [],
};

/** Makes the attempts, each with its control. */
export async function tryAll(
  stage: Stage,
  attempts: readonly Attempt[],
): Promise<readonly Outcome[]> {
  const wanted = attempts.flatMap(({ who, action, control }) => [
    { who: who as Witness, action },
    { who: control.who, action: control.action ?? action },
  ]);
  const answers = await answersTo(stage, wanted);
  return attempts.map((attempt, index) => {
    const answer = answers[2 * index] ?? "";
    const control = answers[2 * index + 1] ?? "";
    return { attempt, answer, layer: layerOf(answer), control };
  });
}

interface Wanted {
  readonly who: Witness;
  readonly action: Action;
}

/** The calls from within a pod are one command, since its start takes longer than they do. */
async function answersTo(
  stage: Stage,
  wanted: readonly Wanted[],
): Promise<readonly string[]> {
  const answers = new Map<number, string>();
  for (const [who, pod] of Object.entries(stage.pods)) {
    const mine = wanted.flatMap((one, index) =>
      one.who === who ? [{ ...one, index }] : [],
    );
    if (mine.length === 0) continue;
    const list = mine.map(({ action }) => callOf(stage, action));
    const said = JSON.parse(
      python(stage.kubectl, pod, calls, JSON.stringify(list)),
    ) as readonly string[];
    mine.forEach(({ index }, at) => answers.set(index, said[at] ?? ""));
  }
  for (const [index, { who, action }] of wanted.entries()) {
    if (answers.has(index)) continue;
    answers.set(
      index,
      "connect" in action
        ? await fromHere(addressOf(stage, action.connect))
        : onCommandLine(stage, who, action),
    );
  }
  return wanted.map((_, index) => answers.get(index) ?? "");
}

function callOf(stage: Stage, action: Action): object {
  if ("kubectl" in action)
    throw new RangeError(`no pod runs kubectl ${action.kubectl.join(" ")}`);
  return "connect" in action ? addressOf(stage, action.connect) : action;
}

function addressOf({ places }: Stage, place: Place): Address {
  const address = places[place];
  if (address === undefined) throw new RangeError(`there is no ${place} here`);
  return address;
}

function onCommandLine(
  { kubectl, node }: Stage,
  who: Witness,
  action: Action,
): string {
  const identity = people[who];
  if (identity === undefined || !("kubectl" in action))
    throw new RangeError(`${who} has no command line for this`);
  const input = action.object && JSON.stringify(action.object);
  try {
    const words = action.kubectl.map((word) => word.replace(someNode, node));
    kubectl.run([...identity, ...words], input);
    return "yes";
  } catch (error) {
    return String((error as { readonly stderr?: unknown }).stderr);
  }
}

function fromHere({ host, port }: Address): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTo({ host, port, timeout: 3000 });
    const end = (said: string) => {
      socket.destroy();
      resolve(said);
    };
    socket.once("connect", () => end("yes"));
    socket.once("timeout", () => end("no connection: timed out"));
    socket.once("error", ({ message }) => end(`no connection: ${message}`));
  });
}

/** The outcomes as a table. */
export function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ attempt, answer, layer, control }) => [
    attempt.who,
    attempt.what,
    layer ?? (answer === "yes" ? "NOT REFUSED" : "REFUSED BY NO LAYER"),
    attempt.control.who,
    control === "yes" ? "may" : "MAY NOT",
  ]);
  const all = [["who", "tries", "refused by", "control", ""], ...rows];
  const widths = all[0]?.map((_, column) =>
    Math.max(...all.map((row) => row[column]?.length ?? 0)),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Unexpected results: an attempt that was allowed or refused by another layer, a control that was refused. */
export function surprises(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.flatMap(({ attempt, answer, layer, control }) => [
    ...(layer === attempt.layer
      ? []
      : [
          `${attempt.who}, ${attempt.what}: expected ${attempt.layer}, got: ${answer}`,
        ]),
    ...(control === "yes"
      ? []
      : [`control of ${attempt.who}, ${attempt.what}: ${control}`]),
  ]);
}
