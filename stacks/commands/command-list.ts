import type { CommandEntry, CommandFile } from "./cli/command-file";

/** Every command, by its name. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  up: {
    summary: "build what is missing, `pulumi up`, and a table of the jobs",
    load: () => require("./up") as CommandFile,
    passes: true,
  },
  down: {
    summary: "take a stack down, with its history",
    load: () => require("./down") as CommandFile,
    passes: true,
  },
  preview: {
    summary: "what `up` would do",
    load: () => require("./preview") as CommandFile,
    passes: true,
  },
  new: {
    summary: "a workload of one's own: a folder that passes its test and runs",
    load: () => require("./new") as CommandFile,
  },
  run: {
    summary: "`up` with a workload of one's own, and how it went",
    load: () => require("./run") as CommandFile,
  },
  submit: {
    summary: "a step of a workload once more, with other values",
    load: () => require("./submit") as CommandFile,
  },
  cost: {
    summary: "what a stack costs a month, before it is there",
    load: () => require("./cost") as CommandFile,
  },
  status: {
    summary: "the table of the jobs again, with nodes and pods",
    load: () => require("./status") as CommandFile,
  },
  open: {
    summary: "a notebook, model or dashboard of the stack on the loopback",
    load: () => require("./open") as CommandFile,
  },
  logs: {
    summary: "what a job, a service or a pod of the stack prints",
    load: () => require("./logs") as CommandFile,
  },
  features: {
    summary: "questions to the stack's feature store",
    load: () => require("./features") as CommandFile,
  },
  ephemeral: {
    summary: "a short-lived stack like another; or take expired ones down",
    load: () => require("./ephemeral") as CommandFile,
  },
  audit: {
    summary: "what is still there of a stack that was taken down",
    load: () => require("./audit") as CommandFile,
  },
  doctor: {
    summary: "what is there, what is missing, what to do",
    load: () => require("./doctor") as CommandFile,
  },
  explain: {
    summary: "what a key of a stack's file, a workload or a data set sets",
    load: () => require("./explain") as CommandFile,
  },
  env: {
    summary: "the environment for pulumi, kubectl and helm by hand",
    load: () => require("./env") as CommandFile,
  },
  pulumi: {
    summary: "any command of the Pulumi CLI, in that environment",
    load: () => require("./pulumi-by-hand") as CommandFile,
    raw: true,
  },
  prepare: {
    summary: "build and fetch what `up` would at first",
    load: () => require("./prepare") as CommandFile,
  },
  bench: {
    summary: "how long things take here, as JSON",
    load: () => require("./bench") as CommandFile,
  },
  outdated: {
    summary: "what the project pins, and what is newer",
    load: () => require("./outdated") as CommandFile,
  },
  touched: {
    summary: "the stacks that the commits since another can change, as JSON",
    load: () => require("./touched") as CommandFile,
    hidden: true,
  },
};
