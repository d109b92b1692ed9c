import { execFileSync } from "node:child_process";

import { toolPath } from "../../infra/supply/toolchain/tools";

/** kubectl on one cluster; input goes to its standard input. */
export class Kubectl {
  constructor(private readonly kubeconfig: string) {}

  run(args: readonly string[], input?: string): string {
    return execFileSync(toolPath("kubectl"), args, {
      encoding: "utf8",
      env: { ...process.env, KUBECONFIG: this.kubeconfig },
      input,
      // Captures stderr, so that an error contains the reason.
      stdio: ["pipe", "pipe", "pipe"],
    });
  }

  apply(...objects: readonly object[]): void {
    const list = { apiVersion: "v1", kind: "List", items: objects };
    this.run(["apply", "-f", "-"], JSON.stringify(list));
  }

  get<T>(...args: readonly string[]): T {
    return JSON.parse(this.run(["get", "-o", "json", ...args])) as T;
  }

  waitFor(object: string, condition: string, namespace = "default"): void {
    this.run([
      ...["wait", object, `--for=${condition}`, "--timeout=120s"],
      `--namespace=${namespace}`,
    ]);
  }

  sh(pod: string, script: string): string {
    return this.run(["exec", pod, "--", "sh", "-c", script]).trim();
  }
}
