import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { parsePolicy } from "../../lambda/config.ts";
import { acceptDeployEvent } from "../../lambda/contract/accept-deploy-event.ts";
import { parseTrigger } from "../../lambda/triggers/parse-trigger.ts";

const GUIDE = readFileSync(join(import.meta.dirname, "../../docs/deploy.md"), "utf8");

test("the policy of docs/deploy.md allows every event of the page", () => {
  const policy = parsePolicy(JSON.parse(/```json policy\n(.*?)\n```/s.exec(GUIDE)?.[1] ?? ""));
  const payloads = [...GUIDE.matchAll(/--payload '(.*?)'/g)].map(([, json = ""]) => JSON.parse(json));
  const accepted = payloads.map((payload) => {
    const arrival = parseTrigger(payload);
    if (arrival.kind !== "deploy event") throw new Error(`it arrived as a ${arrival.kind}`);
    return acceptDeployEvent(arrival.input, policy);
  });
  expect(accepted).toMatchObject([
    { action: "stage", targets: [{ customerIds: ["id"] }] },
    { action: "promote", targets: [{ cohort: "canary" }] },
  ]);
});
