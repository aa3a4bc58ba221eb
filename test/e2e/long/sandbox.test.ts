import { readSandboxArguments } from "../../../local/sandbox/read-arguments.ts";
import { SANDBOX_POLICY } from "../../../local/sandbox/sandbox-policy.ts";
import { toDelivery } from "../../../local/start/payloads.ts";
import { expect, test } from "../../support/jest.ts";
import { startProgram } from "../../support/start-program.ts";
import { useSandbox } from "../../support/use-sandbox.ts";

const CUSTOMERS = 300;
const { keep, cutover, port, setAlarm, restart, sandbox, startSandbox } = useSandbox(
  SANDBOX_POLICY,
  ...["--customers", String(CUSTOMERS), "--fast", "600"],
);

async function readWrites(): Promise<readonly number[]> {
  const [, address] = await sandbox().until(/Its Evo Voice is (http:\S+)\./);
  const text = await (await fetch(`${address}/emulator/customers`)).text();
  const customers = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { writes: number });
  return customers.map(({ writes }) => writes);
}

test("a killed sandbox goes on: its rollout ends, with one flip of each customer", async () => {
  const started = await cutover("promote", "1.0", "--all", "--yes");
  const [, rolloutId = ""] = /started rollout (\S+)/.exec(started.err) ?? [];
  await sandbox().until(/gate 2: proceed/);
  const before = await readWrites();
  await restart();
  expect(sandbox().out()).toContain(`: ${CUSTOMERS} customers\n`);
  expect(sandbox().out()).toContain(
    "pass 60 times faster: an hour takes 1 min 0 s. So a pause or an approval ends before",
  );
  expect(await cutover("status", rolloutId, "--watch")).toMatchObject({ code: 0 });
  const { counts } = JSON.parse((await cutover("status", rolloutId, "--json")).out);
  const after = await readWrites();
  expect(sum(before)).toBeGreaterThan(0);
  expect(sum(before)).toBeLessThan(counts.flipped);
  expect(Math.max(...after)).toBe(1);
  expect(sum(after)).toBe(counts.flipped);
});

test("controls, alarms and finished rollouts outlive a restart", async () => {
  await cutover("stop", "--reason", "the phone servers are down");
  await setAlarm("calls-that-fail", "ALARM");
  await restart((...args) => startProgram("npm", ["run", "sandbox", "--", ...args]));
  expect((await cutover("controls")).out).toMatch(/^stopped by .+: the phone servers are down$/m);
  expect(await cutover("go", "--reason", "they are up")).toMatchObject({ code: 0 });
  const staged = await cutover("stage", "1.1", "--all", "--yes", "--watch");
  expect(staged).toMatchObject({ code: 1, out: expect.stringContaining("alarm calls-that-fail is in ALARM") });
  await setAlarm("calls-that-fail", "OK");
  expect((await cutover("list")).out).toContain("promote 1.0   succeeded");
});

test("a delivery that is signed with the printed secret starts a rollout", async () => {
  const [, url = "", secret = ""] = await sandbox().until(/(http\S+\/webhook\/ci) {3}(\S+)/);
  const { headers, body } = await toDelivery("webhook", secret);
  const response = await fetch(url, { method: "POST", headers, body });
  const { rolloutId } = (await response.json()) as { readonly rolloutId: string };
  expect(response.status).toBe(202);
  await sandbox().until(new RegExp(`${rolloutId}  ended: `));
  const forged = await fetch(url, { method: "POST", headers, body: `${body} ` });
  expect(forged.status).toBe(401);
});

test("options that contradict the kept ones are refused", () => {
  expect(readSandboxArguments(["--keep", keep, "--customers", "5", "--seed", "1"])).toEqual({
    kind: "bad",
    problems: [
      `--customers 5: ${keep} began with --customers ${CUSTOMERS}; leave the option out, or choose another folder`,
    ],
  });
  expect(readSandboxArguments(["--keep", keep])).toMatchObject({ options: { customers: CUSTOMERS } });
});

test("a second sandbox on the same port is refused", async () => {
  const second = startSandbox("--port", port());
  expect(await second.ended).toBe(1);
  expect(second.err()).toBe(
    `sandbox: port ${port()} is in use, perhaps by another sandbox: end it, or choose another --port\n`,
  );
});

test("a sandbox ends with its parent", async () => {
  sandbox().child.kill("SIGKILL");
  // The pipe closes when the sandbox and the emulator have ended as well.
  expect(await sandbox().ended).toBe("SIGKILL");
  expect(sandbox().err()).toContain("sandbox: it ends, because the process that started it has ended");
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
