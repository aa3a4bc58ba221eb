import { readFileSync } from "node:fs";
import { describeFaults, listFaults } from "../../../local/emulator/describe-faults.ts";
import { readEmulatorArguments } from "../../../local/emulator/emulator-arguments.ts";
import { afterEach, expect, test } from "../../support/jest.ts";
import { type Program, startProgram } from "../../support/start-program.ts";

const started: Program["child"][] = [];

function run(...args: string[]): Program {
  const program = startProgram(process.execPath, ["local/run-emulator.ts", ...args]);
  started.push(program.child);
  return program;
}

afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "--json prints one line when ready, and %s ends it cleanly",
  async (signal) => {
    const running = run("--json", "--port", "0", "--customers", "12", "--seed", "4");
    await running.until(/\n/);
    const { address, userName, password, ...rest } = JSON.parse(running.out());
    expect(rest).toEqual({});
    const authorization = `Basic ${Buffer.from(`${userName}:${password}`).toString("base64")}`;
    const response = await fetch(`${address}/customers?all=true`, {
      headers: { accept: "application/json", authorization },
    });
    expect(await response.json()).toMatchObject({ totalCount: 22 });
    running.child.kill(signal);
    expect(await running.ended).toBe(0);
    expect(running.out().split("\n")).toHaveLength(2);
    expect(running.err()).toBe("");
  },
);

test("bad options end with 2 and one message with all problems", async () => {
  const bad = ["--port", "http", "--customers=-5", "--sed", "1", "--faults", "drop=1,latency=x"];
  const running = run(...bad, "--staging-share", "3", "extra");
  expect(await running.ended).toBe(2);
  expect(running.out()).toBe("");
  for (const problem of [
    "--port http",
    "--customers -5",
    "--sed: expected one of",
    "drop is not a fault",
    "latency=x",
    "--staging-share 3",
    "extra",
  ]) {
    expect(running.err()).toContain(problem);
  }
});

test("--help, or -h, and docs/emulator.md name every fault", async () => {
  const running = run("--help");
  expect(await running.ended).toBe(0);
  expect(running.out()).toContain(describeFaults());
  expect(readEmulatorArguments(["-h"])).toMatchObject({ help: true });
  const docs = readFileSync("docs/emulator.md", "utf8");
  for (const { usage, about } of listFaults()) {
    expect(docs).toContain(`| \`${usage.replaceAll("|", "\\|")}\` | ${about} |`);
  }
});
