import type { Suite } from "mocha";

/** Skips what is left of a suite once one of its tests has failed that the others stand on, so that its cause is read. */
export function foundation(suite: Suite, title: RegExp): void {
  let fallen = false;
  suite.beforeEach(function () {
    if (fallen) this.skip();
  });
  suite.afterEach(function () {
    const { currentTest: test } = this;
    fallen ||= test?.state === "failed" && title.test(test.title);
  });
}
