/** An administrator of a cluster, by the object ID in Entra ID. */
export interface Admin {
  readonly kind: "group" | "user" | "app";
  readonly objectId: string;
}

/** Form of an administrator in the configuration: kind and object ID. */
export const adminPattern =
  /^(group|user|app):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/** @param text one that matches `adminPattern` */
export function adminOf(text: string): Admin {
  const [, kind = "", objectId = ""] = adminPattern.exec(text) ?? [];
  return { kind: kind.toLowerCase() as Admin["kind"], objectId };
}
