import { setTimeout as sleep } from "node:timers/promises";
import { type EventBridgeClient, PutEventsCommand, type PutEventsResultEntry } from "@aws-sdk/client-eventbridge";
import { PublishCommand, type SNSClient } from "@aws-sdk/client-sns";
import type { AlertMessage } from "../core/report/alert-message.ts";
import { EVENT_DETAIL_TYPE, EVENT_SOURCE, type RolloutEvent } from "../core/report/rollout-event.ts";

/** A rollout waits for these clients, so a call may take seconds, not minutes. */
export const NOTIFIER_CLIENT_OPTIONS = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
} as const;

export interface NotifierOptions {
  /** The bus that gets rollout events. Needs `events:PutEvents`. @default no events */
  readonly bus?: { readonly client: EventBridgeClient; readonly name: string } | undefined;
  /** The topic that gets alerts. Needs `sns:Publish`. @default no alerts */
  readonly topic?: { readonly client: SNSClient; readonly arn: string } | undefined;
  readonly log: { error(message: string, fields: Readonly<Record<string, unknown>>): void };
  readonly metrics: { countEvent(change: RolloutEvent): void; countNotificationFailed(): void };
  /** The time limit of all attempts of one event or alert. @default 10 seconds */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 10_000;
/** A busy EventBridge accepts the request and refuses the entry. The SDK does not repeat that. */
const MOST_ENTRY_TRIES = 3;
const BUSY = ["ThrottlingException", "InternalFailure", "InternalException"];

/**
 * Publishes rollout events to EventBridge and the metrics, and alerts to SNS. It never throws and never takes long: a
 * notification that fails must not fail the rollout.
 */
export function createNotifier({ bus, topic, log, metrics, patienceMs = PATIENCE_MS }: NotifierOptions) {
  async function tryTo(failure: string, fields: Readonly<Record<string, unknown>>, send: Send): Promise<void> {
    try {
      await send(AbortSignal.timeout(patienceMs));
    } catch (error) {
      // The error's message may contain the role and the account, so only its name is logged.
      log.error(failure, { ...fields, problem: error instanceof Error ? error.name : "unknown" });
      metrics.countNotificationFailed();
    }
  }

  return {
    async publish(change: RolloutEvent): Promise<void> {
      metrics.countEvent(change);
      if (bus === undefined) return;
      const fields = { rolloutId: change.rolloutId, change: change.change };
      await tryTo("event not published", fields, (signal) => putEvent(bus, change, signal));
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

function toError({ ErrorCode: name = "EntryRefused" }: PutEventsResultEntry): Error {
  return Object.assign(new Error(`EventBridge refused the entry: ${name}`), { name });
}
