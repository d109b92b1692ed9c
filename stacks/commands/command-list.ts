import type { CommandEntry, CommandFile } from "./cli/command-file";

/** Every command, by its name. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  up: {
    summary:
      "build missing parts, run `pulumi up`, and print a table of the jobs",
    load: () => require("./up") as CommandFile,
    passes: true,
  },
  down: {
    summary: "destroy a stack, with its history",
    load: () => require("./down") as CommandFile,
    passes: true,
  },
  preview: {
    summary: "the changes that `up` would make",
    load: () => require("./preview") as CommandFile,
    passes: true,
  },
  new: {
    summary: "create a workload or a data set: a folder with a test",
    load: () => require("./new") as CommandFile,
  },
  run: {
    summary: "run `up` with a workload, and print its result",
    load: () => require("./run") as CommandFile,
  },
  submit: {
    summary: "run a step of a workload again, with other inputs",
    load: () => require("./submit") as CommandFile,
  },
  cost: {
    summary: "monthly cost of a stack, before it exists",
    load: () => require("./cost") as CommandFile,
  },
  status: {
    summary: "the table of the jobs, with nodes and pods",
    load: () => require("./status") as CommandFile,
  },
  open: {
    summary:
      "forward a notebook, model or dashboard of the stack to the loopback",
    load: () => require("./open") as CommandFile,
  },
  logs: {
    summary: "log of a job, a service or a pod of the stack",
    load: () => require("./logs") as CommandFile,
  },
  features: {
    summary: "commands for the stack's feature store",
    load: () => require("./features") as CommandFile,
  },
  ephemeral: {
    summary: "create a short-lived stack like another, or destroy expired ones",
    load: () => require("./ephemeral") as CommandFile,
  },
  audit: {
    summary: "resources that a destroyed stack has left",
    load: () => require("./audit") as CommandFile,
  },
  doctor: {
    summary: "check the tools and the machine, with remedies",
    load: () => require("./doctor") as CommandFile,
  },
  explain: {
    summary: "explain a key of a stack's file, a workload or a data set",
    load: () => require("./explain") as CommandFile,
  },
  env: {
    summary: "environment variables for pulumi, kubectl and helm",
    load: () => require("./env") as CommandFile,
  },
  pulumi: {
    summary: "run any command of the Pulumi CLI in that environment",
    load: () => require("./pulumi-by-hand") as CommandFile,
    raw: true,
  },
  prepare: {
    summary: "build and download what `up` needs",
    load: () => require("./prepare") as CommandFile,
  },
  bench: {
    summary: "measure durations on this machine, as JSON",
    load: () => require("./bench") as CommandFile,
  },
  outdated: {
    summary: "pinned versions, and newer releases",
    load: () => require("./outdated") as CommandFile,
  },
  touched: {
    summary: "stacks that the commits since another one can affect, as JSON",
    load: () => require("./touched") as CommandFile,
    hidden: true,
  },
};
