import { MOST_PROBLEM_CHARACTERS, MOST_REASON_CHARACTERS, MOST_REASONS, type RolloutEvent } from "./rollout-event.ts";

/** The change with its texts within their bounds; a text that was cut says so. */
export function shortenEvent(change: RolloutEvent): RolloutEvent {
  switch (change.change) {
    case "gate decided":
      return { ...change, reasons: shortenReasons(change.reasons) };
    case "rolled back":
      return { ...change, ...shortenNotHeld(change) };
    case "ended":
      return change.problem === undefined
        ? { ...change, ...shortenNotHeld(change) }
        : { ...change, ...shortenNotHeld(change), problem: shortenText(change.problem, MOST_PROBLEM_CHARACTERS) };
    default:
      return change;
  }
}

function shortenNotHeld({ notHeld }: { readonly notHeld?: string | undefined }) {
  return notHeld === undefined ? {} : { notHeld: shortenText(notHeld, MOST_REASON_CHARACTERS) };
}

function shortenReasons(reasons: readonly string[]): readonly string[] {
  const shown = reasons.slice(0, reasons.length > MOST_REASONS ? MOST_REASONS - 1 : MOST_REASONS);
  const more = reasons.length - shown.length;
  const texts = shown.map((reason) => shortenText(reason, MOST_REASON_CHARACTERS));
  return more === 0 ? texts : [...texts, `and ${more} more; the report has all of them`];
}

/** At most `most` characters; the last is "…" when the text was cut. */
export function shortenText(text: string, most: number): string {
  const whole = text.toWellFormed();
  return whole.length <= most ? whole : `${whole.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
