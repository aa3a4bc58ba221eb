import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../../../ci/rollout.mjs", import.meta.url));
const AWS = fileURLToPath(new URL("./aws-stand-in.ts", import.meta.url));
export const START = "arn:aws:lambda:us-east-1:000000000000:function:start";

/** What a CI system sees of a job. */
export interface Job {
  readonly exitCode: number;
  readonly log: string;
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly dotenv: string;
}

export const INPUTS = {
  FUNCTION: START,
  ACTION: "promote",
  RELEASE: "2026.11.0",
  TARGETS: '{"all":true}',
  POLL_SECONDS: "0.05",
};

interface Run {
  readonly args?: readonly string[];
  /** What the aws command says of its version. */
  readonly cliVersion?: string;
  /** The job is cancelled when its log has this text. */
  readonly cancelAt?: string;
}

/** Runs ci/rollout.mjs as a runner does: a process of its own with nothing but its inputs and AWS's variables. */
export async function runScript(
  environment: Readonly<Record<string, string>>,
  inputs: Readonly<Record<string, string>>,
  { args = [], cliVersion = "aws-cli/2.31.0 Python/3.13.7", cancelAt }: Run = {},
): Promise<Job> {
  const folder = mkdtempSync(join(tmpdir(), "cutover-ci-"));
  const file = (name: string) => join(folder, name);
  const read = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), "utf8") : "");
  try {
    const version = `[ "$1" = --version ] && echo "${cliVersion}" && exit`;
    writeFileSync(file("aws"), `#!/bin/sh\n${version}\nexec "${process.execPath}" "${AWS}" "$@"\n`);
    chmodSync(file("aws"), 0o755);
    const given = Object.entries({ ...INPUTS, ...inputs }).map(([name, value]) => [`CUTOVER_${name}`, value]);
    const env = {
      PATH: process.env.PATH,
      CUTOVER_AWS_CLI: file("aws"),
      CUTOVER_DOTENV: file("dotenv"),
      GITHUB_OUTPUT: file("outputs"),
      GITHUB_STEP_SUMMARY: file("summary"),
      ...environment,
      ...Object.fromEntries(given),
    };
    const { exitCode, log } = await new Promise<Pick<Job, "exitCode" | "log">>((resolve) => {
      const child = execFile(process.execPath, [SCRIPT, ...args], { cwd: folder, env }, (_error, output, complaint) =>
        resolve({ exitCode: child.exitCode ?? -1, log: output + complaint }),
      );
      child.stdout?.on("data", (text) => {
        if (cancelAt !== undefined && text.includes(cancelAt)) child.kill("SIGTERM");
      });
    });
    const lines = read("outputs").split("\n").slice(0, -1);
    const outputs = Object.fromEntries(lines.map((line) => line.split("=") as [string, string]));
    return { exitCode, log, summary: read("summary"), outputs, dotenv: read("dotenv") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
