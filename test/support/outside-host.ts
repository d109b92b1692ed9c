import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ip = (...args: string[]) => execFileSync("ip", args);

/** A machine beside this one: a network namespace with a web server, which answers `outside`. Needs root. */
export class OutsideHost {
  readonly address = "198.51.100.2";
  /** This machine's address on the link to it. */
  readonly near = "198.51.100.1";
  private readonly name = `mlstack-outside-${process.pid}`;
  private readonly link = `out${process.pid}`;
  private readonly bridge = `idle${process.pid}`;
  private readonly folder = mkdtempSync(join(tmpdir(), "mlstack-outside-"));
  private readonly server: ChildProcess;

  constructor() {
    ip("netns", "add", this.name);
    ip(
      "link",
      "add",
      this.link,
      "type",
      "veth",
      "peer",
      "name",
      "eth0",
      "netns",
      this.name,
    );
    ip("addr", "add", `${this.near}/30`, "dev", this.link);
    ip("link", "set", this.link, "up");
    ip("-n", this.name, "addr", "add", `${this.address}/30`, "dev", "eth0");
    ip("-n", this.name, "link", "set", "eth0", "up");
    writeFileSync(join(this.folder, "index.html"), "outside\n");
    this.server = spawn(
      "ip",
      ["netns", "exec", this.name, "python3", "-m", "http.server", "80"],
      { cwd: this.folder, stdio: "ignore" },
    );
  }

  /** Gives this machine a bridge without a port. @returns its address */
  addIdleAddress(): string {
    ip("link", "add", this.bridge, "type", "bridge");
    ip("addr", "add", "198.51.100.129/30", "dev", this.bridge);
    ip("link", "set", this.bridge, "up");
    return "198.51.100.129";
  }

  /** Takes it away again. */
  remove(): void {
    if (
      execFileSync("ip", ["-o", "link"], { encoding: "utf8" }).includes(
        ` ${this.bridge}:`,
      )
    )
      ip("link", "delete", this.bridge);
    this.server.kill("SIGKILL");
    ip("netns", "delete", this.name);
    // A namespace ends with its last process, a moment later.
    ip("link", "delete", this.link);
    rmSync(this.folder, { recursive: true });
  }
}
