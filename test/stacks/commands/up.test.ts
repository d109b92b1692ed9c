import assert from "node:assert/strict";

import { up } from "../../../stacks/commands/up";
import * as declared from "../../../stacks/policy/declared";

describe("up", () => {
  const modules = require.cache;
  const path = require.resolve("../../../stacks/policy/declared");
  const real = modules[path];
  afterEach(() => {
    modules[path] = real;
  });

  /** Has the rules say this of every stack. */
  function rulesSay(lines: readonly string[]): readonly string[] {
    const asked: string[] = [];
    assert.ok(real);
    const exports: typeof declared = {
      ...declared,
      brokenRules: (stack) => {
        asked.push(stack);
        return Promise.resolve(lines);
      },
    };
    modules[path] = Object.assign(Object.create(real) as NodeJS.Module, {
      exports,
    });
    return asked;
  }

  it("does nothing where the program breaks a policy rule, and names each", async () => {
    const asked = rulesSay(["no-vpc: x: remove it", "no-vpc: y: remove it"]);
    await assert.rejects(
      up({ stack: "aws", localState: true }, []),
      /^Error: stack aws: these break the rules of stacks\/policy, so nothing is done:\n {2}no-vpc: x: remove it\n {2}no-vpc: y: remove it$/,
    );
    assert.deepEqual(asked, ["aws"]);
  });
});
