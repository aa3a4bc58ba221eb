import { setTimeout as sleep } from "node:timers/promises";
import { type EventBridgeClient, PutEventsCommand, type PutEventsResultEntry } from "@aws-sdk/client-eventbridge";
import { PublishCommand, type SNSClient } from "@aws-sdk/client-sns";
import type { AlertMessage } from "../core/report/alert-message.ts";
import { EVENT_DETAIL_TYPE, EVENT_SOURCE, type RolloutEvent } from "../core/report/rollout-event.ts";
import { shortenEvent } from "../core/report/shorten-event.ts";

/** For the clients that publish: a rollout waits for them, so they have seconds, not minutes. */
export const NOTIFIER_CLIENT_OPTIONS = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
} as const;

export interface NotifierOptions {
  /** Where rollout events go to; without it, nowhere. Needs `events:PutEvents`. */
  readonly bus?: { readonly client: EventBridgeClient; readonly name: string } | undefined;
  /** Where alerts go to; without it, nowhere. Needs `sns:Publish`. */
  readonly topic?: { readonly client: SNSClient; readonly arn: string } | undefined;
  readonly log: { error(message: string, fields: Readonly<Record<string, unknown>>): void };
  readonly metrics: { countEvent(change: RolloutEvent): void; countNotificationFailed(): void };
  /** For all tries of one event or alert. @default 10 seconds */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 10_000;
/** When EventBridge is busy it accepts a request and refuses its entry; the SDK does not try that again. */
const MOST_ENTRY_TRIES = 3;
const BUSY = ["ThrottlingException", "InternalFailure", "InternalException"];

/**
 * Tells the outside: every change to EventBridge and the metrics, what needs a person to SNS. Never throws, and never
 * takes long: a rollout is not lost because a notification was not delivered.
 */
export function createNotifier({ bus, topic, log, metrics, patienceMs = PATIENCE_MS }: NotifierOptions) {
  async function tryTo(failure: string, fields: Readonly<Record<string, unknown>>, send: Send): Promise<void> {
    try {
      await send(AbortSignal.timeout(patienceMs));
    } catch (error) {
      // Its message may name the role and the account; the name says what to look for.
      log.error(failure, { ...fields, problem: error instanceof Error ? error.name : "unknown" });
      metrics.countNotificationFailed();
    }
  }

  return {
    async publish(change: RolloutEvent): Promise<void> {
      metrics.countEvent(change);
      if (bus === undefined) return;
      const fields = { rolloutId: change.rolloutId, change: change.change };
      await tryTo("event not published", fields, (signal) => putEvent(bus, shortenEvent(change), signal));
    },
    async alert({ severity, subject, text }: AlertMessage): Promise<void> {
      if (topic === undefined) return;
      const message = new PublishCommand({
        TopicArn: topic.arn,
        Subject: subject,
        Message: text,
        MessageAttributes: { severity: { DataType: "String", StringValue: severity } },
      });
      await tryTo("alert not sent", { severity }, (abortSignal) => topic.client.send(message, { abortSignal }));
    },
  };
}

type Send = (signal: AbortSignal) => Promise<unknown>;

async function putEvent(
  { client, name }: NonNullable<NotifierOptions["bus"]>,
  change: RolloutEvent,
  abortSignal: AbortSignal,
): Promise<void> {
  const entry = {
    EventBusName: name,
    Source: EVENT_SOURCE,
    DetailType: EVENT_DETAIL_TYPE,
    Time: new Date(change.at),
    Detail: JSON.stringify(change),
  };
  for (let tries = 1; ; tries += 1) {
    const { FailedEntryCount = 0, Entries = [] } = await client.send(new PutEventsCommand({ Entries: [entry] }), {
      abortSignal,
    });
    if (FailedEntryCount === 0) return;
    const refused = Entries.find(({ ErrorCode }) => ErrorCode !== undefined) ?? {};
    if (tries >= MOST_ENTRY_TRIES || !BUSY.includes(refused.ErrorCode ?? "")) throw toError(refused);
    await sleep(100 * 2 ** tries, undefined, { signal: abortSignal });
  }
}

/** An entry that EventBridge refused, named by the code that it gave. */
function toError({ ErrorCode: name = "EntryRefused" }: PutEventsResultEntry): Error {
  return Object.assign(new Error(`EventBridge refused the entry: ${name}`), { name });
}
