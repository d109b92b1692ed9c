import { z } from "zod";

import { freeSpace } from "../../folders/free-space";
import { buildahHome, runBuildah } from "./buildah";

const HOUR = 3600 * 1000;

/** For this long, a change that is reverted rebuilds nothing. */
const KEPT = 7 * 24 * HOUR;

/** The same where the disk has less than {@link LOW_SPACE} left. */
const KEPT_AT_LOW_SPACE = HOUR;

/** With fewer free bytes than this, a build may fill the disk: more than the largest image takes with its layers. */
const LOW_SPACE = 15 * 2 ** 30;

const imagesSchema = z.array(
  z.object({
    id: z.string(),
    names: z
      .array(z.string())
      .nullish()
      .transform((names) => names ?? []),
    createdatraw: z.coerce.date(),
  }),
);

/** An image of buildah's storage, as `buildah images --json` lists it. */
export type StoredImage = z.output<typeof imagesSchema>[number];

/**
 * Images that are older than a week, and either have no name or are not the newest of theirs.
 *
 * @param free bytes left on the disk; where they are few, an hour takes the place of the week
 */
export function oldBuilds(
  images: readonly StoredImage[],
  now: number,
  free: number,
): StoredImage[] {
  const kept = free < LOW_SPACE ? KEPT_AT_LOW_SPACE : KEPT;
  const newest = new Map<string, number>();
  for (const { names, createdatraw } of images) {
    for (const name of names.map(repositoryOf))
      newest.set(name, Math.max(newest.get(name) ?? 0, createdatraw.getTime()));
  }
  return images.filter(({ names, createdatraw }) => {
    const created = createdatraw.getTime();
    return (
      now - created > kept &&
      names.every((name) => newest.get(repositoryOf(name)) !== created)
    );
  });
}

let removal: Promise<void> = Promise.resolve();

/**
 * Removes old builds from buildah's storage, which keeps a gigabyte of each content that an image ever had. Removals of
 * one process follow each other: builds run side by side, and a listing fails for an image that another one removes.
 */
export async function removeOldBuilds(now = Date.now()): Promise<void> {
  const next = removal.then(() => removeAll(now));
  removal = next.catch(() => undefined);
  await next;
}

async function removeAll(now: number): Promise<void> {
  const images = imagesSchema.parse(JSON.parse(await listImages()));
  const free = freeSpace(buildahHome());
  for (const { id, names } of oldBuilds(images, now, free)) {
    // An image that is the base of a build or of another image stays.
    await runBuildah(["rmi", ...(names.length > 0 ? names : [id])]).catch(
      () => undefined,
    );
  }
}

/**
 * Images listed by `buildah images`. A build that ended on a full disk leaves an image without its manifest, which
 * makes every further listing fail; such an image is removed.
 *
 * @param removed image that the last attempt removed; it is an error if it makes the listing fail again
 */
async function listImages(removed?: string): Promise<string> {
  try {
    return await runBuildah(["images", "--json"]);
  } catch (error) {
    const broken = brokenImage(String(error));
    // Another process is removing images, and removes the rest as well.
    if (isRemovedMeanwhile(String(error))) return "[]";
    if (broken === undefined || broken === removed) throw error;
    await runBuildah(["rmi", "--force", broken]);
    return listImages(broken);
  }
}

/** ID of the image for which a listing failed, from buildah's message. */
export function brokenImage(message: string): string | undefined {
  return /for image with ID "([0-9a-f]{64})"/.exec(message)?.[1];
}

/** Whether a listing failed for an image that was removed while it was made. */
export function isRemovedMeanwhile(message: string): boolean {
  return message.includes("image not known");
}

/** Name without its tag. Each cluster's registry has a port of its own, by which no name is another one. */
function repositoryOf(name: string): string {
  return name
    .slice(0, name.lastIndexOf(":"))
    .replace(/^127\.0\.0\.1:\d+\//, "127.0.0.1/");
}
