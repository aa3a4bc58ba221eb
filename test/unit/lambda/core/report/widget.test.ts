import { type WidgetFacts, writeWidget } from "../../../../../lambda/core/report/widget.ts";
import { expect, test } from "../../../../support/jest.ts";
import { aReport } from "../a-report.ts";

const FACTS: WidgetFacts = {
  ...{ theme: "light", typed: { requestedBy: "", reason: "" }, report: { missing: "no rollout yet" } },
  ...{ controls: { holds: {}, protectedIds: [] }, frozen: [], alarms: ["calls-drop", "late-calls"], buttons: [] },
};

const POLLED = [
  { name: "calls-drop", state: "OK" },
  { name: "late-calls", state: "INSUFFICIENT_DATA" },
] as const;
const baking = { phase: "baking", since: "2026-11-23T02:10:00.000Z", heldBy: [], noted: [] } as const;
const running = (alarms?: typeof POLLED) => aReport({ status: "running", progress: { ...baking, alarms } });

test.each<[string, Partial<WidgetFacts>, string]>([
  ["no rollout", {}, "calls-drop, late-calls"],
  ["a rollout before the first poll", { report: running() }, "calls-drop, late-calls"],
  ["a rollout at its gate", { report: running(POLLED) }, "calls-drop OK, late-calls no data"],
])("with %s, the alarms that the gates watch read: %s", (_what, facts, alarms) => {
  expect(writeWidget({ ...FACTS, ...facts })).toContain(`the gates watch ${alarms}</p>`);
});

test("says to a reader of the console what to send to lift a freeze and to end a hold", () => {
  const by = { requestedBy: "ann", reason: "calls drop", at: "2026-11-23T02:00:00.000Z" };
  const frozen = [{ code: "frozen", freeze: "fair", until: "2026-11-30T18:00:00.000Z" }] as const;
  const holds = { "1.0": { ...by, action: "stage" } } as const;
  const html = writeWidget({ ...FACTS, frozen, controls: { holds, protectedIds: [] } });
  expect(html).toMatch(/<pre[^>]*>{&quot;command&quot;:&quot;lift-freeze&quot;,&quot;name&quot;:&quot;fair&quot;/);
  expect(html).toMatch(/<pre[^>]*>{&quot;command&quot;:&quot;clear-release&quot;,&quot;release&quot;:&quot;1.0&quot;/);
});
