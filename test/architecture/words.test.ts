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

/** Openings of fragments, which say what a thing relates to and not what it is. */
const opening =
  /^(?:What(?:ever)?|Whose|Of|That which|Those (?:of|that|which|who|whose|with)|Such as)\b/;

/** First group: the text of a comment line after its marker, for all three languages. */
const marker =
  /^\s*(?:\/\*\*|\*(?!\/)|\/\/|#(?!!)|[rR]?""")\s?(.*?)\s*(?:\*\/|""")?$/;

const comment = /^\s*(\/\*\*|\*|\/\/|#|""")/;

function faultsOf(line: string): readonly string[] {
  if (!comment.test(line)) return [];
  return patterns.flatMap(([pattern, term]) => {
    const found = pattern.exec(line);
    return found === null ? [] : [`"${found[0]}": write ${term}`];
  });
}

/** Faults of comments that open with a fragment; a line that continues a sentence is no opening. */
function fragmentsIn(text: string): readonly string[] {
  let before: string | undefined;
  return text.split("\n").flatMap((line, at) => {
    const said = marker.exec(line)?.[1];
    const continued = before !== undefined && !/(^|[.:;!?`)])$/.test(before);
    before = line.trimEnd().endsWith("*/") ? undefined : said;
    const found = said === undefined || continued ? null : opening.exec(said);
    return found === null
      ? []
      : [`${at + 1}: "${found[0]}…": open with a noun, or write a sentence`];
  });
}

function filesOf(...patterns: readonly string[]): readonly string[] {
  return execFileSync("git", ["ls-files", ...patterns], {
    cwd: root,
    encoding: "utf8",
  })
    .split("\n")
    .filter((file) => file !== "");
}

/** Shell scripts, most of which have no extension. */
function scripts(): readonly string[] {
  return execFileSync("git", ["grep", "-lE", "^#!.*\\b(ba)?sh$"], {
    cwd: root,
    encoding: "utf8",
  })
    .split("\n")
    .filter((file) => file !== "");
}

describe("comments and docstrings", () => {
  it("use the field's terms, not the patterns that the linter of words knows", () => {
    const files = filesOf("*.ts", "*.mjs", "*.py", ":!test").filter(
      (file) => !/(^|\/)(stream_)?tests\//.test(file),
    );
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

  it("open with a noun or a sentence, in programs, tests and scripts", () => {
    const files = new Set([
      ...filesOf("*.ts", "*.mjs", "*.py", "*.sh"),
      ...scripts(),
    ]);
    for (const kind of [/\.ts$/, /\.py$/, /\.sh$/, /^\.ci\/run$/])
      assert.ok([...files].some((file) => kind.test(file)));
    files.delete("test/architecture/words.test.ts");
    const found = [...files].flatMap((file) =>
      fragmentsIn(readFileSync(join(root, file), "utf8")).map(
        (fault) => `${file}:${fault}`,
      ),
    );
    assert.deepEqual(found, []);
  });

  it("are found where they open with a fragment", () => {
    const faults = [
      "/** What the job reads. */",
      "  // Of the newest row.",
      '    """What the job is told to do."""',
      '"""Whose account it is.',
      "# Whatever people submit.",
      "# What the suites share.\nset -eu",
      " * Those of the registries that answer.",
      "  /** Such as `ssh-ed25519`. */",
      "/** That which is left. */",
      "// A sentence.\n// What follows is a fragment.",
    ];
    assert.deepEqual(
      faults.filter((text) => fragmentsIn(text).length !== 1),
      [],
    );
    const fine = [
      "// It says\n// what it is, and for which\n// Of course.",
      "/**\n * Name of the account\n * of the job.\n */",
      'const text = "What is it?";',
      "#!/bin/bash\n# Entry point.",

      "// Those are the ports of the host.",
    ];
    assert.deepEqual(fine.flatMap(fragmentsIn), []);
  });

  it("are found where they use such a pattern", () => {
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
