import { acceptDeployEvent } from "../../lambda/contract/accept-deploy-event.ts";
import { renderCommands } from "./command-chapter.ts";
import { type JsonSchema, toEventSchema } from "./json-schemas.ts";
import { renderMembers } from "./member-table.ts";
import {
  EXAMPLE_POLICY,
  examplePolicy,
  expectationOf,
  NOTICE,
  refusalOf,
  renderEvent,
  toBlock,
  toLineBlock,
} from "./snippets.ts";
import { renderStrategies } from "./strategy-chapter.ts";

const SMALLEST = { action: "promote", release: "2026.11.0", targets: { all: true } };

const UNDO = { action: "rollback", rolloutId: "promote-0f3c9a1b2d4e" };
const AGAIN = { action: "retry", rolloutId: "promote-0f3c9a1b2d4e" };

const KINDS = [
  ["Customers by id", { customerIds: ["64d1f0a2b7c8d90012340001", "64d1f0a2b7c8d90012340002"] }],
  ["Customers by reference id", { referenceIds: ["ACME-0042", "ACME-0043"] }],
  ["Customers by tag", { tags: ["canary", "residential"], match: "any" }],
  ["The customers below another one", { parentCustomerId: "64d1f0a2b7c8d900aaaaaaaa", descendants: false }],
  ["A cohort of the policy", { cohort: "canary" }],
  ["Everybody", { all: true }],
] as const;

const REFUSED = {
  action: "promotee",
  release: "2026.11.0",
  targets: [{ cohort: "canary" }, { customerId: ["64d1f0a2b7c8d90012340001"] }],
  exlude: { tags: ["vip"] },
  notAfter: "tomorrow",
  limits: { requestsPerSecond: 100 },
};

