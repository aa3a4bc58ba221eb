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

/** docs/policy.md: what can be written in a policy. */
export function renderPolicyReference(): string {
  const describeText = (path: readonly string[]) =>
    expectationOf(path, (wrong) => parsePolicy({ ...SMALLEST, ...wrong }));
  return `${NOTICE}

# The policy

The policy is the operator's: a JSON file with the guard rails that every rollout keeps, and the defaults that save writing
them into each [deploy event](events.md). An event can narrow it, never widen it. Two members are required:

${renderPolicy(SMALLEST)}

The user name and password for Evo Voice are not part of it; they are a secret of their own. The environment variable
\`CUTOVER_POLICY_FILE\` names the file. Editors complete and check it with [policy.schema.json](policy.schema.json).

## Members

${renderMembers(toPolicySchema(), describeText)}

Nothing else is allowed, and no member may come twice: of two \`protected\` a reader of JSON would silently keep the last.

## Targets

A cohort is one target or a list of up to 100, as in [deploy events](events.md#targets), but it cannot name another cohort.

## The failure budget

A number of customers, or a share of the customers to be flipped, with at most two decimals. A share is rounded down to whole
customers: with \`"1%"\` of 250, two failures pass and the third stops the rollout. Whoever was not attempted by then is reported
as \`skipped\`. \`0\` stops at the first failure, \`"100%"\` never. A share is taken of at least \`smallestSample\` customers: with
\`"10%"\` of two customers and a sample of 20, two failures pass, because one failure of two says little. Being throttled by Evo
Voice is no failure, it is slower.

## Strategies

\`strategies\` names lists of waves, written as in [deploy events](events.md#strategies). \`strategy\` is the one of an event that names none:
one of these, or a predefined one such as \`canary-10-percent-30-minutes\`. A predefined name cannot be given to another strategy.

## How much one event may do

No event can widen these:

- \`maxCustomers\` and \`maxShare\`: a plan that would flip more is refused before the first flip. A share is one of all customers of
  the scope, not of those that the event selects.
- \`largePromote\`: a \`promote\` of more than \`above\` customers is refused when its first wave has more than \`firstWave\` customers, or
  bakes for less than \`bakeMinutes\`. A first wave that turns out empty does not count as one. A policy whose own default
  strategy would break this is refused too.

## Alarms

Each minute of a bake, and before the first flip, the \`alarms\` are read from CloudWatch. One that is in \`ALARM\` is a failure; that it
is \`OK\` again later does not take it back. One that has no data, does not exist or cannot be read never passes: the rollout waits
for it, \`noDataMinutes\` at most, and then that is a failure too. \`onFailure\` says what a failure does.

## Children

A flip changes one customer: flags are independent. The gate of the first wave checks that, and halts the rollout with
\`children-moved\` when a child moved that is in no plan. For an account where that was seen, set \`childrenFollow\` to \`true\`: the plan then
refuses a parent without all of its descendants, and names the missing ones.

## The address

\`baseUrl\` is an origin: no path, query or fragment, no user name or password. It is https, except for \`localhost\`, \`127.x.x.x\` and
\`[::1]\`. It is also the name of the environment: one rollout runs at a time for each.

## An example

${renderPolicy(EXAMPLE_POLICY)}

## When a policy is refused

The worker does not start with a policy that is wrong or contradicts itself, and says everything at once. This one

${toBlock(REFUSED)}

is refused with

\`\`\`text
${refusalOf(() => parsePolicy(REFUSED))}
\`\`\`
`;
}
