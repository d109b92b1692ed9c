import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

import { placeFields } from "../../../infra/local/inputs";
import { Layout } from "../../../infra/local/layout";
import { remainsOf } from "../../../infra/local/remains";

describe("remains of a local cluster", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "mlstack-remains-"));
  after(() => rmSync(dataDir, { recursive: true }));

  const layout = new Layout({
    name: "gone",
    ...z.object(placeFields).parse({ dataDir }),
  });

  it("are none where there is no cluster", async () => {
    assert.deepEqual(await remainsOf(layout), []);
  });

  it("are its folder, as long as that is there", async () => {
    mkdirSync(layout.state);
    assert.deepEqual(await remainsOf(layout), [
      { kind: "folder", id: layout.state },
    ]);
  });
});
