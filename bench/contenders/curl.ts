import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { type Result, type Setup, signIn } from "./contest.ts";

/** Undefined when curl or xargs is not installed. */
export async function findCurl(): Promise<string | undefined> {
  try {
    await promisify(execFile)("xargs", ["--version"]);
    const { stdout } = await promisify(execFile)("curl", ["--version"]);
    return stdout.split(" ").slice(0, 2).join(" ");
  } catch {
    return undefined;
  }
}

/** A script that Cutover replaces: `xargs -P` with a `curl` for each customer. bash measures the CPU time. */
export async function flipByCurl(setup: Setup, isStaging: boolean, flips: number): Promise<Result> {
  const { emulator, ids, concurrency } = setup;
  const command = [
    "curl -s -o /dev/null",
    '-H "content-type: application/json" -H "accept: application/json" -H "cookie: $COOKIE"',
    `-d '{"customerId":"{}","isStaging":${isStaging}}'`,
    '"$ADDRESS/customers/{}/staging"',
  ].join(" ");
  const env = { ...process.env, COOKIE: await signIn(emulator), ADDRESS: emulator.address };
  const script = `TIMEFORMAT='%R %U %S'; time xargs -P ${concurrency} -I {} ${command}`;
  const bash = spawn("bash", ["-c", script], { env, stdio: ["pipe", "ignore", "pipe"] });
  bash.stdin.end(`${ids.slice(0, flips).join("\n")}\n`);
  const [times] = await Promise.all([text(bash.stderr), once(bash, "exit")]);
  const [seconds = 0, user = 0, system = 0] = times.trim().split(" ").map(Number);
  return { flips, seconds, cpuSeconds: user + system };
}
