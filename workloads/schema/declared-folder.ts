import {
  fetchGitFolder,
  gitFolder,
  GitError,
  gitPrefix,
} from "../../infra/folders/git-folder";

/** A reference in a stack's file to a folder with a declaration. */
export const folderWords =
  "from the root of the project or elsewhere, or in a git repository at a commit, as git+https://HOST/REPOSITORY#COMMIT or #COMMIT:FOLDER; workloads/NAME unless given";

/**
 * Path of a folder with a declaration on this machine, after a fetch for a git repository; or the reason why it is
 * unavailable.
 */
export function declaredFolder(
  name: string,
  path?: string,
): { readonly folder: string; readonly fault?: string } {
  if (path === undefined) return { folder: `workloads/${name}` };
  if (!path.startsWith(gitPrefix)) return { folder: path };
  const named = gitFolder(path);
  if ("fault" in named) return { folder: path, fault: named.fault };
  try {
    return { folder: fetchGitFolder(named) };
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    const fault = `it cannot be had from there: ${error.message}`;
    return { folder: path, fault };
  }
}
