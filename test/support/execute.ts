import type { DurableLambdaHandler } from "@aws/durable-execution-sdk-js";
import { parsePolicy } from "../../lambda/config.ts";
import { createWorker } from "../../lambda/worker.ts";
import { type Executed, type HandlerRun, runHandler } from "./run-handler.ts";
import { PARTS, type World } from "./world.ts";

export interface ExecuteOptions extends Partial<Pick<HandlerRun, "name" | "invocationMs" | "onSkip">> {
  /** What differs from the world's policy. */
  readonly policy?: Readonly<Record<string, unknown>>;
  /** @default the handler as it ships */
  readonly handler?: DurableLambdaHandler;
}

/** Runs one execution in this process, with an empty memory as after a cold start. */
export async function execute(world: World, event: unknown, options: ExecuteOptions = {}): Promise<Executed> {
  const { name = "release", policy = {}, handler, ...given } = options;
  const config = { policy: parsePolicy({ ...world.policy, ...policy }), ...PARTS };
  const { executions, emulator } = world;
  return runHandler({
    handler: handler ?? createWorker(config),
    executions,
    event,
    name,
    onSkip: emulator.skip,
    ...given,
  });
}
