import { at, isObject, type PolicyResource } from "./policy-facts";

/** Fault of a bucket, or of its ACL, that is open to everybody or to everybody with an account, in the words of S3. */
export function publicAcl({ props }: PolicyResource): string[] {
  return /^public|^authenticated/.test(String(props["acl"] ?? ""))
    ? [`acl: ${String(props["acl"])}: use private`]
    : [];
}

/** Statements of a bucket policy, given as JSON or as the object itself. */
export function statements(policy: unknown): readonly unknown[] {
  const document: unknown =
    typeof policy === "string" ? JSON.parse(policy) : policy;
  const statement = at(document, "Statement");
  return Array.isArray(statement) ? statement : [statement];
}

/** Whether a statement of a bucket policy is about every principal. */
export function namesEveryone(statement: unknown): boolean {
  const principal = at(statement, "Principal");
  const named = isObject(principal)
    ? Object.values(principal).flat()
    : [principal];
  return named.includes("*");
}
