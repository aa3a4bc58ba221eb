import { explain } from "../../lambda/core/reasons.ts";
import { toAlertMessage } from "../../lambda/core/report/alert-message.ts";
import {
  EVENT_DETAIL_TYPE,
  EVENT_SOURCE,
  RolloutEvent,
  type RolloutEventOf,
  toEventReasons,
} from "../../lambda/core/report/rollout-event.ts";
import { type JsonSchema, toChangeSchema } from "./json-schemas.ts";
import { renderMembers } from "./member-table.ts";
import { NOTICE, toBlock } from "./snippets.ts";

const HEAD = { rolloutId: "release-2026-11-0", action: "promote", release: "2026.11.0" } as const;

const COUNTS = { flipped: 120, unchanged: 4, deferred: 0, skipped: 1_876, failed: 0 };
const PROBLEMS = [
  explain({
    code: "alarm",
    alarm: "calls failing",
    state: "ALARM",
    detail: "3 datapoints were greater than the threshold (5.0)",
  }),
];
const REASONS = toEventReasons(PROBLEMS);
const ROLLBACK = { restored: 119, conflicting: 0, failed: 1 };

const EXAMPLES: Readonly<Record<RolloutEvent["change"], RolloutEventOf>> = {
  started: {
    change: "started",
    plan: { flip: 1_996, unchanged: 4, skipped: 0, waves: 3, hash: "0f3c9a1b".repeat(8) },
  },
  "approval asked": {
    change: "approval asked",
    ...{ wave: 2, waves: 3, customers: 700, plan: "0f3c9a1b".repeat(8), until: "2026-11-24T02:31:07.412Z" },
  },
  approved: { change: "approved", wave: 2, by: "ann", reason: "the pilots are happy" },
  "wave done": { change: "wave done", wave: 1, waves: 3, counts: { ...COUNTS, flipped: 120, skipped: 0 } },
  "gate decided": { change: "gate decided", wave: 1, decision: "roll back", reasons: REASONS },
  "rolled back": { change: "rolled back", rollback: ROLLBACK, held: true },
  ended: {
    change: "ended",
    status: "rolled-back",
    counts: COUNTS,
    rollback: ROLLBACK,
    held: true,
    problems: REASONS,
  },
};

/** docs/changes.md: what Cutover publishes. */
export function renderChangeReference(): string {
  const changes = changesOf(toChangeSchema());
  return `${NOTICE.replace("lambda/contract", "lambda/core/report")}

# What Cutover publishes

For each rollout, Cutover publishes

- an **event** on EventBridge for every change of its state, for machines,
- an **alert** on SNS when a person is needed,
- [metrics](#metrics) of the same facts.

Publishing never stops a rollout. An event or alert that could not be sent after some tries is an error in the worker's log, and
the metric \`NotificationFailed\`. The report and the ledger are the truth.

## Events

An event has the \`source\` \`${EVENT_SOURCE}\` and the \`detail-type\` \`${EVENT_DETAIL_TYPE}\`. It goes to the default event bus of the
account, unless the deployment's configuration names another bus. Its \`detail\` is a change:

${toBlock(toDetail(EXAMPLES["gate decided"]))}

This rule matches every rollout that ended and needs attention:

${toBlock({
  source: [EVENT_SOURCE],
  "detail-type": [EVENT_DETAIL_TYPE],
  detail: { change: ["ended"], status: [{ "anything-but": ["succeeded", "planned"] }] },
})}

- EventBridge may deliver an event twice and out of order, and a step that runs again after a crash publishes its change again. To
  count changes, use \`rolloutId\`, \`change\` and \`wave\`.
- No rule of Cutover listens to these events: a rollout never starts another rollout.
- The schema is [rollout-changed.schema.json](rollout-changed.schema.json). New kinds of \`change\` may be added; ignore unknown kinds.
- Decide by a reason's \`code\`, which is one of [the runbook](runbook.md#reason-codes); its \`message\` may change. An event has at most 20
  reasons, each of at most 1,000 characters. The report has all of them, with their data.

Every change has:

${renderMembers(pick(changes[0], IN_EVERY), describeText)}

${changes.map(renderChange).join("\n\n")}

## Messages

When a rollout ends and a person should know, or when a wave [waits for an approval](rollouts.md#approvals), an alert goes to the SNS topic
of the deployment. It is the report as plain text, to be read on a phone: what happened, why, how many customers, what to do, and the
event or command that does it, in a line of its own.
The alert has the attribute \`severity\`:

| severity | when |
| --- | --- |
| \`critical\` | customers stand where they should not: the rollout failed, was halted or was aborted and some customers stay flipped, or the rollback failed for some customers |
| \`warning\` | a wave waits for an approval; or every customer stands where it should, but the event was not carried out: the rollout was rolled back completely, was rolled back without a hold on its release, was refused, stopped with no customer flipped, or some customers failed within the budget |
| \`info\` | a rollback that a person asked for restored every customer |

These send no alert: a rollout that succeeded, a dry run, an event that joined an earlier rollout, and a rollout that a person aborted
before its first flip. A refusal by the worker sends an alert, because the sender was answered before it, and a schedule hears no
answer. A refusal by the front door is answered to the sender only.

To receive only critical alerts, a subscription has the filter policy

${toBlock({ severity: ["critical"] })}

This is an alert; its subject is \`${anAlert().subject}\`:

\`\`\`text
${anAlert().text.trimEnd()}
\`\`\`

## Metrics

Metrics are in the namespace \`Cutover\`, with the dimension \`service\` of the deployment. The dashboard and the alarms of
[the runbook](runbook.md) use them.

| metric | counts |
| --- | --- |
| \`RolloutStarted\` | rollouts that began to flip or to restore customers |
| \`RolloutSucceeded\`, \`RolloutPartial\`, \`RolloutRolledBack\`, \`RolloutHalted\`, \`RolloutAborted\`, \`RolloutFailed\`, \`RolloutRefused\` | rollouts by their final status |
| \`GateProceeded\`, \`GateRolledBack\`, \`GateHalted\` | gates by their decision |
| \`Flipped\`, \`Unchanged\`, \`Deferred\`, \`Skipped\`, \`Failed\` | customers by their outcome, when their rollout ends |
| \`Restored\`, \`Conflicting\`, \`NotRestored\` | customers of rollbacks, by their result |
| \`NotificationFailed\` | events and alerts that could not be sent |
| \`SignInRefused\` | sign-ins that Evo Voice refused |
`;
}

