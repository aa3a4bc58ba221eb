import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { RIGHTS, type Right } from "../../lambda/contract/rights.ts";
import type { RolloutStatus } from "../../lambda/core/report/rollout-status.ts";
import { createFrontDoor } from "../../lambda/front-door.ts";
import { createWorker } from "../../lambda/worker.ts";
import { type CodePipeline, startCodePipeline } from "../../local/aws/code-pipeline.ts";
import { TABLE } from "./ledger.ts";
import { PARTS, startWorld, type World, type WorldOptions } from "./world.ts";

export const WORKER_ARN = "arn:aws:lambda:us-east-1:000000000000:function:cutover:live";
export const FRONT_DOOR_ARN = "arn:aws:lambda:us-east-1:000000000000:function:start";

/** What came back from the front door over Lambda's own protocol. */
export interface Reply {
  readonly rolloutId: string;
  readonly status: RolloutStatus | "starting" | "ignored";
  readonly joined?: boolean;
  readonly execution?: string;
  readonly reason?: string;
  readonly counts?: Readonly<Record<string, number>>;
}

/** The error that Lambda shows for a refusal. */
export interface Refusal {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

/** A world whose worker and front door are functions of the stand-in for Lambda. */
export interface FrontDoor {
  readonly world: World;
  readonly pipeline: CodePipeline;
  /** Invokes the front door as the console does, or by an alias; throws when it refuses. */
  send(event: unknown, alias?: Right): Promise<Reply>;
  /** Invokes it with what it must refuse. */
  sendRefused(event: unknown, alias?: Right): Promise<Refusal>;
  /** Everything that left the front door: what it started, told a pipeline and answered. */
  everything(): string;
  close(): Promise<void>;
}

export async function openFrontDoor(options: WorldOptions): Promise<FrontDoor> {
  const world = await startWorld(options);
  const pipeline = await startCodePipeline();
  process.env.AWS_ENDPOINT_URL_CODEPIPELINE = pipeline.address;
  const { policy, executions } = world;
  const worker = createWorker({ policy, ...PARTS });
  executions.serve(WORKER_ARN, { kind: "durable", handler: worker, skipWaits: true });
  executions.serve(FRONT_DOOR_ARN, {
    kind: "plain",
    handler: createFrontDoor({ policy, tableName: TABLE, workerArn: WORKER_ARN }),
    aliases: RIGHTS,
  });
  const client = new LambdaClient({ maxAttempts: 1 });
  const replies: string[] = [];

  async function invoke(event: unknown, alias?: Right) {
    const Payload = Buffer.from(JSON.stringify(event));
    const reply = await client.send(new InvokeCommand({ FunctionName: FRONT_DOOR_ARN, Qualifier: alias, Payload }));
    const body = reply.Payload?.transformToString() ?? "";
    replies.push(body);
    return { isError: reply.FunctionError !== undefined, body: JSON.parse(body) };
  }

  return {
    world,
    pipeline,
    async send(event, alias) {
      const { isError, body } = await invoke(event, alias);
      if (isError) throw new Error(`refused: ${(body as Refusal).errorMessage}`);
      return body as Reply;
    },
    async sendRefused(event, alias) {
      const { isError, body } = await invoke(event, alias);
      if (!isError) throw new Error(`not refused: ${JSON.stringify(body)}`);
      return body as Refusal;
    },
    everything: () =>
      JSON.stringify([
        replies,
        pipeline.answers(),
        world.logs(),
        executions.invocations().filter(({ functionArn }) => functionArn === WORKER_ARN),
      ]),
    async close() {
      await executions.settled();
      client.destroy();
      await pipeline.close();
      await world.close();
    },
  };
}
