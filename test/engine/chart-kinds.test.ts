import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { stringify } from "yaml";

import { charts } from "../../components/versions";
import { chartArchive, mirrorVariable } from "../../infra/charts/chart-source";
import { isEstablished } from "../../infra/charts/chart-definitions";
import { chartKinds } from "../../infra/provider/chart-kinds";
import { mirrorFolder, mirrorSteps } from "../../infra/supply/mirror";
import { terminalProgress } from "../../infra/supply/steps";
import { ensureTools } from "../../infra/supply/toolchain/build";
import { toolPath } from "../../infra/supply/toolchain/tools";
import { startControlPlane, type ControlPlane } from "../support/control-plane";

const group = "shop.example.com";

/** A definition whose objects have these fields. */
function definition(plural: string, fields: readonly string[], version = "v1") {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      annotations: { "example.com/name": "name: misleading" },
      name: `${plural}.${group}`,
    },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural, singular: plural.slice(0, -1), kind: "Kind" + plural },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: {
                spec: {
                  type: "object",
                  properties: Object.fromEntries(
                    fields.map((field) => [field, { type: "string" }]),
                  ),
                },
              },
            },
          },
        },
      ],
    },
  };
}

/** Kinds of a chart, on a real API server: what Helm creates once and never changes. */
describe("kinds of a chart in the engine", function () {
  this.timeout(15 * 60_000);

  let controlPlane: ControlPlane | undefined;
  let folder: string;
  const mirror = process.env[mirrorVariable];
  const abort = new AbortController();
  const context = { urn: "urn", signal: abort.signal, log: () => undefined };

  const kubectl = (args: readonly string[], input?: object) =>
    execFileSync(
      toolPath("kubectl"),
      ["--kubeconfig", controlPlane?.kubeconfig ?? "", ...args],
      { encoding: "utf8", input: input && JSON.stringify(input) },
    );

  /** Stores a version of the chart in the mirror, with the files that it is to have. */
  const store = (version: string, files: Readonly<Record<string, object>>) => {
    const root = mkdtempSync(join(folder, "chart-"));
    for (const [file, content] of Object.entries(files)) {
      const path = join(root, "shop", file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `# A comment.\n---\n${stringify(content)}`);
    }
    const archive = join(folder, `shop-${version}.tgz`);
    execFileSync("tar", ["-czf", archive, "-C", root, "shop"]);
    return archive;
  };

  const inputs = (version: string, repository = "https://127.0.0.1:1") => ({
    kubeconfig: readFileSync(controlPlane?.kubeconfig ?? "", "utf8"),
    chart: "shop",
    repository,
    version,
  });

  const raise = (version: string, repository?: string) =>
    chartKinds.update?.(
      "shop",
      inputs(version, repository),
      inputs(version, repository),
      context,
    );

  const coffee = (name: string) => ({
    apiVersion: `${group}/v1`,
    kind: "Kindorders",
    metadata: { name, namespace: "default" },
    spec: { drink: "coffee", size: "large" },
  });

  /** Creates an object; fields that its kind does not have are dropped. */
  const create = (object: object) =>
    kubectl(["create", "--validate=false", "-f", "-"], object);

  const specOf = (name: string) =>
    JSON.parse(
      kubectl(["get", `orders.${group}`, name, "-o", "jsonpath={.spec}"]),
    ) as object;

  before(async () => {
    await ensureTools(
      ["etcd", "kube-apiserver", "kubectl", "kubeadm"],
      terminalProgress,
    );
    folder = mkdtempSync(join(tmpdir(), "mlstack-charts-"));
    controlPlane = await startControlPlane({ api: 16653, etcd: 12589 });
  });

  beforeEach(() => {
    process.env[mirrorVariable] = folder;
  });

  after(async () => {
    if (mirror === undefined) delete process.env[mirrorVariable];
    else process.env[mirrorVariable] = mirror;
    await controlPlane?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("raises a kind that Helm made, beside the objects there are, before anything asks for its new fields", async () => {
    // Helm's client creates what it finds missing, and is its fields' manager from then on.
    kubectl(
      ["create", "--field-manager=helm", "-f", "-"],
      definition("orders", ["drink"]),
    );
    kubectl(["wait", "--for=condition=Established", `crd/orders.${group}`]);
    create(coffee("old"));
    assert.deepEqual(specOf("old"), { drink: "coffee" });
    store("2.0.0", {
      "crds/orders.yaml": definition("orders", ["drink", "size"]),
      "charts/part/crds/bills.yml": definition("bills", ["sum"]),
      "templates/crds-of-others.yaml": definition("strangers", ["name"]),
    });

    const { id } = await chartKinds.create(inputs("2.0.0"), context);

    assert.equal(id, "shop");
    create(coffee("new"));
    assert.deepEqual(specOf("new"), { drink: "coffee", size: "large" });
    assert.deepEqual(specOf("old"), { drink: "coffee" });
    assert.equal(kubectl(["get", `bills.${group}`, "-o", "name"]), "");
    assert.doesNotMatch(kubectl(["get", "crd", "-o", "name"]), /strangers/);
  });

  it("takes a definition that the API server has not looked at yet for one that is not served", () => {
    const created = (...flags: string[]) =>
      JSON.parse(
        kubectl(
          ["create", "-o", "json", ...flags, "-f", "-"],
          definition("carts", ["size"]),
        ),
      ) as { readonly status: { readonly conditions: unknown } };

    // As the server stores it first: what a reader gets who asks at once.
    const fresh = created("--dry-run=server");

    assert.equal(fresh.status.conditions, null);
    assert.equal(isEstablished(fresh), false);
    assert.equal(isEstablished({ metadata: { name: "carts" } }), false);
    created();
    kubectl(["wait", "--for=condition=Established", `crd/carts.${group}`]);
    const served: unknown = JSON.parse(
      kubectl(["get", `crd/carts.${group}`, "-o", "json"]),
    );
    assert.equal(isEstablished(served), true);
  });

  it("takes a field away that the next version does not have", async () => {
    store("3.0.0", { "crds/orders.yaml": definition("orders", ["size"]) });

    await raise("3.0.0");

    create(coffee("third"));
    assert.deepEqual(specOf("third"), { size: "large" });
  });

  it("says what the API server refuses: a version in which objects are stored cannot go", async () => {
    store("4.0.0", {
      "crds/orders.yaml": definition("orders", ["size"], "v2"),
    });

    await assert.rejects(
      async () => raise("4.0.0"),
      /orders\.shop\.example\.com.*storedVersions/s,
    );
    assert.deepEqual(specOf("third"), { size: "large" });
  });

  it("has no deletion: with a kind would go all objects of it", () => {
    assert.equal(chartKinds.delete, undefined);
  });

  it("takes a chart that no mirror has from its repository, by the sum that its index names", async () => {
    const archive = readFileSync(
      store("5.0.0", {
        "crds/orders.yaml": definition("orders", ["drink", "cup"]),
      }),
    );
    delete process.env[mirrorVariable];
    const sum = createHash("sha256").update(archive).digest("hex");
    const entry = (version: string, digest: string) => ({
      ...{ name: "shop", version, digest },
      urls: ["charts/shop.tgz"],
    });
    const index = stringify({
      apiVersion: "v1",
      entries: {
        shop: [entry("5.0.0", sum), entry("5.0.1", sum.replace(/./g, "0"))],
      },
    });
    const server = createServer(({ url }, response) => {
      if (url === "/stable/index.yaml") response.end(index);
      else if (url === "/stable/charts/shop.tgz") response.end(archive);
      else response.writeHead(404).end();
    }).listen(0, "127.0.0.1");
    try {
      await new Promise((resolve) => server.once("listening", resolve));
      const { port } = server.address() as AddressInfo;
      const repository = `http://127.0.0.1:${port}/stable`;

      await raise("5.0.0", repository);

      create({ ...coffee("fifth"), spec: { cup: "blue" } });
      assert.deepEqual(specOf("fifth"), { cup: "blue" });
      await assert.rejects(
        async () => raise("5.0.1", repository),
        /chart shop 5\.0\.1: its sum is [0-9a-f]+, and .* says 0+/,
      );
      await assert.rejects(
        async () => raise("6.0.0", repository),
        /has no version 6\.0\.0 of the chart shop/,
      );
    } finally {
      server.close();
    }
  });

  it("brings the Spark operator's own kinds, of which two are larger than what fits into an annotation", async () => {
    process.env[mirrorVariable] = mirrorFolder();
    const step = mirrorSteps().find(({ id }) => id === "mirror-spark-operator");
    await step?.run({ signal: abort.signal, log: join(folder, "mirror.log") });
    const pin = charts.sparkOperator;
    assert.ok(chartArchive(pin), "the mirror has the chart");

    for (let times = 0; times < 2; times++)
      await chartKinds.create(
        { ...inputs(pin.version, pin.repository), chart: pin.chart },
        context,
      );

    assert.deepEqual(
      kubectl(["get", "crd", "-o", "name"])
        .split("\n")
        .filter((name) => name.includes("sparkoperator"))
        .map((name) => name.replace(/.*\//, "")),
      [
        "scheduledsparkapplications.sparkoperator.k8s.io",
        "sparkapplications.sparkoperator.k8s.io",
        "sparkconnects.sparkoperator.k8s.io",
      ],
    );
  });
});
