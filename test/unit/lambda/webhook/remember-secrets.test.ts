import { rememberSecrets } from "../../../../lambda/webhook/remember-secrets.ts";
import { expect, test } from "../../../support/jest.ts";

function given(read: (time: number) => Promise<readonly string[]>) {
  const clock = { ms: 0 };
  let readings = 0;
  const readSecrets = rememberSecrets(
    () => {
      readings += 1;
      return read(readings);
    },
    () => clock.ms,
  );
  return { readSecrets, clock, readings: () => readings };
}

test("secrets are kept for half a minute, and read once for callers at the same time", async () => {
  const { readSecrets, clock, readings } = given(async (time) => [`secret ${time}`]);
  expect(await Promise.all([readSecrets("ci"), readSecrets("ci")])).toEqual([["secret 1"], ["secret 1"]]);
  clock.ms = 29_999;
  expect(await readSecrets("ci")).toEqual(["secret 1"]);
  clock.ms = 30_000;
  expect(await readSecrets("ci")).toEqual(["secret 2"]);
  expect(readings()).toBe(2);
});

test("each source has its own secrets", async () => {
  const { readSecrets } = given(async (time) => [`secret ${time}`]);
  expect([await readSecrets("ci"), await readSecrets("github")]).toEqual([["secret 1"], ["secret 2"]]);
});

test("a failed read is shared by all callers for five seconds, then repeated", async () => {
  const { readSecrets, clock, readings } = given(async (time) => {
    if (time === 1) throw new Error("throttled");
    return ["secret"];
  });
  await expect(readSecrets("ci")).rejects.toThrow("throttled");
  clock.ms = 4_999;
  await expect(readSecrets("ci")).rejects.toThrow("throttled");
  expect(readings()).toBe(1);
  clock.ms = 5_000;
  expect(await readSecrets("ci")).toEqual(["secret"]);
});