function toDetail(change: RolloutEventOf): RolloutEvent {
  return RolloutEvent.parse({ ...HEAD, at: "2026-11-23T02:31:07.412Z", ...change });
}

function changesOf({ oneOf = [] }: JsonSchema): readonly JsonSchema[] {
  return oneOf;
}

function renderChange(schema: JsonSchema): string {
  const { const: name, description } = schema.properties?.change ?? {};
  const change = name as RolloutEvent["change"];
  const own = Object.keys(schema.properties ?? {}).filter((member) => member !== "change" && !isInEvery(member));
  return `### ${change}

\`"change": "${change}"\`: ${description}.

${toBlock(toDetail(EXAMPLES[change]))}

${renderMembers(pick(schema, own), describeText)}`;
}

const IN_EVERY = ["rolloutId", "action", "release", "at"];

function isInEvery(member: string): boolean {
  return IN_EVERY.includes(member);
}

/** Some of the members of an object. */
function pick(schema: JsonSchema = {}, members: readonly string[]): JsonSchema {
  const all = Object.entries(schema.properties ?? {});
  return { ...schema, properties: Object.fromEntries(all.filter(([name]) => members.includes(name))) };
}

const TEXTS: ReadonlyMap<string, string> = new Map([
  ["rolloutId", "a text"],
  ["release", "a text"],
  ["at", 'a time such as `"2026-11-23T02:31:07.412Z"`'],
  ["plan.hash", "64 hexadecimal digits"],
  ["plan", "64 hexadecimal digits"],
  ["until", 'a time such as `"2026-11-24T02:31:07.412Z"`'],
  ["by", "a text"],
  ["reason", "a text"],
  ["override.reason", "a text"],
  ["override.alarms", "a list of names"],
  ["override.freezes", "a list of names"],
  ["reasons", 'a list of `{"code":…,"message":…}`'],
  ["problems", 'a list of `{"code":…,"message":…}`'],
  ["notHeld", "a text"],
]);

function describeText(path: readonly string[]): string {
  const text = TEXTS.get(path.join("."));
  if (text === undefined) throw new Error(`docs/generate/change-reference.ts does not describe ${path.join(".")}`);
  return text;
}

function anAlert() {
  const message = toAlertMessage({
    ...HEAD,
    status: "rolled-back",
    dryRun: false,
    problems: PROBLEMS,
    counts: COUNTS,
    skippedBy: [{ ...explain({ code: "not-attempted", why: PROBLEMS }), customers: COUNTS.skipped }],
    rollback: ROLLBACK,
    exceptions: [
      {
        customerId: "64d1f0a2b7c8d90012340001",
        name: "Harbor Dental",
        outcome: "not-restored",
        reason: explain({ code: "request-refused", operation: "flip", status: 500 }),
      },
    ],
    moreExceptions: 0,
    startedAt: "2026-11-23T02:30:00.000Z",
    durationMs: 67_000,
    requestedBy: "the deploy pipeline",
  });
  if (message === undefined) throw new Error("the example sends no alert");
  return message;
}
