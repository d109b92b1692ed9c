import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { parse } from "yaml";

import { alerts } from "../../components/observability/alerts";
import { commands } from "../../stacks/commands/command-list";
import { stackSchema } from "../../stacks/config";
import { stepSchema } from "../../workloads/schema/step";

const root = join(__dirname, "../..");
const pages = execFileSync("git", ["ls-files", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .trim()
  .split("\n");

const textOf = (page: string) => readFileSync(join(root, page), "utf8");

/** Indented blocks of a page, without their indentation. */
function blocksOf(page: string): readonly string[] {
  return textOf(page)
    .split(/\n(?! {4}|\n)/)
    .map((part) =>
      part
        .split("\n")
        .filter((line) => /^( {4}|$)/.test(line))
        .map((line) => line.slice(4))
        .join("\n")
        .trim(),
    )
    .filter((block) => block !== "");
}

/** Where links lead that are no addresses. */
function linksOf(text: string): readonly string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) =>
    /^[a-z]+:/.test(link) ? [] : [link],
  );
}

/** A heading as code hosts name it in a link. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

describe("documentation", () => {
  it("has no link that leads nowhere", () => {
    const broken = pages.flatMap((page) =>
      linksOf(textOf(page))
        .filter((link) => {
          const [path = "", anchor] = link.split("#");
          const file =
            path === "" ? join(root, page) : join(root, dirname(page), path);
          if (!existsSync(file)) return true;
          if (anchor === undefined || !file.endsWith(".md")) return false;
          const headings = readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm);
          return ![...headings].some(
            ([, each = ""]) => anchorOf(each) === anchor,
          );
        })
        .map((link) => `${page}: ${link}`),
    );
    assert.deepEqual(broken, []);
  });

  it("has every page of the site's menu", () => {
    const config = textOf("docs/site/.vitepress/config.mts");
    const links = [...config.matchAll(/link: "\/([^"]+)"/g)];
    assert.ok(links.length > 15);
    for (const [, link] of links)
      assert.ok(pages.includes(`${link}.md`), `${link}.md`);
  });

  it("shows settings of stacks that the schema takes", () => {
    let shown = 0;
    for (const page of pages) {
      for (const block of blocksOf(page)) {
        if (!/^mlstack:/.test(block)) continue;
        for (const [key, value] of Object.entries(
          parse(block) as Record<string, unknown>,
        )) {
          const name = key.replace(
            "mlstack:",
            "",
          ) as keyof typeof stackSchema.shape;
          const schema = stackSchema.shape[name];
          assert.ok(schema as unknown, `${page}: ${key}`);
          const { success, error } = schema.safeParse(value);
          assert.ok(success, `${page}: ${key}: ${error?.message}`);
          shown++;
        }
      }
    }
    assert.ok(shown >= 6, String(shown));
  });

  it("shows steps of workloads that the schema takes", () => {
    const steps = pages.flatMap((page) =>
      blocksOf(page).flatMap((block) =>
        /^steps:/.test(block)
          ? Object.values((parse(block) as { steps: object }).steps)
          : [],
      ),
    );
    assert.ok(steps.length > 0);
    for (const step of steps) stepSchema.parse(step);
  });

  it("calls commands that there are", () => {
    const { scripts } = JSON.parse(textOf("package.json")) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const unknown = pages
      .filter((page) => page !== "CHANGELOG.md")
      .flatMap((page) =>
        [...textOf(page).matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g)].flatMap(
          ([, name = ""]) =>
            name in scripts || name in commands ? [] : [`${page}: ${name}`],
        ),
      );
    assert.deepEqual(unknown, []);
  });

  it("says of each alert what to do", () => {
    const headings = [
      ...textOf("docs/operations.md").matchAll(/^### `(\w+)`\n\n\S/gm),
    ].map(([, name]) => name);
    assert.deepEqual(
      headings,
      alerts.map(({ name }) => name),
    );
  });
});
