import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(__dirname, "../..");

/** How a command ended, and what it printed on each stream. */
export interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A copy of this checkout in a folder of its own, as a second clone would be, with a home and a state of its own: what a
 * test writes there, a test that is killed leaves there.
 */
export class Checkout {
  readonly root: string;
  /** Variables under which nothing of the person who runs the tests is found. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly #folder = mkdtempSync(join(tmpdir(), "mlstack-checkout-"));

  /** Folder of a person's settings and state. */
  readonly home: string;

  /** @param home that of another checkout, of the same person */
  constructor(home?: string) {
    this.root = join(this.#folder, "mlstack");
    this.home = home ?? join(this.#folder, "home");
    this.env = {
      HOME: this.home,
      PULUMI_HOME: join(this.home, ".pulumi"),
      // Reuses the builds in this machine's cache.
      XDG_CACHE_HOME:
        process.env["XDG_CACHE_HOME"] ??
        join(process.env["HOME"] ?? "", ".cache"),
      XDG_STATE_HOME: undefined,
      PULUMI_BACKEND_URL: undefined,
      PULUMI_ACCESS_TOKEN: undefined,
      PULUMI_CONFIG_PASSPHRASE: undefined,
      PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
    };
    mkdirSync(this.home, { recursive: true });
    copyCheckout(this.root);
  }

  /** Text of a file of the checkout. */
  read(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  /** Path of a stack's file. */
  stackFile(stack: string): string {
    return join(this.root, `stacks/Pulumi.${stack}.yaml`);
  }

  /** Writes a stack's file: that of a stack of the project, with a change. */
  writeStack(
    stack: string,
    from: string,
    change: (text: string) => string = (text) => text,
  ): void {
    const text = readFileSync(this.stackFile(from), "utf8");
    writeFileSync(this.stackFile(stack), change(text));
  }

  /** Runs `npm` in the checkout to its end, with nobody at the keyboard. */
  npm(
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>> = {},
  ): CommandEnd {
    return this.#run("npm", args, env);
  }

  /** Runs the program without npm. */
  mlstack(
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>> = {},
  ): CommandEnd {
    return this.#run(
      process.execPath,
      [join(this.root, "stacks/commands/run.mjs"), ...args],
      env,
    );
  }

  /** Runs a script that may require TypeScript. */
  node(script: string): CommandEnd {
    return this.#run(process.execPath, ["--require=tsx/cjs", "-e", script], {});
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(
    program: string,
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
  ): CommandEnd {
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: this.root,
      encoding: "utf8",
      input: "",
      env: { ...withoutNpm(process.env), ...this.env, ...env },
    });
    return { code: status, stdout, stderr };
  }
}

/** Copies this checkout, as it is worked on, into a folder; what is installed is shared. */
export function copyCheckout(to: string): void {
  const files = execFileSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { cwd: root, encoding: "utf8" },
  ).split("\0");
  for (const file of files) {
    // A file that was deleted is still listed.
    if (file === "" || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true });
    copyFileSync(join(root, file), join(to, file));
  }
  symlinkSync(join(root, "node_modules"), join(to, "node_modules"));
}

/**
 * Writes the files of a commit into a folder, as a clone of then has them; what is installed is shared, where the commit
 * asks for the same packages.
 *
 * @throws where this clone does not have the commit
 */
export function checkOut(commit: string, to: string): void {
  const git = (...args: readonly string[]) =>
    execFileSync("git", args, { cwd: root, maxBuffer: 2 ** 28 });
  try {
    git("cat-file", "-e", `${commit}^{commit}`);
  } catch {
    throw new Error(
      `this clone has no commit ${commit}: git fetch --unshallow`,
    );
  }
  execFileSync("tar", ["-x", "-C", to], { input: git("archive", commit) });
  install(to);
}

/** Puts this checkout's files, as it is worked on, in the place of a commit's. */
export function replaceCheckout(commit: string, to: string): void {
  const files = execFileSync(
    "git",
    ["ls-tree", "-r", "-z", "--name-only", commit],
    { cwd: root, encoding: "utf8" },
  ).split("\0");
  for (const file of [...files, "node_modules"])
    if (file !== "") rmSync(join(to, file), { recursive: true, force: true });
  copyCheckout(to);
}

/** Makes packages available as a folder's lock file has them. */
function install(folder: string): void {
  const lock = (of: string) => readFileSync(join(of, "package-lock.json"));
  if (lock(folder).equals(lock(root)))
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  else
    execFileSync("npm", ["ci", "--no-audit", "--no-fund"], {
      cwd: folder,
      stdio: "pipe",
    });
}

/** The tests themselves are a script of npm. */
function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(npm_|INIT_CWD$)/i.test(name)),
  );
}
