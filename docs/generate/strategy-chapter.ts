import { toWaves } from "../../lambda/contract/strategy.ts";
import { MOST_AT_ONCE, PREDEFINED, toDefaultStrategy } from "../../lambda/contract/strategy-name.ts";
import type { Wave } from "../../lambda/contract/wave.ts";
import { toEventSchema } from "./json-schemas.ts";
import { examplePolicy, renderEvent, toLineBlock } from "./snippets.ts";

const NAMES = [
  "all-at-once",
  "canary-10-percent-30-minutes",
  "canary-5-percent-12-hours",
  "linear-25-percent-every-10-minutes",
  "linear-33-percent-every-hour",
  "careful",
];

const WAVES = [
  ["A cohort", { cohort: "canary", bakeMinutes: 30 }],
  ["A share", { share: "5%", bakeMinutes: 30 }],
  ["A number", { customers: 50, bakeMinutes: 0.5 }],
  ["The rest", { rest: true, approval: { hours: 24 } }],
] as const;

/** The chapter of docs/events.md about waves. */
export function renderStrategies(event: Readonly<Record<string, unknown>>): string {
  return `## Strategies

A \`strategy\` lists the waves of a rollout. After each wave comes its bake: no customer is flipped, the alarms of the
[policy](policy.md#alarms) are polled, and then the gate decides whether the next wave starts. A strategy is a name or a list of
waves. An event without a strategy has the policy's \`strategy\`. Without either, a rollout of more than ${MOST_AT_ONCE} customers has
\`${toDefaultStrategy(MOST_AT_ONCE + 1)}\`, a smaller one \`${toDefaultStrategy(MOST_AT_ONCE)}\`.

A name is one of the policy's \`strategies\`, or one of these: ${quoteNames()}.
With the policy of [the example](policy.md#an-example) these names mean

| name | waves |
| --- | --- |
${NAMES.map((name) => `| \`${name}\` | ${describeWaves(name)} |`).join("\n")}

${renderEvent({ ...event, strategy: "canary-10-percent-30-minutes" })}

A list has 1 to 100 waves. Each wave has exactly one of these sizes, and optionally \`bakeMinutes\` (0 to 10,080, which is a week;
fractions are allowed; the default is 0) and \`approval\`, an object with its \`hours\` (0.1 to 168; at most five waves):

${WAVES.map(([title, wave]) => renderWave(event, title, wave)).join("\n\n")}

${renderEvent({
  ...event,
  strategy: {
    waves: [
      { cohort: "canary", bakeMinutes: 30 },
      { share: "5%", bakeMinutes: 30 },
      { share: "25%", bakeMinutes: 60 },
      { rest: true, bakeMinutes: 15 },
    ],
  },
})}

- A share is a share of all customers that are to be flipped. It is rounded up.
- The last wave takes all remaining customers: it is \`{ "rest": true }\`, or a share where all shares together are 100% or more. A
  last wave that would leave customers out is refused.
- A wave with an \`approval\` begins only after the command \`approve\`. Without an answer in its hours, the rollout ends as after a failed
  gate: [approvals](rollouts.md#approvals).
- A wave without customers is passed, with a note.
- A customer and its descendants are in one wave.
- The release's name and the customers' ids decide the order: the same release takes the same customers first, another release takes
  others.

\`plan\` is the hash that a dry run of the same event reported. With it, the rollout is refused, with the differences, if its plan is
not the same any more.

${renderEvent({ ...event, strategy: "careful", plan: "3f1c".repeat(16), id: "promote-4712" })}

## When a gate fails

A gate fails when more customers failed than the failure budget allows, when an alarm of the policy fired, or when an alarm had no
data for too long. \`onFailure\` says what follows: \`rollback\` restores exactly the customers that this rollout flipped, the newest
wave first; \`halt\` leaves every customer as it is and asks a person. An alarm that is in \`ALARM\` before the first flip refuses the
rollout. For a release that fixes the cause of the alarm, \`override\` with a reason starts the rollout nevertheless, and the report says
so.

${renderEvent({
  ...event,
  onFailure: "halt",
  override: { reason: "this release fixes what the alarm is about" },
  requestedBy: "ann",
})}`;
}

function quoteNames(): string {
  const [names = "", ...bounds] = PREDEFINED.split(", with ");
  return `${names.replaceAll(/(?:all|canary|linear)-[\w-]+/g, "`$&`")}, with ${bounds.join(", with ")}`;
}

function describeWaves(strategy: string): string {
  const waves = toWaves({ strategy }, examplePolicy(), 0).map(describeWave);
  return waves.length === 1 ? "all customers" : waves.join("; ");
}

function describeWave({ size, bakeSeconds }: Wave): string {
  const bake = bakeSeconds === 0 ? "" : `, then ${describeTime(bakeSeconds)}`;
  switch (size.kind) {
    case "share":
      return `${size.hundredths / 100}%${bake}`;
    case "customers":
      return `${size.customers}${bake}`;
    case "cohort":
      return `cohort ${size.cohort}${bake}`;
    case "rest":
      return `the rest${bake}`;
  }
}

function describeTime(seconds: number): string {
  const minutes = seconds / 60;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}

function renderWave(
  event: Readonly<Record<string, unknown>>,
  title: string,
  wave: Readonly<Record<string, unknown>>,
): string {
  const [kind = ""] = Object.keys(wave);
  const schema = toEventSchema().$defs?.wave?.anyOf?.find(({ required }) => required?.[0] === kind);
  renderEvent({ ...event, strategy: { waves: kind === "rest" ? [wave] : [wave, { rest: true }] } });
  return `**${title}**: ${schema?.description ?? ""}.

${toLineBlock(wave)}`;
}
