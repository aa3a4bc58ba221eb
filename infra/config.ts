import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import type { Environment } from "./environment.ts";

/** One entry for each Evo Voice environment to deploy. infra/environment.ts describes each member. */
export const environments: readonly Environment[] = [
  {
    name: "production",
    policyFile: "policy.json",
    schedules: [
      {
        // A dry run: the report says what a promote would flip. Enable the schedule when the policy has your accounts.
        name: "nightly-plan",
        expression: ScheduleExpression.cron({ minute: "0", hour: "2" }),
        event: { action: "promote", release: "nightly-plan", targets: { all: true }, dryRun: true },
        enabled: false,
      },
    ],
    tags: { application: "cutover" },
  },
];
