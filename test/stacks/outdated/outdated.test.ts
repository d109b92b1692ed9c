import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { describeOutdated } from "../../../stacks/commands/outdated";
import { lookUp, indexesVariable } from "../../../stacks/outdated/look-up";
import type { Index, Looked, Pin } from "../../../stacks/outdated/pin";
import { allPins } from "../../../stacks/outdated/pins";
import { isNewer, newestOf } from "../../../stacks/outdated/versions";

const root = join(__dirname, "../../..");

const pin = (index: Index, version: string): Pin => ({
  ...{ of: index.kind, name: "it", version, file: "x", index },
  releases: "https://example.com/releases",
});

const chart = (repository: string, name = "operator"): Index => ({
  ...{ kind: "chart", repository, chart: name },
});

/** Responses of the projects' indexes, in their own formats. */
const pages: Readonly<Record<string, string>> = {
  "/charts.example/index.yaml": `apiVersion: v1
entries:
  operator:
    - version: 2.10.0-rc.1
    - version: 2.9.1
    - version: 2.10.0
  other:
    - version: 9.0.0
`,
  "/api.github.com/repos/org/manifests/releases?per_page=100": JSON.stringify([
    { tag_name: "v1.11.0-rc.0", prerelease: true },
    { tag_name: "v2.0.0", prerelease: true },
    { tag_name: "v1.10.2", prerelease: false },
    { tag_name: "v1.9.0", prerelease: false },
  ]),
  "/api.github.com/repos/org/tagged/releases?per_page=100": "[]",
  "/api.github.com/repos/org/tagged/tags?per_page=100": JSON.stringify([
    { name: "1.2.0" },
  ]),
  "/proxy.golang.org/github.com/!big/module/v2/@v/list":
    "v2.0.9\nv2.1.0\nv2.1.5\nv2.1.7\nv2.9.0\nv2.10.0-alpha.1\nv3.0.0+incompatible\n",
  "/proxy.golang.org/github.com/!big/module/v2/@v/v2.9.0.mod": `module github.com/Big/module/v2

retract [v2.1.4, v2.1.9] // broken

retract (
	v2.0.0-rc.1
	v2.9.0 // only says what is taken back
)
`,
  "/registry.npmjs.org/@scope%2fpackage": JSON.stringify({
    "dist-tags": { latest: "3.0.0", next: "4.0.0-beta.1" },
  }),
  "/registry.npmjs.org/flaky": JSON.stringify({
    "dist-tags": { latest: "1.1.0" },
  }),
  "/pypi.org/pypi/library/json": JSON.stringify({
    info: { version: "1.27.0" },
  }),
  "/broken.example/index.yaml": "<html>",
  "/tokens.example/token?service=registry.example&scope=repository%3Aorg%2Fimage%3Apull":
    JSON.stringify({ token: "anybody" }),
};

