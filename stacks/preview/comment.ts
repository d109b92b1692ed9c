import { nameOf, typeOf, type Digest, type Step } from "./digest";
import { propertyChanges, type PropertyChange } from "./property-changes";
import type { ChartDiff } from "./rendered-chart";
import { riskOf, type Risk } from "./risk";

/** Inputs of the comment on a pull request. */
export interface CommentArgs {
  readonly stack: string;
  readonly digest: Digest;
  readonly charts: readonly ChartDiff[];
  /** Effect on the cost, in Markdown; the first line of the comment. */
  readonly cost?: readonly string[];
  /** Most characters, for GitHub takes 65,536. */
  readonly limit?: number;
}

/** Text by which the comment of a stack is found again; nobody sees it. */
export function commentMarker(stack: string): string {
  return `<!-- mlstack-preview:${stack} -->`;
}

/** A part of the comment, of which lines can be left out where space is short. */
interface Part {
  readonly head: string;
  readonly lines: readonly string[];
  readonly tail: string;
}

/** The comment on a pull request about what it does to a stack, in GitHub's Markdown. */
export function previewComment(args: CommentArgs): string {
  const { stack, digest, charts, cost = [], limit = 65_000 } = args;
  const steps = (digest.steps ?? []).filter(touches);
  const risky = byRisk(steps);
  const others = steps.filter((step) => !riskOf(step));
  const errors = (digest.diagnostics ?? []).filter(
    ({ severity }) => severity === "error",
  );
  const head = [
    commentMarker(stack),
    ...cost.flatMap((line) => [line, ""]),
    `### Stack \`${stack}\`: ${errors.length > 0 ? "the preview failed" : headline(digest)}`,
    "",
    countTable(digest),
    "",
  ];
  const parts = [
    ...(errors.length > 0 ? [errorPart(errors)] : []),
    ...riskParts(risky),
    ...charts.flatMap(chartLoss),
    ...(["update", "create"] as const).flatMap((op) =>
      stepPart(
        op,
        others.filter((step) => step.op === op),
      ),
    ),
    ...stepPart(
      "other",
      others.filter(({ op }) => op !== "update" && op !== "create"),
    ),
    ...charts.map(chartPart),
  ];
  return `${fitted(head.join("\n"), parts, limit)}\n`;
}

function touches({ op, urn, oldState, newState }: Step): boolean {
  if (typeOf({ urn }) === "pulumi:pulumi:Stack") return false;
  // The engine reports a change of the protection alone as "same".
  return op !== "same" || oldState?.protect !== newState?.protect;
}

const counted = ["create", "update", "replace", "delete"] as const;

function headline({ changeSummary }: Digest): string {
  const counts = counted.flatMap((op) => {
    const count = changeSummary?.[op] ?? 0;
    return count > 0 ? [`${count} to ${op}`] : [];
  });
  return counts.length > 0 ? counts.join(", ") : "no changes";
}

function countTable({ changeSummary }: Digest): string {
  const cells = [...counted, "same"].map((op) => changeSummary?.[op] ?? 0);
  return [
    "| create | update | replace | delete | unchanged |",
    "| --: | --: | --: | --: | --: |",
    `| ${cells.join(" | ")} |`,
  ].join("\n");
}

function errorPart(errors: readonly { readonly message: string }[]): Part {
  return fencedPart(
    "",
    errors.flatMap(({ message }) => message.trimEnd().split("\n")),
    "",
  );
}

type RiskyStep = Step & { readonly risk: Risk };

function byRisk(steps: readonly Step[]): RiskyStep[] {
  return steps
    .flatMap((step) => {
      const risk = riskOf(step);
      return risk ? [{ ...step, risk }] : [];
    })
    .sort((one, other) => one.risk.rank - other.risk.rank);
}

function riskParts(steps: readonly RiskyStep[]): Part[] {
  return steps.map((step, index) => {
    const title = `**${step.op === "same" ? "update" : step.op}** ${code(nameOf(step))} (${code(typeOf(step))}) **${step.risk.words}**`;
    const head = `${index === 0 ? "#### Look at these first\n\n" : ""}${title}`;
    // A deleted resource would list every property; others list those that change.
    const changes = step.op === "delete" ? [] : propertyChanges(step);
    return changes.length === 0
      ? { head, lines: [], tail: "" }
      : fencedPart(head, changes.flatMap(changeLines), "");
  });
}

