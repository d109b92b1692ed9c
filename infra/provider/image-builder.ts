import {
  buildahEnvironment,
  buildImage,
  hasImage,
  pushImage,
  runBuildah,
} from "../supply/images/buildah";
import { removeOldBuilds } from "../supply/images/old-builds";
import { repositoryOf, withRegistry } from "../supply/images/registry";
import { run } from "../supply/process";

/** One image to be built and pushed. */
export interface Build {
  readonly reference: string;
  /** Folder that holds the context's files and nothing else. */
  readonly context: string;
  readonly dockerfile: string;
  readonly args: Readonly<Record<string, string>>;
  /** Folder of a registry's file-system driver to push to; the reference's own registry when absent. */
  readonly storage?: string;
  /** Images of the same registry that the build starts from. */
  readonly bases: readonly string[];
  readonly log: string;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

/** A program that builds and pushes images. */
export interface Builder {
  readonly name: string;
  /** Whether the reference's own registry has the image. */
  exists(build: Build): Promise<boolean>;
  build(build: Build): Promise<void>;
  push(build: Build): Promise<void>;
}

/**
 * The first builder that works here. Where images go to a folder buildah comes first: it needs no daemon and
 * reaches what this machine reaches; elsewhere Docker and Podman, which know the person's registry logins.
 */
export async function findBuilder(toFolder: boolean): Promise<Builder> {
  const daemons = [new Engine("docker"), new Engine("podman")];
  const order = toFolder ? [buildah, ...daemons] : [...daemons, buildah];
  for (const builder of order) {
    const works = await run(builder.name, ["info"]).then(
      () => true,
      () => false,
    );
    if (works) return builder;
  }
  throw new Error(
    "no image builder works here: install docker, podman or buildah (on Debian: apt-get install buildah)",
  );
}

/** Docker, or Podman, which takes the same commands. */
class Engine implements Builder {
  constructor(readonly name: "docker" | "podman") {}

  exists({ reference }: Build): Promise<boolean> {
    return succeeds(this.name, ["manifest", "inspect", reference]);
  }

  async build(build: Build): Promise<void> {
    await this.pullBases(build);
    await this.run(build, [
      "build",
      ...argumentsOf(build.args),
      `--file=${build.dockerfile}`,
      `--tag=${build.reference}`,
      build.context,
    ]);
  }

  async push(build: Build): Promise<void> {
    const { reference, storage } = build;
    if (!storage) {
      await this.run(build, ["push", reference]);
      return;
    }
    await withRegistry(storage, async (address) => {
      const local = addressed(reference, address);
      await this.run(build, ["tag", reference, local]);
      await this.run(build, ["push", ...this.insecure(), local]);
    });
  }

  private async pullBases(build: Build): Promise<void> {
    const { storage, bases } = build;
    for (const base of bases) {
      if (!storage || (await succeeds(this.name, ["image", "inspect", base])))
        continue;
      await withRegistry(storage, async (address) => {
        const local = addressed(base, address);
        await this.run(build, ["pull", ...this.insecure(), local]);
        await this.run(build, ["tag", local, base]);
      });
    }
  }

  // Docker takes a registry on the loopback address without TLS as it is.
  private insecure(): string[] {
    return this.name === "podman" ? ["--tls-verify=false"] : [];
  }

  private run(build: Build, args: readonly string[]): Promise<string> {
    return run(this.name, args, outcomeOf(build));
  }
}

const buildah: Builder = {
  name: "buildah",
  exists: ({ reference }) =>
    runBuildah([
      "manifest",
      "inspect",
      ...insecure(reference),
      `docker://${reference}`,
    ]).then(
      () => true,
      () => false,
    ),

  async build(build) {
    // Buildah's own storage may have been emptied since the base was built.
    for (const base of build.bases) {
      if (!(await hasImage(base))) await pullBase(build, base);
    }
    await buildImage({
      name: build.reference,
      context: build.context,
      dockerfile: build.dockerfile,
      args: build.args,
      ...outcomeOf(build),
    });
  },

  async push(build) {
    const { reference, storage } = build;
    if (storage) {
      await pushImage(reference, storage, reference, outcomeOf(build));
    } else {
      const how = onLoopback(reference) ? buildahEnvironment().push : [];
      await runBuildah(["push", ...how, reference], outcomeOf(build));
    }
    await removeOldBuilds();
  },
};

async function pullBase(build: Build, base: string): Promise<void> {
  const pull = async (reference: string) => {
    await runBuildah(
      ["pull", ...insecure(reference), `docker://${reference}`],
      outcomeOf(build),
    );
  };
  if (!build.storage) {
    await pull(base);
    return;
  }
  await withRegistry(build.storage, async (address) => {
    const local = addressed(base, address);
    await pull(local);
    await runBuildah(["tag", local, base], outcomeOf(build));
  });
}

/** A registry on the loopback address needs no TLS, as in Docker. */
function insecure(reference: string): string[] {
  return onLoopback(reference) ? ["--tls-verify=false"] : [];
}

function onLoopback(reference: string): boolean {
  return /^(localhost|127(\.\d+){3})[:/]/.test(reference);
}

function addressed(reference: string, address: string): string {
  const { repository, tag } = repositoryOf(reference);
  return `${address}/${repository}:${tag}`;
}

function argumentsOf(args: Readonly<Record<string, string>>): string[] {
  return Object.entries(args).map(
    ([key, value]) => `--build-arg=${key}=${value}`,
  );
}

function outcomeOf({ log, signal, onLine }: Build) {
  return { log, signal, onLine };
}

function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  );
}
