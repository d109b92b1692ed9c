import { chromium, type Browser } from "playwright-core";

import { findProgram } from "../../infra/supply/toolchain/packages";

/** Starts Debian's Chromium. @throws when it is not installed */
export function startBrowser(): Promise<Browser> {
  const executablePath = findProgram("chromium");
  if (executablePath === undefined) {
    throw new Error("chromium is missing: apt-get install chromium");
  }
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}