function stepPart(op: string, steps: readonly Step[]): Part[] {
  if (steps.length === 0) return [];
  const title = op === "other" ? "in other ways" : `to ${op}`;
  const lines = steps.flatMap((step) => [
    `${op === "create" ? "+" : op === "update" ? "!" : "#"} ${typeOf(step)} ${nameOf(step)}${op === "other" ? `: ${step.op}` : ""}`,
    ...(op === "update" ? propertyChanges(step).flatMap(changeLines) : []),
  ]);
  return [detailsPart(`${steps.length} ${title}`, lines)];
}

function chartPart({ name, before, after, manifests }: ChartDiff): Part {
  const versions =
    before.version === after.version
      ? after.version
      : `${before.version} → ${after.version}`;
  const title = `Manifests of the chart ${name} (${after.chart} ${versions})`;
  if ("error" in manifests) {
    return {
      head: `${escaped(title)}: not shown, ${escaped(manifests.error)}`,
      lines: [],
      tail: "",
    };
  }
  if (manifests.length === 0) {
    return { head: `${escaped(title)}: the same`, lines: [], tail: "" };
  }
  const counts = (["changed", "added", "removed"] as const).flatMap(
    (change) => {
      const { length } = manifests.filter((one) => one.change === change);
      return length > 0 ? [`${length} ${change}`] : [];
    },
  );
  return detailsPart(
    `${title}: ${counts.join(", ")}`,
    manifests.flatMap(({ object, change, lines }) => [
      `${signs[change]} ${object} ${change}`,
      ...lines,
    ]),
  );
}

/** Kinds of objects that take data along when a chart no longer has them. */
const holders =
  /^\S+ (CustomResourceDefinition|PersistentVolumeClaim|Namespace) /;

function chartLoss({ name, manifests }: ChartDiff): Part[] {
  if ("error" in manifests) return [];
  const lost = manifests.filter(
    ({ change, object }) => change === "removed" && holders.test(object),
  );
  if (lost.length === 0) return [];
  const objects = lost.map(({ object }) => code(object)).join(", ");
  const head = `**update** ${code(name)} (chart) **loses data** with ${objects}`;
  return [{ head, lines: [], tail: "" }];
}

const signs = { changed: "!", added: "+", removed: "-" } as const;

function detailsPart(title: string, lines: readonly string[]): Part {
  return fencedPart(
    `<details><summary>${escaped(title)}</summary>\n`,
    lines,
    "\n</details>",
  );
}

function fencedPart(
  head: string,
  lines: readonly string[],
  tail: string,
): Part {
  // A fence longer than any in the text cannot be closed by it.
  const longest = Math.max(
    2,
    ...lines.flatMap(
      (line) => line.match(/`+/g)?.map((run) => run.length) ?? [],
    ),
  );
  const fence = "`".repeat(longest + 1);
  return {
    head: `${head}${head === "" ? "" : "\n"}${fence}diff`,
    lines,
    tail: `${fence}${tail}`,
  };
}

function changeLines(change: PropertyChange): string[] {
  const note = change.replaces ? "  # forces the replacement" : "";
  const line = (sign: string, value: unknown) =>
    value === undefined ? [] : [`${sign}   ${change.path}: ${shown(value)}`];
  const lines = [...line("-", change.before), ...line("+", change.after)];
  const last = lines.pop();
  return last === undefined
    ? [`!   ${change.path}${note}`]
    : [...lines, `${last}${note}`];
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length <= 300 ? text : `${text.slice(0, 300)}…`;
}

function code(text: string): string {
  return `\`${text.replace(/`/g, "'")}\``;
}

function escaped(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;");
}

/** As many lines of each part as fit; earlier parts come first, and every part keeps its title. */
function fitted(head: string, parts: readonly Part[], limit: number): string {
  const note = (count: number) => `# … ${count} more lines`;
  const frames = parts.map(({ head, tail }) => head.length + tail.length + 30);
  let left = limit - head.length - frames.reduce((sum, size) => sum + size, 0);
  const texts = parts.map(({ head, lines, tail }) => {
    const kept: string[] = [];
    for (const line of lines) {
      if (line.length + 1 > left) break;
      left -= line.length + 1;
      kept.push(line);
    }
    const cut = lines.length - kept.length;
    if (cut > 0) left = 0;
    return [head, ...kept, ...(cut > 0 ? [note(cut)] : []), tail]
      .filter((text) => text !== "")
      .join("\n");
  });
  return [head, ...texts].join("\n\n").slice(0, limit);
}
