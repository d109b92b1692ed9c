import { elements, type StoreClient, StoreError } from "./store-client";

/** A bucket, and what it keeps. */
export interface StoreBucket {
  readonly bucket: string;
  readonly versioned: boolean;
  readonly expireNoncurrentDays: number;
  readonly forceDestroy: boolean;
}

/** Tag by which the expiry job knows how many days it keeps what a bucket holds beside its objects. */
export const expiryTag = "mlstack:expire-noncurrent-days";

/** Settings of a bucket that are otherwise in the store. */
export async function bucketDrift(
  store: StoreClient,
  args: StoreBucket,
): Promise<string[]> {
  const found = await settings(store, args.bucket);
  return [
    ...(found.versioned === args.versioned ? [] : ["versioned"]),
    ...(found.days === String(args.expireNoncurrentDays)
      ? []
      : ["expireNoncurrentDays"]),
    // Grants are the accounts' own: a policy of the bucket is somebody else's.
    ...(found.policy === undefined ? [] : ["policy"]),
  ];
}

/** Whether there is a bucket of a name. */
export async function hasBucket(
  store: StoreClient,
  bucket: string,
): Promise<boolean> {
  const found = await unlessMissing(
    "NoSuchBucket",
    store.s3("GET", `/${bucket}?location`),
  );
  return found !== undefined;
}

/**
 * Removes a bucket where there is one.
 *
 * @throws when it is not empty, unless a deletion takes the objects along
 */
export async function removeBucket(
  store: StoreClient,
  { bucket, forceDestroy }: StoreBucket,
): Promise<void> {
  if (forceDestroy) await empty(store, bucket);
  try {
    await unlessMissing("NoSuchBucket", store.s3("DELETE", `/${bucket}`));
  } catch (error) {
    if (!(error instanceof StoreError && error.code.endsWith("NotEmpty")))
      throw error;
    throw new Error(
      `bucket ${bucket}: has objects or old versions of objects: empty it, or take down the whole stack`,
      { cause: error },
    );
  }
}

async function settings(store: StoreClient, bucket: string) {
  const [versioning, tags, policy] = await Promise.all([
    unlessMissing("NoSuchBucket", store.s3("GET", `/${bucket}?versioning`)),
    unlessMissing(
      /^NoSuch(Bucket|TagSet)$/,
      store.s3("GET", `/${bucket}?tagging`),
    ),
    unlessMissing(
      /^NoSuchBucket(Policy)?$/,
      store.s3("GET", `/${bucket}?policy`),
    ),
  ]);
  const names = elements(tags ?? "", "Key");
  return {
    versioned: elements(versioning ?? "", "Status")[0] === "Enabled",
    days: elements(tags ?? "", "Value")[names.indexOf(expiryTag)],
    policy,
  };
}

/** Makes a bucket, or puts right the one that is there. */
export async function ensureBucket(
  store: StoreClient,
  args: StoreBucket,
): Promise<void> {
  const { bucket, versioned } = args;
  // The store is the stack's own: a killed run made the bucket and could not note it.
  await unlessMissing("BucketAlreadyOwnedByYou", store.s3("PUT", `/${bucket}`));
  const found = await settings(store, bucket);
  // A bucket that has never had versions is left so: its objects are then replaced without a look for their versions.
  if (found.versioned !== versioned) {
    const status = versioned ? "Enabled" : "Suspended";
    await store.s3(
      "PUT",
      `/${bucket}?versioning`,
      `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>${status}</Status></VersioningConfiguration>`,
    );
  }
  await store.s3(
    "PUT",
    `/${bucket}?tagging`,
    `<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet><Tag><Key>${expiryTag}</Key><Value>${args.expireNoncurrentDays}</Value></Tag></TagSet></Tagging>`,
  );
  if (found.policy !== undefined) {
    await store.s3("DELETE", `/${bucket}?policy`);
  }
}

/** Removes all versions of all objects. */
async function empty(store: StoreClient, bucket: string): Promise<void> {
  for (;;) {
    const page = await unlessMissing(
      "NoSuchBucket",
      store.s3("GET", `/${bucket}?versions`),
    );
    const keys = elements(page ?? "", "Key");
    if (keys.length === 0) return;
    const versions = elements(page ?? "", "VersionId");
    for (const [index, key] of keys.entries()) {
      const path = key.split("/").map(encodeURIComponent).join("/");
      const version = encodeURIComponent(versions[index] ?? "null");
      await store.s3("DELETE", `/${bucket}/${path}?versionId=${version}`);
    }
  }
}

async function unlessMissing(
  code: string | RegExp,
  call: Promise<string>,
): Promise<string | undefined> {
  try {
    return await call;
  } catch (error) {
    if (
      error instanceof StoreError &&
      (typeof code === "string" ? error.code === code : code.test(error.code))
    )
      return undefined;
    throw error;
  }
}
