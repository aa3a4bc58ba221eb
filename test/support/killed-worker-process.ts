import { runExecution } from "../../local/durable/run-execution.ts";
import { BUILT_WORKER } from "./built-worker.ts";

/**
 * A worker's process: the bundle that ships, configured by its environment, its checkpoints in a file. It dies where it
 * is told to, `before:N` or `after:N` a write to that file, or whenever its parent kills it.
 */
const [file = "", executionArn = "", event = "", death = ""] = process.argv.slice(2);
process.once("disconnect", () => process.exit());

const { handler } = await import(BUILT_WORKER);
const ended = await runExecution({
  handler,
  file,
  executionArn,
  payload: JSON.parse(event),
  skipWaits: true,
  onSkip: (ms) => process.send?.({ skippedMs: ms }),
  onCheckpoint: (n, phase) => {
    if (death === `${phase}:${n}`) process.kill(process.pid, "SIGKILL");
  },
});
process.send?.(ended, undefined, undefined, () => process.exit());
