/** Who administers a cluster: what Entra ID has under an object ID. */
export interface Admin {
  readonly kind: "group" | "user" | "app";
  readonly objectId: string;
}

/** How administrators are written: what they are, and their object ID. */
export const adminPattern =
  /^(group|user|app):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/** @param text one that matches `adminPattern` */
export function adminOf(text: string): Admin {
  const [, kind = "", objectId = ""] = adminPattern.exec(text) ?? [];
  return { kind: kind.toLowerCase() as Admin["kind"], objectId };
}
