/** Lines of a stack's file that name a workload of a folder. @param path where the folder is not workloads/NAME */
export function workloadEntry(name: string, path?: string): string[] {
  return [
    "  mlstack:workloads:",
    `    ${name}: {${path === undefined ? "}" : ` path: ${path} }`}`,
  ];
}
