import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "../..");

/** Patterns that comments and docstrings do not use, with the term to write. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [
    /\bWhat\b.*\b(needs? to know|stands? on|must be there)\b/,
    "Arguments of X, Dependencies of X, or Resources to create before X",
  ],
  [/\banew\b/, "again, recreated, restarted, rebuilt or retrained"],
  [/\b(goes|go|gone|went) on with\b/, "resumes, or continues"],
  [/\bby the clock\b/, "scheduled"],
  [/\bever after\b|\bfor good\b/, "until X, or immutable"],
  [/\b(walls?|fences)\b/i, "network policy, or isolation"],
  [
    /\b(a|one) \w+ a (topic|node|day|stack|line|month|week|team|pool|replica|file|row|hour|run|table)\b/,
    "one X per Y",
  ],
  [/\btells? of\b/, "reports, or describes"],
];

const comment = /^\s*(\/\*\*|\*|\/\/|#|""")/;

function faultsOf(line: string): readonly string[] {
  if (!comment.test(line)) return [];
  return patterns.flatMap(([pattern, term]) => {
    const found = pattern.exec(line);
    return found === null ? [] : [`"${found[0]}": write ${term}`];
  });
}

describe("comments and docstrings", () => {
  it("use the field's terms, not the patterns that the linter of words knows", () => {
    const files = execFileSync(
      "git",
      ["ls-files", "*.ts", "*.mjs", "*.py", ":!test"],
      { cwd: root, encoding: "utf8" },
    )
      .split("\n")
      .filter((file) => file !== "" && !/(^|\/)(stream_)?tests\//.test(file));
    assert.ok(files.length > 300);
    const found = files.flatMap((file) =>
      readFileSync(join(root, file), "utf8")
        .split("\n")
        .flatMap((line, at) =>
          faultsOf(line).map((fault) => `${file}:${at + 1}: ${fault}`),
        ),
    );
    assert.deepEqual(found, []);
  });

  it("are found where they do", () => {
    const lines = [
      "/** What one broker needs to know. */",
      "  /** What must be there before a pipeline. */",
      "// The stack is made anew.",
      "# A batch is gone on with.",
      '"""A job that runs by the clock."""',
      " * Kept until it was read and ever after.",
      "/** The walls of the namespace. */",
      " * A line a topic.".replace("A", "a"),
      "// It tells of the end.",
    ];
    assert.deepEqual(
      lines.filter((line) => faultsOf(line).length !== 1),
      [],
    );
    assert.deepEqual(faultsOf('const wall = "a wall";'), []);
  });
});
