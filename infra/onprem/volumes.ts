import { quoted } from "./shell";

/** Where local volumes lie on a host. */
export const volumeFolder = "/var/lib/mlstack-volumes";

/** Says which cluster filled the folder; a folder without it is never removed. */
export const volumeMarkFile = `${volumeFolder}/.mlstack-cluster`;

/** Lines that mark the folder as the cluster's, unless something is in it: volumes that an earlier cluster left. */
export function markVolumeFolder(id: string): string {
  return `
if [ ! -e ${volumeFolder} ] || [ -z "$(ls -A ${volumeFolder})" ]; then
  mkdir -p ${volumeFolder}
  printf '%s\\n' ${quoted(id)} >${volumeMarkFile}
fi`;
}
