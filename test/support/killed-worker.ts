import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Report } from "../../lambda/core/report/report.ts";
import type { ExecutionResult } from "../../local/durable/run-execution.ts";
import { TABLE } from "./ledger.ts";
import { type Executed, readJournal, toArn } from "./run-handler.ts";
import { SECRET, type World } from "./world.ts";

const SCRIPT = fileURLToPath(new URL("./killed-worker-process.ts", import.meta.url));

/** One execution of the shipped entry, in processes that can be killed. */
export interface KilledWorker {
  readonly executionArn: string;
  /** Runs or resumes it in a new process: its report, or undefined when the process was killed. @throws when it failed */
  run(death?: string): Promise<Report | undefined>;
  /** Kills the process that runs now, and waits until it is gone. */
  kill(): Promise<void>;
  /** What its checkpoints say so far. */
  journal(): Pick<Executed, "operations" | "waits">;
  /** Writes to its checkpoints so far, the start is not counted: where it can be told to die. */
  countWrites(): number;
  /** All that the processes have written, checkpoints included. */
  written(): string;
  close(): void;
}

export interface WorkerOptions {
  readonly name?: string;
  /** Where the worker finds its ledger. @default the world's own */
  readonly dynamodb?: string;
  /** What else its environment says. */
  readonly environment?: Readonly<Record<string, string>>;
}

export function createKilledWorker(world: World, event: unknown, options: WorkerOptions = {}): KilledWorker {
  const { name = "release", dynamodb, environment = {} } = options;
  const folder = mkdtempSync(join(tmpdir(), "cutover-"));
  const file = join(folder, "checkpoints.jsonl");
  const policyFile = join(folder, "policy.json");
  writeFileSync(policyFile, JSON.stringify(world.policy));
  const executionArn = toArn(name);
  const env = {
    ...process.env,
    ...world.environment,
    ...(dynamodb !== undefined && { AWS_ENDPOINT_URL_DYNAMODB: dynamodb }),
    ...environment,

    CUTOVER_TABLE_NAME: TABLE,
    CUTOVER_SECRET_ID: SECRET,
    CUTOVER_POLICY_FILE: policyFile,
  };
  const output: string[] = [];
  let child: ChildProcess | undefined;

  return {
    executionArn,
    async run(death = "") {
      world.executions.running(executionArn);
      const worker = fork(SCRIPT, [file, executionArn, JSON.stringify(event), death], { env, silent: true });
      child = worker;
      let ended: ExecutionResult | undefined;
      worker.on("message", (message: ExecutionResult | { readonly skippedMs: number }) => {
        if ("skippedMs" in message) world.emulator.skip(message.skippedMs);
        else ended = message;
      });
      for (const stream of [worker.stdout, worker.stderr]) stream?.on("data", (chunk) => output.push(String(chunk)));
      const [code, signal] = await once(worker, "close");
      if (signal === "SIGKILL") return undefined;
      if (ended?.status !== "SUCCEEDED") {
        const why = ended === undefined ? `exit code ${code}: ${output.join("").slice(-2_000)}` : ended.error.message;
        throw new Error(`the worker did not succeed: ${why}`);
      }
      world.executions.ended(executionArn, "SUCCEEDED");
      return ended.result as Report;
    },
    async kill() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
    journal: () => readJournal(readFileSync(file, "utf8")),
    countWrites: () => readFileSync(file, "utf8").trim().split("\n").length - 1,
    written: () => `${output.join("")}\n${readFileSync(file, "utf8")}`,
    close: () => rmSync(folder, { recursive: true }),
  };
}
