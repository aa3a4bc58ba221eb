import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ROOT } from "../../../infra/bundle.ts";
import { COMMAND_LINE } from "../../../infra/bundle-entry.ts";
import { FRONT_DOOR_ARN } from "../../support/front-door.ts";
import { runCommandLine } from "../../support/run-cutover.ts";

type Variables = Readonly<Record<string, string>>;

/** What a CI system sees of a job. */
export interface Job {
  readonly exitCode: number;
  readonly log: string;
  readonly summary: string;
  readonly outputs: Variables;
  /** What GitLab hands to later jobs. */
  readonly dotenv: Variables;
}

export const INPUTS = { FUNCTION: FRONT_DOOR_ARN, ACTION: "promote", RELEASE: "2026.11.0", TARGETS: '{"all":true}' };

interface Options {
  /** The commands of the job, for a shell. */
  readonly script?: string;
  /** The job is cancelled when its log has this text. */
  readonly cancelAt?: string;
}

/** Runs the committed program with inputs, which are named as in INPUTS. */
export function runProgram(environment: Variables, inputs: Variables, options: Options = {}): Promise<Job> {
  return runJob(toEnvironment(environment, inputs), options);
}

/** Runs its sources in this process, without a shell. */
export function runHere(environment: Variables, inputs: Variables, words: readonly string[] = ["ci"]): Promise<Job> {
  return runInFolder(toEnvironment(environment, inputs), async (_folder, env) => {
    const { code, out, err } = await runCommandLine(words, env);
    return { exitCode: code, log: out + err };
  });
}

function toEnvironment(environment: Variables, inputs: Variables): Variables {
  const given = Object.entries({ ...INPUTS, ...inputs }).map(([name, value]) => [`CUTOVER_${name}`, value]);
  return { ...environment, ...Object.fromEntries(given) };
}

/** Runs a job as a runner does: a shell in a checkout with the program, with nothing but the job's and AWS's variables. */
export function runJob(
  variables: Variables,
  { script = `exec node "${COMMAND_LINE}" ci`, cancelAt }: Options = {},
): Promise<Job> {
  return runInFolder(variables, async (folder, env) => {
    symlinkSync(join(ROOT, "ci"), join(folder, "ci"));
    return new Promise((end) => {
      const child = execFile(
        "bash",
        ["--noprofile", "--norc", "-e", "-c", script],
        { cwd: folder, env },
        (_error, output, complaint) => end({ exitCode: child.exitCode ?? -1, log: output + complaint }),
      );
      child.stderr?.on("data", (text) => {
        if (cancelAt !== undefined && text.includes(cancelAt)) child.kill("SIGTERM");
      });
    });
  });
}

async function runInFolder(
  variables: Variables,
  run: (folder: string, env: Variables) => Promise<Pick<Job, "exitCode" | "log">>,
): Promise<Job> {
  const folder = mkdtempSync(join(tmpdir(), "cutover-ci-"));
  const file = (name: string) => resolve(folder, name);
  const read = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), "utf8") : "");
  try {
    const env = {
      PATH: process.env.PATH ?? "",
      GITHUB_ACTIONS: "true",
      GITHUB_OUTPUT: file("outputs"),
      GITHUB_STEP_SUMMARY: file("summary"),
      CUTOVER_DOTENV: file("dotenv"),
      ...variables,
    };
    return {
      ...(await run(folder, env)),
      summary: read("summary") || read("cutover-summary.md"),
      outputs: toVariables(read("outputs")),
      dotenv: toVariables(read(env.CUTOVER_DOTENV)),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of a name that stands twice, the last line counts. */
function toVariables(lines: string): Variables {
  return Object.fromEntries(
    lines
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split("=") as [string, string]),
  );
}
