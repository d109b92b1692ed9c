import assert from "node:assert/strict";

import { firstEnd, isDue } from "../../../infra/onprem/certificates";

describe("certificates of the control plane", () => {
  it("are due 90 days before they end, and not where nobody has asked yet", () => {
    const now = new Date("2026-01-01T00:00:00Z");
    assert.equal(isDue("2026-03-31T00:00:00Z", now), true);
    assert.equal(isDue("2025-12-31T00:00:00Z", now), true);
    assert.equal(isDue("2026-04-02T00:00:00Z", now), false);
    assert.equal(isDue("", now), false);
  });

  it("end with the first one that kubeadm can renew", () => {
    const row = (expirationDate: string | null, changes: object = {}) => ({
      name: "apiserver",
      expirationDate,
      externallyManaged: false,
      missing: false,
      ...changes,
    });
    const printed = `[check-expiration] Reading configuration\n\n${JSON.stringify(
      {
        kind: "CertificateExpirationInfo",
        certificates: [
          row("2027-05-01T00:00:00Z"),
          row("2027-03-01T00:00:00Z"),
          row("2026-01-01T00:00:00Z", { externallyManaged: true }),
          row(null, { missing: true }),
        ],
        certificateAuthorities: [row("2026-06-01T00:00:00Z")],
      },
    )}`;
    assert.equal(firstEnd(printed), "2027-03-01T00:00:00Z");
  });
});
