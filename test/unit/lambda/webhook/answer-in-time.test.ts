import { answerAccepted } from "../../../../lambda/webhook/answer.ts";
import { answerInTime } from "../../../../lambda/webhook/answer-in-time.ts";
import { expect, test } from "../../../support/jest.ts";

const ACCEPTED = answerAccepted({ rolloutId: "r", status: "starting" });

function ports() {
  const counted: string[] = [];
  const logged: string[] = [];
  const note = (message: string) => logged.push(message);
  return {
    counted,
    logged,
    count: (metric: string) => counted.push(metric),
    log: { info: note, warn: note, error: note },
  };
}

test("an answer in time is returned without a log line", async () => {
  const told = ports();
  expect(await answerInTime(told, Promise.resolve(ACCEPTED), 20)).toBe(ACCEPTED);
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(told).toMatchObject({ counted: [], logged: [] });
});

test("without an answer in time, the sender is asked to try again, and the failure is counted", async () => {
  const told = ports();
  expect(await answerInTime(told, new Promise(() => {}), 20)).toMatchObject({
    statusCode: 503,
    headers: { "retry-after": "60" },
  });
  expect(told).toMatchObject({ counted: ["WebhookFailed"], logged: ["delivery not answered in time"] });
});
