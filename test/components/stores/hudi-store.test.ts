import assert from "node:assert/strict";

import { recordStack } from "../../support/stack-program";

describe("a team with models of its own", () => {
  it("has a bucket for them that its accounts alone are granted, and no right on the shared one", async () => {
    const recording = await recordStack("local", {
      teams: [{ name: "ml" }, { name: "guests", ownModels: true }],
      workloads: {
        notebooks: [{ name: "ada" }, { name: "bob", team: "guests" }],
      },
    });
    const granted = (account: string) => {
      const { grants } = recording.one("mlstack:index:EmbeddedAccount", account)
        .inputs as {
        readonly grants: readonly {
          readonly bucket: string;
          readonly access: string;
        }[];
      };
      return grants.map(({ bucket, access }) => `${access} ${bucket}`).sort();
    };
    const features = ["read feature-store", "read raw"];
    assert.deepEqual(granted("ml-notebook-ada"), [...features, "write models"]);
    assert.deepEqual(granted("guests-notebook-bob"), [
      ...features,
      "write models-guests",
    ]);
  });
});
