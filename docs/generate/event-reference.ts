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

const ROLLBACK = { action: "rollback", rolloutId: "promote-0f3c9a1b2d4e" };
const RETRY = { action: "retry", rolloutId: "promote-0f3c9a1b2d4e" };

const KINDS = [
  ["Customers by id", { customerIds: ["64d1f0a2b7c8d90012340001", "64d1f0a2b7c8d90012340002"] }],
  ["Customers by reference id", { referenceIds: ["ACME-0042", "ACME-0043"] }],
  ["Customers by tag", { tags: ["canary", "residential"], match: "any" }],
  ["The descendants of a customer", { parentCustomerId: "64d1f0a2b7c8d900aaaaaaaa", descendants: false }],
  ["A cohort of the policy", { cohort: "canary" }],
  ["All customers", { all: true }],
] as const;

const REFUSED = {
  action: "promotee",
  release: "2026.11.0",
  targets: [{ cohort: "canary" }, { customerId: ["64d1f0a2b7c8d90012340001"] }],
  exlude: { tags: ["vip"] },
  notAfter: "tomorrow",
  limits: { requestsPerSecond: 100 },
};

/** docs/events.md: the members of a deploy event. */
export function renderEventReference(): string {
  const policy = examplePolicy();
  const renderFor = (schema: JsonSchema, event: object) =>
    renderMembers(schema, (path) => expectationOf(path, (wrong) => acceptDeployEvent({ ...event, ...wrong }, policy)));
  return `${NOTICE}

# Deploy events

A deploy event is one JSON object. It names the release, the action and the customers. This event moves every customer of the
policy's accounts to the production servers:

${renderEvent(SMALLEST)}

To try an event on your machine, against an emulator: \`npm start -- --event my-event.json\`. Editors complete and check events
with [deploy-event.schema.json](deploy-event.schema.json). The [policy](policy.md) limits what an event can do.

## Members

${renderFor(withoutTargets(), SMALLEST)}

An unknown member is refused, because a typing error in \`exclude\` must never flip a customer.

## Targets

\`targets\` and \`exclude\` hold one target or a list of up to 100 targets. A customer is selected if **any** of the targets selects
it. A list of ids, reference ids or tags has at most 9,000 entries, and an event at most 300,000 bytes. A target has exactly one of these forms:

${KINDS.map(([title, target]) => renderKind(title, target)).join("\n\n")}

A list of targets:

${renderEvent({ ...SMALLEST, targets: [{ cohort: "canary" }, { customerIds: ["64d1f0a2b7c8d90012340001"] }] })}

An event whose targets select no customer is refused, because that is probably a typing error.

Named customers, parents and tags are looked up before the first flip, also those of \`exclude\`, of the strategy's cohorts and of the
policy's \`protected\`. Customer ids are compared without case, as Evo Voice compares them; reference ids and tags with case:

- A tag that does not exist ends the rollout before its first flip.
- A reference id that several customers have does so too.
- A customer id or a reference id that no customer has ends the rollout, or is skipped with the reason: that is the policy's
  \`unknownCustomers\`.

${renderStrategies(SMALLEST)}

## Customers that are never flipped

- customers of accounts that are not in the policy's \`accountIds\`,
- customers that the policy or the controls protect,
- customers that \`exclude\` selects.

A list of tags in \`exclude\` means *any*: a customer with one of them is left out. So it is in the policy's \`protected\`.

All three win over \`targets\`. A customer that \`targets\` selects and one of these excludes is reported as \`skipped\`, with the
reason. A customer that has the wanted flag already is reported as \`unchanged\`.

## The same event twice

An event with an \`id\` is one rollout, forever. Sent again, during the rollout or after it, the event flips no customer, and the
answer is that rollout's report with \`"joined": true\`. A refused rollout flipped no customer, so it has not used up the \`id\`:
mend the cause and send the event again, as it is or corrected; the answer has the \`rolloutId\` of the new attempt. The same \`id\` on a different event is refused. An event without an \`id\`
joins a running rollout that does the same; otherwise it is a new rollout. Two events do the same if they differ only in
\`id\`, \`requestedBy\`, \`reason\`, \`notAfter\`, \`onBusy\`, \`onFreeze\` or the order and repeats within lists; the order of waves counts.

One rollout at a time runs in an Evo Voice environment. Another event is refused, with the id of the running rollout, or waits for
its end with \`"onBusy": "wait"\`. A waiting event must have a \`notAfter\`, and is refused when that time passes.

${renderEvent({ ...SMALLEST, id: "deploy-4711", requestedBy: "the deploy pipeline", reason: "release 2026.11.0" })}

## Dry run

With \`"dryRun": true\` the rollout looks customers up, makes its plan and reports it: how many customers would be flipped, how
many are unchanged, how many are skipped and why. It flips no customer, and a running rollout does not block it. A dry run is an
event of its own: give it another \`id\` than the rollout that follows, or none.

## Not after

A time with seconds and a zone, \`Z\` or an offset such as \`+01:00\`. An event that begins later is refused: a promote meant for the
night must not run at noon. A rollout that began in time continues after it.

## Roll back and retry

A \`rollback\` restores exactly the customers that a rollout flipped, as the ledger says. It does not touch customers that had
the wanted flag before. Customers that changed since are listed as conflicting. Sent again, a rollback continues with the customers
that failed, and with customers that a later rollout had moved and that [were rolled back since](rollouts.md#rollback).

${renderFor(pick("rollbackEvent", ["action", "rolloutId", "release", "dryRun"]), ROLLBACK)}

${renderEvent({ ...ROLLBACK, requestedBy: "ann", reason: "calls drop after ten minutes" })}

${renderEvent({ action: "rollback", release: "2026.12.0", dryRun: true })}

A \`retry\` flips exactly the customers of a rollout that failed or were not attempted, under the policy of today.
Customers that the event of that rollout excludes stay excluded; an \`exclude\` of the retry excludes more. A rollout can be
retried once: to continue after a retry, send the retry's id. A rollback by the release also rolls back every rollout that the last
one was a retry of.

${renderFor(pick("retryEvent", ["action", "rolloutId", "exclude", "dryRun", "plan"]), RETRY)}

${renderEvent({ ...RETRY, strategy: "canary-10-percent-30-minutes", id: "retry-4711" })}

A retry with the \`plan\` of a dry run of the same retry is refused if its customers, or what it does with them, are not the same any
more.

Both have the members \`notAfter\`, \`onBusy\`, \`limits\`, \`requestedBy\`, \`reason\` and \`id\` of every event. A \`retry\` also has
\`strategy\`, \`onFailure\` and \`override\`.

${renderCommands()}

## Limits

An event can narrow the policy's limits, for its own rollout only. Wider limits are refused. A \`failureBudget\` is a number where the
policy has a number, and a share where the policy has a share, because the plan decides which of \`5\` and \`"1%"\` is less. \`0\` is
always allowed.

${renderEvent({ ...SMALLEST, limits: { requestsPerSecond: 5, concurrency: 2, failureBudget: 0 } })}

## When an event is refused

A refusal lists every problem at once. By then Cutover has not signed in, looked anything up or written anything. The refusal shows
short values only, never the values of unknown members. With a policy that allows ${EXAMPLE_POLICY.requestsPerSecond} requests a second, this event

${toBlock(REFUSED)}

is refused with

\`\`\`text
${refusalOf(() => acceptDeployEvent(REFUSED, policy))}
\`\`\`

## Whole examples

Stage a release for the canaries, except customers with one of two tags, and not after two in the morning:

${renderEvent({
  action: "stage",
  release: "2026.12.0-rc.1",
  targets: { cohort: "canary" },
  exclude: { tags: ["vip", "24/7, on call"], match: "any" },
  notAfter: "2026-11-23T02:00:00+01:00",
  id: "stage-2026-12-0-rc-1",
  requestedBy: "night shift",
})}

See which customers a promote would flip:

${renderEvent({ action: "promote", release: "2026.12.0", targets: [{ cohort: "canary" }, { cohort: "beta" }], dryRun: true })}

Promote all customers except one group, slowly, and stop at the first failure:

${renderEvent({
  action: "promote",
  release: "2026.12.0",
  targets: { all: true },
  exclude: [{ parentCustomerId: "64d1f0a2b7c8d900bbbbbbbb" }, { referenceIds: ["ACME-0042"] }],
  limits: { requestsPerSecond: 2, failureBudget: 0 },
  reason: "the big customer follows next week",
  id: "promote-2026-12-0",
})}
`;
}

/** The forms of targets have a chapter of their own. */
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
    .map(([name, { default: fallback, description }]) =>
      fallback === undefined
        ? ` \`${name}\` is ${description}.`
        : ` \`${name}\` is \`${JSON.stringify(fallback)}\` when left out.`,
    );
  renderEvent({ ...SMALLEST, targets: target });
  return `**${title}**: ${kind?.description ?? ""}.${members.join("")}

${toLineBlock(target)}`;
}
