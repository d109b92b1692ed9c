import { fitted, slug } from "../names/naming";

/** Name of a stack's local cluster: the stack's, unless its target has one. */
export function clusterName(stack: string, name: string | undefined): string {
  return name ?? fitted(slug(stack), 32);
}
