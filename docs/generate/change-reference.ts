import { toAlertMessage } from "../../lambda/core/report/alert-message.ts";
import {
  EVENT_DETAIL_TYPE,
  EVENT_SOURCE,
  RolloutEvent,
  type RolloutEventOf,
} from "../../lambda/core/report/rollout-event.ts";
import { type JsonSchema, toChangeSchema } from "./json-schemas.ts";
import { renderMembers } from "./member-table.ts";
import { NOTICE, toBlock } from "./snippets.ts";

const HEAD = { rolloutId: "release-2026-11-0", action: "promote", release: "2026.11.0" } as const;

const COUNTS = { flipped: 120, unchanged: 4, deferred: 0, skipped: 1_876, failed: 0 };
const REASONS = ["alarm calls failing is in ALARM: 3 datapoints were greater than the threshold (5.0)"];
const REVERTED = { restored: 119, conflicting: 0, left: 1 };

const EXAMPLES: Readonly<Record<RolloutEvent["change"], RolloutEventOf>> = {
  started: {
    change: "started",
    plan: { flip: 1_996, unchanged: 4, skipped: 0, waves: 3, hash: "0f3c9a1b".repeat(8) },
  },
  "wave done": { change: "wave done", wave: 1, waves: 3, counts: { ...COUNTS, flipped: 120, skipped: 0 } },
  "gate decided": { change: "gate decided", wave: 1, decision: "roll back", reasons: REASONS },
  "rolled back": { change: "rolled back", rollback: REVERTED, held: true },
  ended: {
    change: "ended",
    status: "rolled-back",
    counts: COUNTS,
    rollback: REVERTED,
    held: true,
    problem: REASONS.join("; "),
  },
};

/** docs/changes.md: what is told to the outside. */
export function renderChangeReference(): string {
  const changes = changesOf(toChangeSchema());
  return `${NOTICE.replace("lambda/contract", "lambda/core/report")}

# What Cutover tells

Of each rollout, every change of its state is an event on EventBridge, for machines. What needs a person is a message on SNS. The
same facts are [metrics](#metrics). Telling never stops a rollout: what could not be told after some tries is an error in the
worker's log, and the metric \`TellFailed\`. The report and the ledger are the truth; these are news of it.

## Events

An event has the \`source\` \`${EVENT_SOURCE}\` and the \`detail-type\` \`${EVENT_DETAIL_TYPE}\`, on the default event bus of the account unless the
deployment's configuration names another. Its \`detail\` is a change:

${toBlock(toDetail(EXAMPLES["gate decided"]))}

This rule sees all of them that ask for attention:

${toBlock({
  source: [EVENT_SOURCE],
  "detail-type": [EVENT_DETAIL_TYPE],
  detail: { change: ["ended"], status: [{ "anything-but": ["succeeded", "planned"] }] },
})}

- EventBridge may deliver an event twice and out of order, and a step that is run again after a crash tells its change again. Who
  counts uses \`rolloutId\`, \`change\` and \`wave\`.
- No rule of Cutover's own listens to these events: a rollout never starts another one.
- The form is [rollout-changed.schema.json](rollout-changed.schema.json). More kinds of \`change\` may come; skip those you do not know.
- Texts are bounded: at most 20 reasons of 500 characters, a problem of 4,000. What was cut says so; the report has all.

Every change has:

${renderMembers(pick(changes[0], IN_EVERY), describeText)}

${changes.map(renderChange).join("\n\n")}

## Messages

When a rollout ends and somebody should know, a message goes to the SNS topic of the deployment, to be read on a phone: what happened,
why, to how many, what to do, and the event or command that does it, in a line of its own. It has the attribute \`severity\`:

| severity | when |
| --- | --- |
| \`critical\` | customers stand where they should not: the rollout failed, was halted or aborted with some of them flipped, or was rolled back and some could not be |
| \`warning\` | nothing stands wrong, but what was asked for did not happen: rolled back completely, rolled back without its release being held, refused, stopped with nobody flipped, or some customers failed within the budget |
| \`info\` | a rollback that somebody asked for is complete |

A rollout that succeeded, a dry run, an event that joined an earlier rollout, and a rollout that somebody aborted before its first flip need
nobody. A refusal is told although its sender may know it: the worker refuses after the sender was answered, and a schedule hears no
answer. What the front door refuses at once is told to the sender only.

A subscriber that wants to be woken up for the worst alone has the filter policy

${toBlock({ severity: ["critical"] })}

A message reads like this; its subject is \`${aMessage().subject}\`:

\`\`\`text
${aMessage().text.trimEnd()}
\`\`\`

## Metrics

In the namespace \`Cutover\`, with the dimension \`service\` of the deployment. The dashboard shows them, and the alarms of [the runbook](runbook.md)
look at them.

| metric | counts |
| --- | --- |
| \`RolloutStarted\` | rollouts that were about to flip, or to turn back, their first customer |
| \`RolloutSucceeded\`, \`RolloutPartial\`, \`RolloutRolledBack\`, \`RolloutHalted\`, \`RolloutAborted\`, \`RolloutFailed\`, \`RolloutRefused\` | rollouts by the status that they ended with |
| \`GateProceeded\`, \`GateRolledBack\`, \`GateHalted\` | gates by their decision |
| \`Flipped\`, \`Unchanged\`, \`Deferred\`, \`Skipped\`, \`Failed\` | customers by their outcome, when their rollout ends |
| \`FlippedBack\`, \`LeftAlone\`, \`NotFlippedBack\` | customers of rollouts that were turned back, by what became of them |
| \`TellFailed\` | events and messages that were given up |
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
  ["reasons", "a list of texts"],
  ["notHeld", "a text"],
  ["problem", "a text"],
]);

function describeText(path: readonly string[]): string {
  const text = TEXTS.get(path.join("."));
  if (text === undefined) throw new Error(`docs/generate/change-reference.ts does not describe ${path.join(".")}`);
  return text;
}

function aMessage() {
  const message = toAlertMessage({
    ...HEAD,
    status: "rolled-back",
    dryRun: false,
    problem: REASONS.join("; "),
    counts: COUNTS,
    rollback: REVERTED,
    exceptions: [
      {
        customerId: "64d1f0a2b7c8d90012340001",
        name: "Harbor Dental",
        outcome: "failed",
        reason: "not flipped back: Evo Voice answered 500 to every try",
      },
    ],
    moreExceptions: 0,
    startedAt: "2026-11-23T02:30:00.000Z",
    durationMs: 67_000,
    requestedBy: "the deploy pipeline",
  });
  if (message === undefined) throw new Error("the example needs a message");
  return message;
}
