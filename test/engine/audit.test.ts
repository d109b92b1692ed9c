import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { auditFlags, auditPolicy } from "../../infra/api-server/audit";
import { terminalProgress } from "../../infra/supply/steps";
import { ensureTools } from "../../infra/supply/toolchain/build";
import { toolPath } from "../../infra/supply/toolchain/tools";
import { startControlPlane, type ControlPlane } from "../support/control-plane";

interface AuditEvent {
  readonly user: { readonly username: string };
  readonly impersonatedUser?: { readonly username: string };
  readonly requestURI: string;
  readonly responseStatus?: { readonly code: number };
}

/** The audit log of a real API server. */
describe("audit log", function () {
  this.timeout(15 * 60_000);

  const port = 16747;
  const folder = mkdtempSync(join(tmpdir(), "mlstack-audit-"));
  const log = join(folder, "log", "audit.log");
  let controlPlane: ControlPlane | undefined;

  function kubectl(...args: readonly string[]) {
    const all = ["--kubeconfig", controlPlane?.kubeconfig ?? "", ...args];
    return spawnSync(toolPath("kubectl"), all, { encoding: "utf8" });
  }

  /** Asks without a name. @returns the status */
  const anonymous = (path: string) =>
    new Promise<number>((resolve, reject) => {
      // Who answers is not what is asked here.
      const options = { rejectUnauthorized: false };
      request(`https://127.0.0.1:${port}${path}`, options, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on("error", reject)
        .end();
    });

  const events = () =>
    readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as AuditEvent);

  before(async () => {
    const tools = ["etcd", "kube-apiserver", "kube-controller-manager"];
    await ensureTools(["kubectl", "kubeadm", ...tools], terminalProgress);
    const policy = join(folder, "policy.json");
    writeFileSync(policy, JSON.stringify(auditPolicy));
    controlPlane = await startControlPlane(
      { api: port, etcd: 12687 },
      auditFlags({ policy, log }),
    );
  });

  after(async () => {
    await controlPlane?.stop();
    rmSync(folder, { recursive: true });
  });

  it("names who was refused, however long the request, and has no contents", () => {
    // Longer than entries that the API server would leave out by its option to truncate them.
    const long = "a".repeat(110_000);
    const path = `/api/v1/namespaces/default/secrets?labelSelector=${long}`;
    assert.notEqual(kubectl("get", "--raw", path, "--as=mallory").status, 0);
    const literal = "--from-literal=a=known-value";
    const made = kubectl("create", "secret", "generic", "kept", literal);
    assert.equal(made.status, 0, made.stderr);
    assert.ok(
      events().some(
        ({ impersonatedUser, requestURI, responseStatus }) =>
          impersonatedUser?.username === "mallory" &&
          requestURI.endsWith(long) &&
          responseStatus?.code === 403,
      ),
    );
    assert.ok(!readFileSync(log, "utf8").includes("known-value"));
  });

  it("has nothing of those without a name but what they ask of objects", async () => {
    assert.equal(await anonymous("/nowhere"), 403);
    assert.equal(await anonymous("/api/v1/secrets"), 403);
    const nameless = events()
      .filter(({ user }) => user.username === "system:anonymous")
      .map(({ requestURI }) => requestURI);
    assert.deepEqual(nameless, ["/api/v1/secrets"]);
    assert.deepEqual(readdirSync(join(folder, "log")), ["audit.log"]);
  });
});
