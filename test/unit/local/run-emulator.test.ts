import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describeFaults, listFaults } from "../../../local/emulator/describe-faults.ts";
import { afterEach, expect, test } from "../../support/jest.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const children: ChildProcess[] = [];

interface Running {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<number | null>;
}

function run(...args: string[]): Running {
  const child = spawn(process.execPath, ["local/run-emulator.ts", ...args], {
    cwd: root,
  });
  children.push(child);
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { child, out: () => out, err: () => err, ended };
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

async function waitFor(running: Running, text: string): Promise<void> {
  const early = running.ended.then((code) => {
    throw new Error(`ended with ${code} before it printed ${text}: ${running.err()}`);
  });
  // It rejects at each end; only an early one is awaited.
  early.catch(() => {});
  while (!running.out().includes(text))
    await Promise.race([once(running.child.stdout ?? running.child, "data"), early]);
}

test.each(["SIGINT", "SIGTERM"] as const)(
  "--json prints one line when ready, and %s ends it cleanly",
  async (signal) => {
    const running = run("--json", "--port", "0", "--customers", "12", "--seed", "4");
    await waitFor(running, "\n");
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
  const running = run(
    "--port",
    "http",
    "--customers=-5",
    "--sed",
    "1",
    "--faults",
    "drop=1,latency=x",
    "--staging-share",
    "3",
    "extra",
  );
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

test.each(["--help", "-h"])("%s and docs/emulator.md name every fault", async (help) => {
  const running = run(help);
  expect(await running.ended).toBe(0);
  expect(running.out()).toContain(describeFaults());
  const docs = readFileSync(`${root}docs/emulator.md`, "utf8");
  for (const { usage, about } of listFaults()) {
    expect(docs).toContain(`| \`${usage.replaceAll("|", "\\|")}\` | ${about} |`);
  }
});
