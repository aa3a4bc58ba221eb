import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readDeployEvent } from "../../lambda/contract/deploy-event.ts";
import { parseTrigger } from "../../lambda/triggers/parse-trigger.ts";
import { expect, test } from "../support/jest.ts";

const DOCUMENT = readFileSync(join(import.meta.dirname, "../../docs/runbook.md"), "utf8");

test("every payload of the runbook is a command or a deploy event", () => {
  const payloads = [...DOCUMENT.matchAll(/`(\{"(?:command|action)".*?\})`/g)].map(([, text = ""]) => text);
  expect(payloads.length).toBeGreaterThan(8);
  for (const text of payloads) {
    const payload = JSON.parse(text.replaceAll("…", "night"));
    const arrival = parseTrigger(payload);
    if (arrival.kind === "command") expect(arrival.command).toMatchObject(payload);
    else expect(readDeployEvent(payload)).toMatchObject({ problems: [] });
  }
});
