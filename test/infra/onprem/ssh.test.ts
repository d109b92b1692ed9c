import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Server, utils } from "ssh2";

import { type Host, loginSchema } from "../../../infra/onprem/hosts";
import { fingerprintOf } from "../../../infra/onprem/known-hosts";
import { Remote, RemoteError } from "../../../infra/onprem/ssh";
import { host } from "./host";

const client = utils.generateKeyPairSync("ed25519");
const server = utils.generateKeyPairSync("ed25519");

/** A login that greets, as a company's image does it in `.bashrc`; the greeting ends without a line's end. */
const greeting = "echo 'mark id nobody'; printf 'Welcome to the host'; ";

describe("commands over SSH", () => {
  let sshd: Server;
  let target: Host;
  let shown: string;
  const folder = mkdtempSync(join(tmpdir(), "mlstack-ssh-"));

  before(async () => {
    const key = utils.parseKey(server.public);
    assert.ok(!(key instanceof Error));
    shown = fingerprintOf(key.getPublicSSH());
    sshd = startServer();
    sshd.listen(0, "127.0.0.1");
    await once(sshd, "listening");
    const { port } = sshd.address() as AddressInfo;
    target = host("one", { address: "127.0.0.1", port });
  });

  after(() => {
    sshd.close();
    rmSync(folder, { recursive: true });
  });

  const login = (changes: object = {}) =>
    loginSchema.parse({ key: client.private, ...changes });

  async function run(script: string, onLine?: (line: string) => void) {
    const remote = await Remote.connect(target, login());
    return remote.run(script, { onLine }).finally(() => remote.close());
  }

  it("give what they print, without what the login prints", async () => {
    assert.equal(await run("echo one\nprintf two"), "one\ntwo");
    assert.equal(await run("exit 0"), "");
    assert.equal(await run("cat <<'END'\na ' \"$b\nEND"), "a ' \"$b\n");
  });

  it("see nothing of the lines that follow them", async () => {
    assert.equal(await run("cat\necho after"), "after\n");
  });

  it("fail with their code and last lines, at the first that fails", async () => {
    await assert.rejects(run("echo before\nfalse\necho after"), (error) => {
      assert.ok(error instanceof RemoteError);
      assert.equal(error.code, 1);
      assert.match(error.message, /^one: ended with 1: [^]*before$/);
      return true;
    });
    await assert.rejects(run("(exit 7)"), /ended with 7/);
  });

  it("tell each line as it comes", async () => {
    const lines: string[] = [];
    await run("echo '[init] a'; echo '[init] b' >&2", (line) =>
      lines.push(line),
    );
    assert.deepEqual(lines.filter((line) => line.startsWith("[init]")).sort(), [
      "[init] a",
      "[init] b",
    ]);
  });

  it("are given to a host only that shows a key which somebody vouches for", async () => {
    const first = await Remote.connect(target, login());
    first.close();
    assert.deepEqual([first.fingerprint, first.firstSeen], [shown, true]);
    const strict = login({ unknownHosts: "refuse" });
    await assert.rejects(
      Remote.connect(target, strict),
      (error: Error) =>
        error.message.includes(shown) &&
        error.message.includes("nothing vouches for"),
    );
    const known = { ...target, fingerprint: shown };
    const second = await Remote.connect(known, strict);
    second.close();
    assert.equal(second.firstSeen, false);
    await assert.rejects(
      Remote.connect({ ...target, fingerprint: "SHA256:another" }, login()),
      /shows the key SHA256:.* and not SHA256:another/,
    );
  });

  it("use a key by its path, with a passphrase, or one of the host's own", async () => {
    const locked = utils.generateKeyPairSync("ed25519", {
      passphrase: "open sesame",
      cipher: "aes256-ctr",
      rounds: 16,
    });
    allowed = locked.public;
    const keyFile = join(folder, "key");
    writeFileSync(keyFile, locked.private, { mode: 0o600 });
    const byPath = loginSchema.parse({ keyFile, passphrase: "open sesame" });
    (await Remote.connect(target, byPath)).close();
    await assert.rejects(
      Remote.connect(target, loginSchema.parse({ keyFile })),
      /the private key cannot be read: .*see target\.ssh/,
    );
    await assert.rejects(
      Remote.connect(target, loginSchema.parse({ keyFile: `${keyFile}-no` })),
      /cannot read the key .*key-no \(ENOENT\)/,
    );
    await assert.rejects(
      Remote.connect(target, login()),
      /does not let root in/,
    );
    allowed = client.public;
    const keys = { one: client.private };
    (await Remote.connect(target, loginSchema.parse({ keys }))).close();
    await assert.rejects(
      Remote.connect(target, loginSchema.parse({})),
      /no key; set target\.ssh\.keyFile/,
    );
  });

  let allowed = client.public;

  function startServer(): Server {
    return new Server({ hostKeys: [server.private] }, (connection) => {
      connection
        .on("authentication", (context) => {
          const key = utils.parseKey(allowed);
          if (context.method !== "publickey" || key instanceof Error) {
            return context.reject(["publickey"]);
          }
          return key.getPublicSSH().equals(context.key.data)
            ? context.accept()
            : context.reject(["publickey"]);
        })
        .on("error", () => undefined)
        .on("session", (accept) => {
          accept().on("exec", (acceptExec, _reject, { command }) => {
            const channel = acceptExec();
            const child = spawn("sh", ["-c", greeting + command]);
            channel.pipe(child.stdin);
            child.stdout.pipe(channel, { end: false });
            child.stderr.pipe(channel.stderr, { end: false });
            child.on("close", (code) => {
              channel.exit(code ?? 1);
              channel.end();
            });
          });
        });
    });
  }
});
