/** Variable that names the machine's folder for temporary files, where a run of Pulumi has one of its own. */
export const outerTemporaryVariable = "MLSTACK_TMPDIR";

/** Has this process, and what it starts, keep temporary files where the machine does: a cluster outlives its run. */
export function leaveRunFolder(): void {
  const outer = process.env[outerTemporaryVariable];
  if (outer === undefined) return;
  process.env["TMPDIR"] = outer;
  delete process.env[outerTemporaryVariable];
}
