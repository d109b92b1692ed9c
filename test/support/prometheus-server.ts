import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { terminalProgress } from "../../infra/supply/steps";
import { ensureTools } from "../../infra/supply/toolchain/build";
import { toolPath } from "../../infra/supply/toolchain/tools";

/** The real Prometheus on a loopback port, with one target of the test's. */
export class PrometheusServer {
  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly target: Server,
    private readonly process: ChildProcess,
  ) {}

  /**
   * Starts it; its program is built first where it is missing.
   *
   * @param metrics answer of the target at a path
   * @param files texts of `prometheus.yml` and of the files that it names, for a target at an address
   */
  static async start(
    metrics: (path: string) => string,
    files: (target: string) => Readonly<Record<string, string>>,
  ): Promise<PrometheusServer> {
    await ensureTools(["prometheus"], terminalProgress);
    const target = createServer(({ url = "" }, response) => {
      response.setHeader("content-type", "text/plain; version=0.0.4");
      response.end(metrics(url));
    });
    const address = `127.0.0.1:${await listen(target)}`;
    const probe = createServer();
    const port = await listen(probe);
    await close(probe);
    const folder = mkdtempSync(join(tmpdir(), "mlstack-prometheus-"));
    for (const [file, text] of Object.entries(files(address)))
      writeFileSync(join(folder, file), text);
    const process = spawn(
      toolPath("prometheus"),
      [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: "ignore" },
    );
    const url = `http://127.0.0.1:${port}`;
    return new PrometheusServer(url, folder, target, process);
  }

  /** Ends it with its target, and removes its data. */
  async stop(): Promise<void> {
    if (this.process.exitCode === null) {
      const gone = once(this.process, "exit");
      this.process.kill();
      // It writes to its folder until then.
      await gone;
    }
    await close(this.target);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  await new Promise((done) => server.close(done));
}
