import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { charts, images, manifests } from "../../components/versions";

const root = join(__dirname, "../..");

interface Manager {
  readonly description: string;
  readonly matchStrings: readonly string[];
}

const { customManagers } = JSON.parse(
  readFileSync(join(root, "renovate.json"), "utf8"),
) as { readonly customManagers: readonly Manager[] };

/** Pins that a custom manager matches in components/versions.ts, as `NAME VERSION`, sorted. */
function found(description: string): string[] {
  const text = readFileSync(join(root, "components/versions.ts"), "utf8");
  const manager = customManagers.find((one) => one.description === description);
  assert.ok(manager, description);
  return manager.matchStrings
    .flatMap((pattern) => [...text.matchAll(new RegExp(pattern, "g"))])
    .map(({ groups }) => `${groups?.["depName"]} ${groups?.["currentValue"]}`)
    .sort();
}

describe("Renovate", () => {
  it("finds each chart of a repository", () => {
    const pins = Object.values(charts).filter(
      // It looks up no registry by this pattern.
      ({ repository }) => !repository.startsWith("oci:"),
    );
    assert.deepEqual(
      found("Helm charts"),
      pins.map(({ chart, version }) => `${chart} ${version}`).sort(),
    );
  });

  it("finds each image", () => {
    assert.deepEqual(
      found("Container images"),
      Object.values(images)
        .map((image) => image.replace(/:(?=[^:]+$)/, " "))
        .sort(),
    );
  });

  it("finds each kustomization", () => {
    assert.deepEqual(
      found("Kustomize manifests"),
      Object.values(manifests)
        .map(
          ({ repository, tag }) =>
            `${repository.replace("https://github.com/", "")} ${tag}`,
        )
        .sort(),
    );
  });
});
