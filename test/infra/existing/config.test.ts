import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { existing } from "../../../infra/existing";
import { readKubeconfig } from "../../../infra/existing/config";
import { place } from "../../../infra/existing/platform";
import { pool, problemsOf } from "../problems";

describe("target existing", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlstack-existing-"));
  const kubeconfig = join(folder, "config");
  after(() => rmSync(folder, { recursive: true }));

  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "one",
      contexts: [
        { name: "one", context: { cluster: "c", user: "u" } },
        { name: "two", context: { cluster: "d", user: "u" } },
      ],
    }),
  );

  const target = {
    kind: "existing",
    kubeconfig,
    images: { prefix: "r.example" },
  };
  const problems = (changes: object) =>
    problemsOf(existing, { ...target, ...changes }, []);

  it("takes the current context, or another that is named", () => {
    assert.deepEqual(problems({}), []);
    const chosen = existing.schema.parse({ ...target, context: "two" });
    assert.match(readKubeconfig(chosen), /current-context: two/);
  });

  it("lists the contexts when one is misspelt", () =>
    assert.match(
      problems({ context: "tow" }).join(),
      /^target\.context: .*choose one of one, two/,
    ));

  it("says which file is missing", () =>
    assert.match(
      problems({ kubeconfig: "/nowhere/config" }).join(),
      /^target\.kubeconfig: \/nowhere\/config is not there/,
    ));

  it("wants the image in the command that loads it", () => {
    const load = (line: string) =>
      existing.schema.safeParse({
        ...target,
        images: { prefix: "mlstack.local", load: line },
      });
    assert.ok(load("kind load docker-image {image}").success);
    assert.match(
      load("kind load docker-image").error?.message ?? "",
      /write \{image\}/,
    );
  });

  it("selects nodes by the label of the cluster's owner, or not at all", () => {
    assert.deepEqual(place(pool({}), undefined).placement.nodeSelector, {});
    assert.deepEqual(place(pool({}), "pool").placement.nodeSelector, {
      pool: "cpu",
    });
  });
});
