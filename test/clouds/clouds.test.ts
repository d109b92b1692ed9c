import assert from "node:assert/strict";

import { modelExceptions, ruleExceptions } from "./exceptions";
import { judge, judged, type JudgedRecording, type Verdict } from "./judge";
import { breakings } from "./breakings";
import { type CloudRecording, clouds, recordClouds } from "./recordings";
import { documentedRules, spotQuestions } from "./rules";

describe("the cloud stacks, against what the clouds publish,", function () {
  this.timeout(10 * 60_000);

  let recordings: readonly CloudRecording[];
  let verdict: Verdict;

  before(async () => {
    recordings = await recordClouds();
    verdict = judge(
      [...recordings.map(judged), ...broken(recordings.map(judged))],
      spotQuestions,
    );
  });

  for (const cloud of clouds) {
    it(`give ${cloud} nothing that its models refuse`, () => {
      const refused = verdict.findings
        .filter(({ variant }) => variant.startsWith(`${cloud} `))
        .filter(
          ({ type, finding }) =>
            !modelExceptions.some(
              (one) => one.type === type && one.finding.test(finding),
            ),
        )
        .map(
          ({ variant, type, name, finding }) =>
            `${variant}: ${type} ${name}: ${finding}`,
        );
      assert.deepEqual(refused, []);
    });
  }

  it("are held by models that refuse what is wrong", () => {
    const missed = breakings.filter(
      ({ title, finding }) =>
        !verdict.findings.some(
          (found) =>
            found.variant === `broken ${title}` && finding.test(found.finding),
        ),
    );
    assert.deepEqual(
      missed.map(({ title }) => title),
      [],
    );
  });

  for (const { fault, cloud, rule, breaches } of documentedRules) {
    const exception = ruleExceptions.find(
      (one) => one.fault === fault && one.cloud === cloud,
    );
    it(`${exception ? "but for" : "keep"} fault ${fault} on ${cloud}: ${rule}`, () => {
      const found = breaches(
        recordings.filter((recording) => recording.cloud === cloud),
        verdict,
      );
      if (exception) {
        assert.ok(
          found.length > 0,
          "the rule holds by now: remove the exception",
        );
      } else assert.deepEqual(found, []);
    });
  }

  it("have no exception without a rule or a reason", () => {
    for (const { fault, cloud, reason } of ruleExceptions) {
      assert.ok(reason.length > 20);
      assert.ok(
        documentedRules.some(
          (rule) => rule.fault === fault && rule.cloud === cloud,
        ),
        `${cloud} ${fault}`,
      );
    }
    for (const exception of modelExceptions) {
      assert.ok(exception.reason.length > 20);
      assert.ok(
        verdict.findings.some(
          ({ type, finding }) =>
            exception.type === type && exception.finding.test(finding),
        ),
        `nothing is found any more of ${exception.type}: ${exception.reason}`,
      );
    }
  });
});

/** The first resource of each type with one input changed to what its cloud refuses. */
function broken(recordings: readonly JudgedRecording[]): JudgedRecording[] {
  return breakings.map(({ title, cloud, type, change }) => {
    const recording = recordings.find((one) => one.cloud === cloud);
    const resource = recording?.resources.find((one) => one.type === type);
    if (!recording || !resource) throw new Error(`no ${type} is recorded`);
    const inputs = { ...resource.inputs, ...change };
    return {
      ...recording,
      variant: `broken ${title}`,
      resources: [{ ...resource, inputs }],
    };
  });
}