describe("outdated", () => {
  let server: Server;
  let env: Record<string, string>;
  const asked: string[] = [];
  /** Connections that break before there is an answer. */
  let broken = 0;

  before(async () => {
    server = createServer(({ url = "", headers }, response) => {
      asked.push(url);
      if (url === "/registry.npmjs.org/flaky" && broken > 0) {
        broken -= 1;
        response.destroy();
        return;
      }
      if (url.startsWith("/registry.example/v2/org/image/tags/list")) {
        if (headers.authorization !== "Bearer anybody") {
          response
            .writeHead(401, {
              "www-authenticate":
                'Bearer realm="https://tokens.example/token",service="registry.example",scope="repository:org/image:pull"',
            })
            .end();
          return;
        }
        const first = Array.from(
          { length: 1000 },
          (_, index) => `sha-${index}`,
        );
        response.end(
          JSON.stringify({
            tags: url.includes("last=")
              ? [
                  "3.11-slim",
                  "3.12-slim",
                  "3.13",
                  "3.12.1-slim",
                  "latest",
                  "3.14-rc-slim",
                ]
              : first,
          }),
        );
        return;
      }
      const page = pages[url];
      if (page === undefined) response.writeHead(404).end();
      else response.end(page);
    });
    await new Promise<void>((resolve) =>
      server.listen(0, "127.0.0.1", resolve),
    );
    const { port } = server.address() as AddressInfo;
    env = { [indexesVariable]: `http://127.0.0.1:${port}` };
  });
  after(() => server.close());

  const newest: readonly (readonly [string, Index, string, string, boolean])[] =
    [
      [
        "a chart's repository",
        chart("https://charts.example/"),
        "2.9.1",
        "2.10.0",
        true,
      ],
      [
        "releases",
        { kind: "manifests", repository: "https://github.com/org/manifests" },
        "v1.10.2",
        "v1.10.2",
        false,
      ],
      [
        "tags, where there are no releases",
        { kind: "manifests", repository: "https://github.com/org/tagged" },
        "1.1.0",
        "1.2.0",
        true,
      ],
      [
        "a proxy of Go modules",
        { kind: "go", module: "github.com/Big/module/v2" },
        "2.0.9",
        "v2.1.0",
        true,
      ],
      [
        "npm",
        { kind: "npm", package: "@scope/package" },
        "3.0.0",
        "3.0.0",
        false,
      ],
      [
        "PyPI",
        { kind: "python", package: "library" },
        "1.27.0",
        "1.27.0",
        false,
      ],
      [
        "a registry, which wants a token and has pages",
        { kind: "image", registry: "registry.example", image: "org/image" },
        "3.11-slim",
        "3.12-slim",
        true,
      ],
    ];
  for (const [where, index, version, found, outdated] of newest) {
    it(`reads ${where}`, async () => {
      const [one] = await lookUp([pin(index, version)], env);
      assert.ok(one && "newest" in one, JSON.stringify(one));
      assert.deepEqual([one.newest, one.outdated], [found, outdated]);
    });
  }

  const causes: readonly (readonly [string, Index, RegExp])[] = [
    [
      "an index without it",
      chart("https://charts.example", "missing"),
      /has no chart missing$/,
    ],
    [
      "an index that is none",
      chart("https://broken.example"),
      /^broken\.example: answers with what is no index$/,
    ],
    [
      "an answer that there is nothing",
      { kind: "python", package: "unheard-of" },
      /pypi\/unheard-of\/json: 404 Not Found$/,
    ],
    [
      "what wants an account",
      { kind: "account", ask: "aws eks" },
      /^wants an account: aws eks$/,
    ],
  ];
  for (const [what, index, cause] of causes) {
    it(`says of ${what} why it was not looked up`, async () => {
      const [one] = await lookUp([pin(index, "1.0.0")], env);
      assert.ok(one && "cause" in one, JSON.stringify(one));
      assert.match(one.cause, cause);
    });
  }

  it("says it of a host that does not answer, which it waits for once", async () => {
    const nobody = { [indexesVariable]: await deadAddress() };
    const found = await lookUp(
      ["a", "b"].map((name) => pin({ kind: "python", package: name }, "1.0.0")),
      nobody,
    );
    for (const one of found) {
      assert.ok("cause" in one);
      assert.match(one.cause, /^pypi\.org does not answer: ECONNREFUSED$/);
    }
  });

  it("asks again where a connection broke", async () => {
    broken = 2;
    const [one] = await lookUp(
      [pin({ kind: "npm", package: "flaky" }, "1.0.0")],
      env,
    );
    assert.ok(one && "newest" in one, JSON.stringify(one));
    assert.equal(one.newest, "1.1.0");
  });

  it("asks once for what several pins need", async () => {
    asked.length = 0;
    await lookUp(
      ["1.0.0", "2.0.0", "3.0.0"].map((version) =>
        pin(chart("https://charts.example/"), version),
      ),
      env,
    );
    assert.deepEqual(asked, ["/charts.example/index.yaml"]);
  });

  it("tells releases apart from what comes before them, by number", () => {
    assert.equal(
      newestOf(["1.9.0", "1.10.0", "1.11.0-rc.1", "nightly"]),
      "1.10.0",
    );
    assert.equal(newestOf(["v4.0.0-20260115033456-f47bc2d6f199"]), undefined);
    assert.ok(isNewer("2.9.0.post1", "2.8.9"));
    assert.ok(!isNewer("1.10", "1.10.0"));
  });

  it("prints what is newer with where it says what changed, and one line for what is not known", () => {
    const of = {
      of: "chart",
      file: "f",
      releases: "https://example.com/releases",
    };
    const found: Looked[] = [
      { ...of, name: "old", version: "1.0.0", newest: "1.1.0", outdated: true },
      {
        ...of,
        name: "current",
        version: "1.0.0",
        newest: "1.0.0",
        outdated: false,
      },
      {
        ...of,
        name: "dark",
        version: "1.0.0",
        cause: "example.com does not answer: ENOTFOUND",
      },
    ];
    const text = describeOutdated(found);
    assert.match(
      text,
      /old +1\.0\.0 +1\.1\.0 +https:\/\/example\.com\/releases/,
    );
    assert.doesNotMatch(text, /current/);
    assert.match(
      text,
      /^ {2}chart dark 1\.0\.0: not looked up: example\.com does not answer: ENOTFOUND$/m,
    );
    assert.match(
      text,
      /^3 pins: 1 with a newer release, 1 at the newest, 1 not looked up$/m,
    );
  });

  it("knows every pin of the project's own files", () => {
    const pins = allPins(root);
    const named = (of: string) =>
      pins.filter((one) => one.of === of).map(({ name }) => name);
    const { dependencies, devDependencies } = JSON.parse(
      execFileSync("git", ["show", ":package.json"], {
        cwd: root,
        encoding: "utf8",
      }),
    ) as Record<"dependencies" | "devDependencies", object>;
    assert.deepEqual(
      named("npm").sort(),
      [...Object.keys(dependencies), ...Object.keys(devDependencies)].sort(),
    );
    // Counted in the text, as whoever adds one writes it.
    const text = ["components", "infra"]
      .map((folder) =>
        execFileSync("cat", [join(root, folder, "versions.ts")], {
          encoding: "utf8",
        }),
      )
      .join("");
    const charts = [...text.matchAll(/^ {4}chart: "(.+)",$/gm)].map(
      ([, name]) => name,
    );
    assert.deepEqual(named("chart").sort(), [...new Set(charts)].sort());
    const images = [
      ...text.matchAll(/"([a-z0-9.-]+\.[a-z]+\/[a-z0-9/._-]+):v?\d[^"]*"/g),
    ].map(([, name]) => name ?? "");
    assert.ok(images.length >= 7);
    for (const image of images)
      assert.ok(named("image").includes(image), image);
    const modules = execFileSync(
      "git",
      ["ls-files", "infra/supply/toolchain/*/go.mod"],
      { cwd: root, encoding: "utf8" },
    )
      .split("\n")
      .filter(Boolean);
    const files = new Set(pins.map(({ file }) => file));
    assert.deepEqual(
      modules.filter((file) => !files.has(file)),
      [],
    );
    assert.ok(
      named("python").includes("pyspark") &&
        named("python").includes("botocore"),
    );
    for (const { name, version, releases } of pins) {
      assert.match(version, /\d/, name);
      assert.match(releases, /^https:\/\//, name);
    }
  });

  it("ends well as a command, and prints data where it is asked for", async function () {
    this.timeout(120_000);
    const nobody = await deadAddress();
    const output = execFileSync(
      process.execPath,
      [join(root, "stacks/commands/run.mjs"), "outdated", "--json"],
      {
        cwd: root,
        encoding: "utf8",
        env: { ...process.env, [indexesVariable]: nobody },
      },
    );
    const found = JSON.parse(output) as Looked[];
    assert.ok(found.length > 100, `${found.length}`);
    assert.ok(found.every((one) => "cause" in one));
  });
});

/** Where nobody listens. */
async function deadAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
