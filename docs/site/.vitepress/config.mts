import { fileURLToPath } from "node:url";

import { defineConfig } from "vitepress";

const guides = [
  { text: "Concepts", link: "/docs/concepts" },
  { text: "Architecture", link: "/docs/architecture" },
  { text: "Platform engineers", link: "/docs/platform-engineers" },
  { text: "Data scientists", link: "/docs/data-scientists" },
  { text: "Operations", link: "/docs/operations" },
];

const reference = [
  { text: "Commands", link: "/docs/commands" },
  { text: "Configuration of a stack", link: "/docs/configuration" },
  { text: "A workload's declaration", link: "/docs/workload" },
  { text: "A data set's declaration", link: "/docs/data-set" },
  { text: "The feature store", link: "/workloads/features/README" },
  { text: "Security", link: "/docs/security" },
  { text: "Cost", link: "/docs/cost" },
  { text: "Cost against managed services", link: "/docs/cost-against-managed" },
];

const targets = [
  { text: "EKS", link: "/infra/eks/README" },
  { text: "GKE", link: "/infra/gke/README" },
  { text: "AKS", link: "/infra/aks/README" },
  { text: "Kapsule", link: "/infra/kapsule/README" },
  { text: "Your own hosts", link: "/infra/onprem/README" },
  { text: "Object stores", link: "/infra/object-store/README" },
];

/** The pages lie where they are read on a code host too; a link that leads nowhere ends the build. */
export default defineConfig({
  title: "mlstack",
  description:
    "One Pulumi program that puts the same machine-learning platform on any Kubernetes",
  srcDir: "../..",
  srcExclude: ["**/node_modules/**", "test/**", ".mlstack/**", ".ci/**"],
  outDir: "./dist",
  cacheDir: "./cache",
  rewrites: { "README.md": "index.md" },
  // Angle brackets in a text are placeholders, not elements of a page.
  markdown: {
    html: false,
    config: (md) => {
      // VitePress gives a frame that scrolls to fenced blocks alone.
      md.renderer.rules.code_block = (tokens, index, options, env, self) =>
        md.renderer.rules.fence?.(tokens, index, options, env, self) ?? "";
    },
  },
  vite: {
    resolve: {
      // The pages lie outside of this folder, which has the packages.
      alias: {
        vue: fileURLToPath(new URL("../node_modules/vue", import.meta.url)),
      },
    },
  },
  themeConfig: {
    search: { provider: "local" },
    outline: "deep",
    sidebar: [
      { text: "mlstack", link: "/" },
      { text: "Guides", items: guides },
      { text: "Reference", items: reference },
      { text: "Targets", items: targets },
      { text: "Changes", link: "/CHANGELOG" },
    ],
  },
});
