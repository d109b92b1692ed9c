import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";

import { credentials } from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import {
  AnalyzeRequest,
  type AnalyzeResponse,
  type AnalyzerInfo,
  AnalyzerResourceOptions,
} from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

import { rules } from "../../../stacks/policy/rules";

const folder = join(__dirname, "../../../stacks/policy");

/** Pulumi's own program that hosts policy packs, without the engine that starts it. */
describe("policy pack", () => {
  let host: ChildProcess;
  let client: AnalyzerClient;

  before(async function () {
    this.timeout(120_000);
    const program = require.resolve("@pulumi/pulumi/cmd/run-policy-pack");
    host = spawn(process.execPath, [program, "127.0.0.1:1", "."], {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const port = await new Promise<string>((resolve, reject) => {
      host.stdout?.once("data", (data: Buffer) =>
        resolve(data.toString().trim()),
      );
      host.once("exit", (code) => reject(new Error(`ended with ${code}`)));
    });
    client = new AnalyzerClient(
      `127.0.0.1:${port}`,
      credentials.createInsecure(),
    );
  });

  after(() => {
    client?.close();
    host?.kill();
  });

  it("loads and names its rules, mandatory ones", async () => {
    const info = await new Promise<AnalyzerInfo>((resolve, reject) =>
      client.getAnalyzerInfo(new Empty(), (error, answer) =>
        error ? reject(error) : resolve(answer),
      ),
    );
    assert.equal(info.getName(), "mlstack");
    const names = info.getPoliciesList().map((policy) => policy.getName());
    for (const { name } of rules) assert.ok(names.includes(name), name);
  });

  it("reports what breaks a rule, before it is made", async () => {
    const request = new AnalyzeRequest();
    request.setType("gcp:storage/bucket:Bucket");
    request.setUrn("urn:pulumi:gcp::mlstack::gcp:storage/bucket:Bucket::raw");
    request.setName("raw");
    const options = new AnalyzerResourceOptions();
    options.setCustomtimeouts(new AnalyzerResourceOptions.CustomTimeouts());
    request.setOptions(options);
    request.setProperties(
      Struct.fromJavaScript({
        uniformBucketLevelAccess: true,
        labels: { stack: "gcp", owner: "ml-platform" },
      }),
    );
    const answer = await new Promise<AnalyzeResponse>((resolve, reject) =>
      client.analyze(request, (error, response) =>
        error ? reject(error) : resolve(response),
      ),
    );
    const messages = answer.getDiagnosticsList().map((one) => ({
      policy: one.getPolicyname(),
      text: one.getMessage(),
    }));
    assert.equal(messages.length, 1, JSON.stringify(messages));
    assert.equal(messages[0]?.policy, "no-public-bucket");
    assert.match(messages[0].text, /publicAccessPrevention: write enforced/);
  });
});
