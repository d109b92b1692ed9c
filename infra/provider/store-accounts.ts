import { accessPolicy, type StoreGrant } from "./access-policy";
import { elements, type StoreClient, StoreError } from "./store-client";

/** An account, and what it may do. */
export interface Account {
  readonly account: string;
  readonly grants: readonly StoreGrant[];
}

/** Key pair of an account. */
export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const policyName = "grants";

/**
 * Makes an account, or puts right the one that is there: its grants, and no key but the one given.
 *
 * @param pair the key pair as it was; without it, or where the store lacks it, a new one is made
 */
export async function ensureAccount(
  store: StoreClient,
  args: Account,
  pair?: KeyPair,
): Promise<KeyPair> {
  await ensureUser(store, args.account);
  // Before there is a key, so that none is without its grants.
  await setGrants(store, args);
  return pair !== undefined && (await hasOnlyKey(store, args.account, pair))
    ? pair
    : newKeyPair(store, args.account);
}

/** Outputs of an account that are otherwise in the store. */
export async function accountDrift(
  store: StoreClient,
  args: Account & KeyPair,
): Promise<string[]> {
  const [sameKey, sameGrants] = await Promise.all([
    hasOnlyKey(store, args.account, args),
    hasGrants(store, args),
  ]);
  return [
    ...(sameKey ? [] : ["accessKeyId"]),
    ...(sameGrants ? [] : ["grants"]),
  ];
}

/** Whether there is an account of a name. */
export async function hasAccount(
  store: StoreClient,
  UserName: string,
): Promise<boolean> {
  return (
    (await unlessMissing(store.iam("GetUser", { UserName }))) !== undefined
  );
}

/** Removes an account, with its keys and grants, where there is one. */
export async function removeAccount(
  store: StoreClient,
  UserName: string,
): Promise<void> {
  await removeKeys(store, UserName);
  for (const PolicyName of await policiesOf(store, UserName)) {
    await unlessMissing(
      store.iam("DeleteUserPolicy", { UserName, PolicyName }),
    );
  }
  await unlessMissing(store.iam("DeleteUser", { UserName }));
}

async function ensureUser(store: StoreClient, UserName: string): Promise<void> {
  try {
    await store.iam("CreateUser", { UserName });
  } catch (error) {
    if (!(error instanceof StoreError && error.code === "EntityAlreadyExists"))
      throw error;
  }
}

/** The store is the stack's own: keys that are there are those of a run that was killed before it could note them. */
async function newKeyPair(
  store: StoreClient,
  UserName: string,
): Promise<KeyPair> {
  await removeKeys(store, UserName);
  const answer = await store.iam("CreateAccessKey", { UserName });
  const [accessKeyId] = elements(answer, "AccessKeyId");
  const [secretAccessKey] = elements(answer, "SecretAccessKey");
  if (!accessKeyId || !secretAccessKey)
    throw new Error("the object store made a key but did not show it");
  return { accessKeyId, secretAccessKey };
}

async function removeKeys(store: StoreClient, UserName: string): Promise<void> {
  const keys = await unlessMissing(store.iam("ListAccessKeys", { UserName }));
  for (const AccessKeyId of elements(keys ?? "", "AccessKeyId")) {
    await unlessMissing(
      store.iam("DeleteAccessKey", { UserName, AccessKeyId }),
    );
  }
}

async function hasOnlyKey(
  store: StoreClient,
  UserName: string,
  { accessKeyId }: KeyPair,
): Promise<boolean> {
  const keys = await unlessMissing(store.iam("ListAccessKeys", { UserName }));
  return (
    elements(keys ?? "", "AccessKeyId").join() === accessKeyId &&
    elements(keys ?? "", "Status").join() === "Active"
  );
}

async function setGrants(store: StoreClient, args: Account): Promise<void> {
  const UserName = args.account;
  const document = accessPolicy(args.grants);
  for (const PolicyName of await policiesOf(store, UserName)) {
    if (PolicyName === policyName && document !== undefined) continue;
    await store.iam("DeleteUserPolicy", { UserName, PolicyName });
  }
  if (document === undefined) return;
  await store.iam("PutUserPolicy", {
    UserName,
    PolicyName: policyName,
    PolicyDocument: document,
  });
}

async function hasGrants(store: StoreClient, args: Account): Promise<boolean> {
  const UserName = args.account;
  const document = accessPolicy(args.grants);
  const names = await policiesOf(store, UserName);
  if (document === undefined) return names.length === 0;
  if (names.join() !== policyName) return false;
  const answer = await store.iam("GetUserPolicy", {
    UserName,
    PolicyName: policyName,
  });
  const [found = ""] = elements(answer, "PolicyDocument");
  // The API gives it as it would stand in a URL.
  return decodeURIComponent(found.replaceAll("+", " ")) === document;
}

async function policiesOf(
  store: StoreClient,
  UserName: string,
): Promise<string[]> {
  const names = await unlessMissing(
    store.iam("ListUserPolicies", { UserName }),
  );
  return elements(names ?? "", "member");
}

async function unlessMissing(
  call: Promise<string>,
): Promise<string | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof StoreError && error.code === "NoSuchEntity")
      return undefined;
    throw error;
  }
}
