import { toWaves } from "../../lambda/contract/strategy.ts";
import { PREDEFINED } from "../../lambda/contract/strategy-name.ts";
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
  ["Those of a cohort", { cohort: "canary", bakeMinutes: 30 }],
  ["A share", { share: "5%", bakeMinutes: 30 }],
  ["A number", { customers: 50, bakeMinutes: 0.5 }],
  ["The rest", { rest: true }],
] as const;

/** The chapter of docs/events.md about waves. */
export function renderStrategies(event: Readonly<Record<string, unknown>>): string {
  return `## Strategies

A \`strategy\` says in which waves customers are flipped. After each wave comes its bake: nobody is flipped, the alarms of the
[policy](policy.md#alarms) are watched, and only then the gate decides whether the next wave begins. It is a name or a list of waves; an
event without one takes the policy's \`strategy\`, which is \`all-at-once\` unless the policy says otherwise.

A name is one of the policy's \`strategies\`, or one of these: ${quoteNames()}.
With the policy of [the example](policy.md#an-example) these names mean

| name | waves |
| --- | --- |
${NAMES.map((name) => `| \`${name}\` | ${describeWaves(name)} |`).join("\n")}

${renderEvent({ ...event, strategy: "canary-10-percent-30-minutes" })}

Waves that are written out stand in a list of 1 to 100. Each has exactly one of these sizes, and maybe \`bakeMinutes\` (0 to 10,080, which
is a week; fractions are allowed; 0 when left out):

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

Shares are of all customers that are to be flipped, and round up. The last wave takes whoever is left, so it is \`{ "rest": true }\`, or a
share where all shares together are 100% or more: a last wave that would leave customers out is refused. A wave that finds
nobody left is passed, with a note. A customer and its descendants are in one wave. Within these rules customers come in an order that
the release's name and their ids decide: the same release takes the same customers first, another release takes others.

\`plan\` is the hash that a dry run of the same event has reported. With it a rollout is refused, with what changed, when the world has
moved since the dry run.

${renderEvent({ ...event, strategy: "careful", plan: "3f1c".repeat(16), id: "promote-4712" })}

## When a gate does not pass

A gate does not pass when more customers failed than the failure budget allows, when an alarm of the policy fired, or when an alarm
showed no data for too long. \`onFailure\` says what happens then: \`rollback\` flips back exactly what this rollout has flipped, the newest
wave first; \`halt\` leaves everything as it is and asks a person. An alarm that is in \`ALARM\` before the first flip refuses the
rollout. A fix must be able to go out all the same: \`override\` with a reason begins, and the report says so.

${renderEvent({
  ...event,
  onFailure: "halt",
  override: { reason: "this release mends what the alarm is about" },
  requestedBy: "ann",
})}`;
}

function quoteNames(): string {
  const [names = "", ...bounds] = PREDEFINED.split(", with ");
  return `${names.replaceAll(/(?:all|canary|linear)-[\w-]+/g, "`$&`")}, with ${bounds.join(", with ")}`;
}

function describeWaves(strategy: string): string {
  const waves = toWaves({ strategy }, examplePolicy()).map(describeWave);
  return waves.length === 1 ? "everybody" : waves.join("; ");
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
