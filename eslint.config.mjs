import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "node_modules/",
      ".mlstack/",
      "**/.venv/",
      "**/__pycache__/",
      "docs/site/{dist,cache}/",
    ],
  },
  eslint.configs.recommended,
  tseslint.configs.recommended,
  {
    files: ["**/*.mjs"],
    languageOptions: { globals: { process: "readonly", console: "readonly" } },
  },
  {
    // Runs in a browser.
    files: ["components/observability/console/*.js"],
    languageOptions: {
      globals: {
        document: "readonly",
        fetch: "readonly",
        setInterval: "readonly",
        URLSearchParams: "readonly",
      },
    },
  },
  {
    // Plugins load a kind with its first resource, commands what they need when they run; in CommonJS, what loads late
    // is required.
    files: [
      "infra/**",
      "infra/supply/plugins/**",
      "test/support/**",
      "stacks/commands/**",
      "stacks/cost/declared.ts",
    ],
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
);
