/** What is typed for a member of an event or a command, where that is not the member's name as a flag. */
const TYPED: Readonly<Record<string, string>> = {
  action: "ACTION",
  release: "RELEASE",
  rolloutId: "ROLLOUT",
  name: "NAME",
  targets: "the customers (--tag, --customer-id, --reference-id, --cohort, --parent or --all)",
  "targets.tags": "--tag",
  "targets.customerIds": "--customer-id",
  "targets.referenceIds": "--reference-id",
  "targets.parentCustomerId": "--parent",
  exclude: "the customers to leave out (--exclude-tag, --exclude-customer-id, …)",
  "exclude.tags": "--exclude-tag",
  "exclude.customerIds": "--exclude-customer-id",
  "exclude.referenceIds": "--exclude-reference-id",
  "exclude.parentCustomerId": "--exclude-parent",
  customerIds: "--customer-id",
  referenceIds: "--reference-id",
  requestedBy: "--by",
};

/** What a person types for the member at a path: `targets[0].tags[1]` is `--tag`. */
export function toFlag(path: string): string {
  const members = path.replaceAll(/\[\d+\]/g, "");
  const typed = TYPED[members];
  if (typed !== undefined) return typed;
  const [first = "", inner = ""] = members.split(".");
  if (first === "targets" || first === "limits") return toKebab(inner);
  if (first === "exclude") return toKebab(`exclude-${inner}`);
  // The waves of `--strategy` are JSON.
  return first === "strategy" && inner !== "" ? `--strategy, ${path.slice(first.length + 1)}` : toKebab(first);
}

function toKebab(member: string): string {
  return `--${member.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
