import { DiffResponse, PropertyDiff } from "@pulumi/pulumi/proto/provider_pb";
import type { Change, Changes } from "./diff";

const kinds: Readonly<Record<Change, PropertyDiff.Kind>> = {
  add: PropertyDiff.Kind.ADD,
  "add-replace": PropertyDiff.Kind.ADD_REPLACE,
  delete: PropertyDiff.Kind.DELETE,
  "delete-replace": PropertyDiff.Kind.DELETE_REPLACE,
  update: PropertyDiff.Kind.UPDATE,
  "update-replace": PropertyDiff.Kind.UPDATE_REPLACE,
};

/** A plugin's response to the engine's Diff, with the changes property by property. */
export function diffResponse(
  changes: Changes,
  replaces: readonly string[],
  deleteFirst: boolean,
): DiffResponse {
  const entries = Object.entries(changes);
  const response = new DiffResponse()
    .setChanges(
      entries.length > 0
        ? DiffResponse.DiffChanges.DIFF_SOME
        : DiffResponse.DiffChanges.DIFF_NONE,
    )
    .setReplacesList([...replaces])
    .setDeletebeforereplace(deleteFirst)
    .setHasdetaileddiff(true);
  for (const [path, change] of entries) {
    response.getDetaileddiffMap().set(
      path,
      new PropertyDiff()
        .setKind(kinds[change])
        // A removed property has a value in the old inputs only.
        .setInputdiff(change.startsWith("delete")),
    );
  }
  return response;
}
