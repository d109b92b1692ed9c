import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { run, type RunOptions } from "../../process";

/** Release that the base image and all images on it are made of. */
export const DEBIAN_RELEASE = "bookworm";

/** Paths that no container needs; excluded from later packages too. */
const LEFT_OUT = ["doc", "man", "locale", "info", "lintian", "groff", "linda"];

/** Writes `rootfs.tar` into `folder`: a minimal Debian from the mirror that this host uses. */
export async function makeDebianRoot(
  folder: string,
  options: Pick<RunOptions, "log" | "signal" | "onLine">,
): Promise<void> {
  const root = join(folder, "root");
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const sources = debianSources(
    await run("apt-get", [
      "indextargets",
      "--format",
      "$(RELEASE) $(SITE) $(COMPONENT)",
      "Created-By: Packages",
    ]).catch(() => ""),
  );
  const mirror = sources.find(({ suite }) => suite === DEBIAN_RELEASE)?.site;
  // debootstrap mounts inside of the root; in a mount namespace of its own no mount outlives it.
  await run(
    "unshare",
    [
      "--mount",
      "debootstrap",
      "--variant=minbase",
      DEBIAN_RELEASE,
      root,
      ...(mirror ? [mirror] : []),
    ],
    { name: "debootstrap", ...options },
  );
  const empty = (path: string) => {
    for (const entry of readdirSync(join(root, path)))
      rmSync(join(root, path, entry), { recursive: true, force: true });
  };
  for (const share of LEFT_OUT)
    rmSync(join(root, "usr/share", share), { recursive: true, force: true });
  // Packages with alternatives, such as a JRE, link into these and fail without them.
  for (let section = 1; section <= 8; section++)
    mkdirSync(join(root, `usr/share/man/man${section}`), { recursive: true });
  for (const path of ["var/lib/apt/lists", "var/cache/apt", "var/log"])
    empty(path);
  writeFileSync(
    join(root, "etc/dpkg/dpkg.cfg.d/slim"),
    LEFT_OUT.map((share) => `path-exclude=/usr/share/${share}/*\n`).join("") +
      // Licences stay.
      "path-include=/usr/share/doc/*/copyright\n",
  );
  writeFileSync(
    join(root, "etc/apt/apt.conf.d/slim"),
    [
      'Acquire::Languages "none";',
      'Dir::Cache::pkgcache "";',
      'Dir::Cache::srcpkgcache "";',
      'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb"; };',
      "",
    ].join("\n"),
  );
  if (sources.length > 0) {
    writeFileSync(
      join(root, "etc/apt/sources.list"),
      sources.map(({ suite, site }) => `deb ${site} ${suite} main\n`).join(""),
    );
  }
  await run(
    "tar",
    ["--create", "--file", join(folder, "rootfs.tar"), "-C", root, "."],
    options,
  );
  rmSync(root, { recursive: true, force: true });
}

/** The suites of the release (itself, its updates, its security fixes) that apt names; none on another system. */
export function debianSources(
  targets: string,
): readonly { readonly suite: string; readonly site: string }[] {
  return targets.split("\n").flatMap((line) => {
    const [suite, site, component] = line.trim().split(" ");
    const ours =
      suite === DEBIAN_RELEASE || suite?.startsWith(`${DEBIAN_RELEASE}-`);
    return suite && site && ours && component === "main"
      ? [{ suite, site }]
      : [];
  });
}
