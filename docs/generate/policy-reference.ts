import { parsePolicy } from "../../lambda/config.ts";
import { toPolicySchema } from "./json-schemas.ts";
import { renderMembers } from "./member-table.ts";
import { EXAMPLE_POLICY, expectationOf, NOTICE, refusalOf, renderPolicy, toBlock } from "./snippets.ts";

const SMALLEST = { baseUrl: "https://evovoice.io", accountIds: ["5f2b8c1e9d3a4b0012345678"] };

const REFUSED = {
  baseUrl: "http://evovoice.io",
  accountIds: [],
  protected: { tags: ["vip"] },
  cohorts: { canary: { tags: ["vip"] } },
  requestsPerSecond: 5,
  startRequestsPerSecond: 10,
  strategy: "careful",
};

const FREEZES = {
  freezes: [
    { name: "office-hours", schedule: "0 8 * * 1-5", duration: "10h", timeZone: "Europe/Berlin" },
    { name: "christmas", from: "2026-12-24T12:00:00+01:00", to: "2026-12-27T00:00:00+01:00" },
  ],
};

/** docs/policy.md: the members of a policy. */
export function renderPolicyReference(): string {
  const describeText = (path: readonly string[]) =>
    expectationOf(path, (wrong) => parsePolicy({ ...SMALLEST, ...wrong }));
  return `${NOTICE}

# The policy

The policy is a JSON file of the operator. It has the guard rails that every rollout keeps, and the defaults of
[deploy events](events.md). An event can narrow the policy, never widen it. Two members are required:

${renderPolicy(SMALLEST)}

The user name and password for Evo Voice are not part of the policy; they are a secret of their own. The environment variable
\`CUTOVER_POLICY_FILE\` names the file. Editors complete and check it with [policy.schema.json](policy.schema.json).

## Members

${renderMembers(toPolicySchema(), describeText)}

An unknown member is refused, and so is a member that appears twice: of two \`protected\` a JSON parser would silently keep the last.

## Targets

A cohort is one target or a list of up to 100, as in [deploy events](events.md#targets), but it cannot name another cohort.

## The failure budget

The budget is a number of customers, or a share of the customers to be flipped, with at most two decimals.

- It counts over the whole rollout, and again within each wave: there, a share is a share of the wave's customers.
- A wave of several in which every customer failed never passes, whatever the budget: with \`10\`, six failures in a wave of six stop the rollout.
- A share is rounded down to whole customers: with \`"1%"\` of 250 customers, two failures pass and the third failure stops the rollout.
- A share is taken of at least \`smallestSample\` customers: with \`"10%"\` of three customers and a sample of 20, two failures pass,
  because one failure of three says little. With \`"1%"\`, no customer of a wave of fewer than 100 may fail; a sample of 100 lets one fail.
- \`0\` stops at the first failure. Only \`"100%"\` never stops.
- The remaining customers are reported as \`skipped\`.
- A throttled request is not a failure; it is only slower.

## Strategies

\`strategies\` gives names to lists of waves, written as in [deploy events](events.md#strategies). \`strategy\` is the strategy of an event
that names none: one of these, or a predefined one such as \`canary-10-percent-30-minutes\`. A predefined name cannot be redefined.

## How much one event may do

No event can widen these limits:

- \`maxCustomers\` and \`maxShare\`: a plan that would flip more customers is refused before the first flip. The share is a share of all
  customers of the policy's accounts, not of the customers that the event selects.
- \`largePromote\`: a \`promote\` of more than \`above\` customers is refused if its first wave has more than \`firstWave\` customers, or
  bakes for less than \`bakeMinutes\`. A first wave without customers does not count as the first wave. A policy whose own default
  strategy breaks this limit is refused too.

## Freezes

In a freeze no flip of a customer begins; a verification may send the flag of an earlier flip once more
([rollouts](rollouts.md#freezes)). A freeze is a window of a schedule, such as the office hours, or one from a time to a time:

${toBlock(FREEZES)}

- \`schedule\` is a cron line of five fields: minute, hour, day of the month, month, day of the week. A window begins at each of its
  times, in its \`timeZone\`, and lasts for the \`duration\`: \`"90m"\`, \`"10h"\`, \`"1d12h"\`, at most 7 days. A window is over at its last
  second: at 18:00:00 customers are flipped again.
- The duration is elapsed time. A window of 10 hours in which the clocks change lasts 10 hours, and ends an hour earlier or later by the clock.
- A window whose time the clocks skip in spring begins when they go on. Of a time that comes twice in autumn, the first counts. Lines with
  \`*\` or a step in the hours or minutes begin at each of their times that comes.
- A new event that a freeze meets is refused, or waits with \`"onFreeze": "wait"\`. A rollout that runs is held: [rollouts](rollouts.md#freezes).
- A dry run, a rollback, an \`abort\` and an event with an \`override\` are not affected.
- \`lift-freeze\` ends a window early, and \`freeze\` begins a freeze at once: [controls](triggers.md#controls).

## Alarms

The \`alarms\` are read from CloudWatch before the first flip and while a wave bakes. An alarm in \`ALARM\` is a failure, even if it is
\`OK\` again later. An alarm that has no data, does not exist or cannot be read never passes: the rollout waits for it, at most
\`noDataMinutes\`, and then that is a failure too. \`onFailure\` says what follows a failure.

## Children

A flip changes one customer: flags are independent. The gate of the first wave checks that, and halts the rollout with
\`children-moved\` when a child moved that is in no plan. For an account where that was seen, set \`childrenFollow\` to \`true\`: the plan then
refuses a parent without all of its descendants, and names the missing ones.

## The address

\`baseUrl\` is an origin: no path, query or fragment, no user name or password. It is https, except for \`localhost\`, \`127.x.x.x\` and
\`[::1]\`. It also names the environment: one rollout at a time runs in each environment.

## An example

${renderPolicy(EXAMPLE_POLICY)}

## When a policy is refused

The worker does not start with a policy that is wrong or contradicts itself. The refusal lists every problem. This policy

${toBlock(REFUSED)}

is refused with

\`\`\`text
${refusalOf(() => parsePolicy(REFUSED))}
\`\`\`
`;
}
