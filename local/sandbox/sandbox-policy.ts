/** The policy of a sandbox without one of its own: the pace of a policy's defaults, three waves, and both kinds of webhooks. */
export const SANDBOX_POLICY = {
  protected: { tags: ["vip"] },
  cohorts: { canary: { tags: ["canary"] }, beta: { tags: ["beta"] } },
  strategies: {
    "three-waves": {
      waves: [{ cohort: "canary", bakeMinutes: 5 }, { share: "20%", bakeMinutes: 5 }, { rest: true }],
    },
  },
  strategy: "three-waves",
  alarms: ["calls-that-fail"],
  // The emulator's readings do not lag.
  settleSeconds: 1,
  // On loopback, in one busy process, an answer that takes longer never arrives.
  retries: { requestTimeoutMs: 3_000 },
  webhooks: {
    github: {
      kind: "github",
      mappings: [
        {
          event: "deployment_status",
          when: { repository: "acme/phone", environment: "production", state: "success" },
          start: toStart("ref"),
        },
      ],
    },
    ci: {
      kind: "standard",
      mappings: [
        {
          type: "deploy.finished",
          when: { "data.environment": "production" },
          start: toStart("data.version"),
        },
      ],
    },
  },
};

function toStart(from: string) {
  return { action: "promote", targets: { all: true }, exclude: { cohort: "beta" }, release: { from } };
}