/** docs/events.md: what can be written in a deploy event. */
export function renderEventReference(): string {
  const policy = examplePolicy();
  const renderFor = (schema: JsonSchema, event: object) =>
    renderMembers(schema, (path) => expectationOf(path, (wrong) => acceptDeployEvent({ ...event, ...wrong }, policy)));
  return `${NOTICE}

# Deploy events

A deploy event is one JSON object. It says which customers are moved where, and by which release. This one moves every
customer of the policy's accounts to the production servers:

${renderEvent(SMALLEST)}

Try one on this machine, against an emulator: \`npm start -- --event my-event.json\`. Editors complete and check events with
[deploy-event.schema.json](deploy-event.schema.json). What an event may do at most is written in the [policy](policy.md).

## Members

${renderFor(withoutTargets(), SMALLEST)}

Nothing else is allowed: an unknown member is refused, because a typing error in \`exclude\` must never move somebody.

## Targets

\`targets\` and \`exclude\` hold one target or a list of up to 100 targets. A customer that **any** of them selects is selected. A list
of ids, reference ids or tags holds at most 9,000 of them. A target has exactly one of these forms:

${KINDS.map(([title, target]) => renderKind(title, target)).join("\n\n")}

A list joins them:

${renderEvent({ ...SMALLEST, targets: [{ cohort: "canary" }, { customerIds: ["64d1f0a2b7c8d90012340001"] }] })}

An event whose targets select nobody is refused: that is a typing error more often than a wish.

Named customers, parents and tags are looked up before anybody is moved, those of \`exclude\` too. A tag that does not exist ends
the rollout before the first flip, as does a reference id that several customers carry. A customer id or a reference id that nobody
has does so too, or is skipped with the reason: that is the policy's \`unknownCustomers\`.

${renderStrategies(SMALLEST)}

## Who is never moved

- customers of accounts that are not in the policy's \`accountIds\`,
- customers that the policy or the controls protect,
- customers that \`exclude\` selects.

All three win over \`targets\`. Customers that \`targets\` selects and one of these keeps back are reported as \`skipped\`, with the
reason. Customers that are where the event wants them are left alone and reported as \`unchanged\`.

## The same event twice

An event with an \`id\` is one rollout, for ever: sent again, during the rollout or after it, it flips nobody and is answered with
that rollout's report and \`"joined": true\`. The same \`id\` on an event that would do something else is refused. An event without
an \`id\` joins the rollout that is running if that one does the same; otherwise it is a new rollout. Two events do the same when
they differ only in \`id\`, \`requestedBy\`, \`reason\`, \`notAfter\`, \`onBusy\` or the order and repeats within lists; the order of waves counts.

Only one rollout runs at a time in an Evo Voice environment. Another event is refused with the id of the one that runs, or with
\`"onBusy": "wait"\` waits for its end. It waits until its \`notAfter\`, which it must have, and is refused when that passes.

${renderEvent({ ...SMALLEST, id: "deploy-4711", requestedBy: "the deploy pipeline", reason: "release 2026.11.0" })}

## Dry run

With \`"dryRun": true\` customers are looked up and the plan is made and reported: how many would be flipped, how many are
unchanged, who is skipped and why. Nobody is flipped, and a running rollout is no obstacle. A dry run is an event of its own: give
it another \`id\` than the rollout that follows, or none.

## Not after

A time with seconds and a zone, \`Z\` or an offset such as \`+01:00\`. An event that begins later is refused and does nothing: a promote
meant for the night must not run at noon. A rollout that began in time is not ended by it.

## Undo and try again

A \`rollback\` flips back exactly what a rollout has flipped, as the ledger says. Customers that were right before are not touched, and
those that somebody else has changed since are left alone and listed. Sent again, it goes on with what was left, and with whom a
later rollout had moved that [was turned back since](rollouts.md#the-way-back).

${renderFor(pick("rollbackEvent", ["action", "rolloutId", "release", "dryRun"]), UNDO)}

${renderEvent({ ...UNDO, requestedBy: "ann", reason: "calls drop after ten minutes" })}

${renderEvent({ action: "rollback", release: "2026.12.0", dryRun: true })}

A \`retry\` takes what failed of a rollout and what was not attempted, and nobody else, under the policy of today. Whoever that rollout's
event excludes stays out; an \`exclude\` of its own takes out more. A rollout is retried once: whoever is left then is left of the
retry, so send the retry's id. A rollback by the release undoes the last rollout together with all that it was a retry of.

${renderFor(pick("retryEvent", ["action", "rolloutId", "exclude", "dryRun", "plan"]), AGAIN)}

${renderEvent({ ...AGAIN, strategy: "canary-10-percent-30-minutes", id: "retry-4711" })}

A \`plan\` that a dry run of the same retry has reported makes it refuse, too, when whoever is left, or what is done with them, is not the
same any more.

Both have the members \`notAfter\`, \`onBusy\`, \`limits\`, \`requestedBy\`, \`reason\` and \`id\` of every event; a \`retry\` also has \`strategy\`,
\`onFailure\` and \`override\`.

${renderCommands()}

## Limits

An event narrows the policy's limits, for its own rollout only. Wider ones are refused. A \`failureBudget\` has the policy's form: a
number where the policy has a number, a share where it has a share, because which of \`5\` and \`"1%"\` is less is not known
before the plan; \`0\` is always allowed.

${renderEvent({ ...SMALLEST, limits: { requestsPerSecond: 5, concurrency: 2, failureBudget: 0 } })}

## When an event is refused

A refusal lists everything that is wrong at once, and nothing has happened by then: nobody signed in, nothing was looked up,
nothing was written. It shows short values only, never those of unknown members. With a policy that allows
${EXAMPLE_POLICY.requestsPerSecond} requests a second, this event

${toBlock(REFUSED)}

is refused with

\`\`\`text
${refusalOf(() => acceptDeployEvent(REFUSED, policy))}
\`\`\`

## Whole examples

Stage a release for the canaries, except two tags, and only until two in the morning:

${renderEvent({
  action: "stage",
  release: "2026.12.0-rc.1",
  targets: { cohort: "canary" },
  exclude: { tags: ["vip", "24/7, on call"], match: "any" },
  notAfter: "2026-11-23T02:00:00+01:00",
  id: "stage-2026-12-0-rc-1",
  requestedBy: "night shift",
})}

See who would be promoted, without moving anybody:

${renderEvent({ action: "promote", release: "2026.12.0", targets: [{ cohort: "canary" }, { cohort: "beta" }], dryRun: true })}

Promote everybody but one group of customers, slowly, and stop at the first failure:

${renderEvent({
  action: "promote",
  release: "2026.12.0",
  targets: { all: true },
  exclude: [{ parentCustomerId: "64d1f0a2b7c8d900bbbbbbbb" }, { referenceIds: ["ACME-0042"] }],
  limits: { requestsPerSecond: 2, failureBudget: 0 },
  reason: "the big customer moves by itself next week",
  id: "promote-2026-12-0",
})}
`;
}

/** Kinds of targets have a chapter of their own. */
function withoutTargets(): JsonSchema {
  const schema = toEventSchema().$defs?.flipEvent ?? {};
  const { targets, exclude, ...others } = schema.properties ?? {};
  const shown = { $ref: "#/$defs/target" };
  return {
    ...schema,
    properties: {
      action: others.action ?? {},
      release: others.release ?? {},
      targets: { ...shown, description: targets?.description ?? "" },
      exclude: { ...shown, description: exclude?.description ?? "" },
      ...others,
    },
  };
}

function pick(event: string, names: readonly string[]): JsonSchema {
  const schema = toEventSchema().$defs?.[event] ?? {};
  const members = Object.entries(schema.properties ?? {}).filter(([name]) => names.includes(name));
  return { ...schema, properties: Object.fromEntries(members) };
}

function renderKind(title: string, target: Readonly<Record<string, unknown>>): string {
  const kind = toEventSchema().$defs?.target?.anyOf?.find((one) => one.required?.[0] === Object.keys(target)[0]);
  const members = Object.entries(kind?.properties ?? {})
    .filter(([name]) => name !== kind?.required?.[0])
    .map(([name, { default: fallback }]) => ` \`${name}\` is \`${JSON.stringify(fallback)}\` when left out.`);
  renderEvent({ ...SMALLEST, targets: target });
  return `**${title}**: ${kind?.description ?? ""}.${members.join("")}

${toLineBlock(target)}`;
}
