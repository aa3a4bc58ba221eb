import { type LockAndControls, toHeld, toStopped } from "../controls.ts";
import { describeReason, type Reason } from "../reasons.ts";
import { describeReport, listAlarms, toAdviceBlocks } from "./describe-report.ts";
import { type Html, html } from "./html.ts";
import { adviseOn, findQuestion } from "./next-steps.ts";
import { REPORT_STYLE } from "./page-style.ts";
import type { Report } from "./report.ts";
import type { Limits, ReportDocument, Section, Style } from "./report-document.ts";
import { countCustomers } from "./text-layout.ts";
import { writeHtml } from "./write-html.ts";

export type Theme = "light" | "dark";

export interface WidgetFacts {
  readonly theme: Theme;
  /** Of the rollout that runs, or else the last one; or why there is none. */
  readonly report: Report | { readonly missing: string };
  readonly controls: Pick<LockAndControls, "stopped" | "holds" | "protectedIds">;
  /** Why no customer is flipped now: the freezes that apply. */
  readonly frozen: readonly Reason[];
  /** The alarms that the gates watch. */
  readonly alarms: readonly string[];
  readonly buttons: readonly Button[];
  /** What was typed before the widget was drawn again. */
  readonly typed: { readonly requestedBy: string; readonly reason: string };
}

/** What a viewer can do now: a command, and the ARN that has the right for it. */
export interface Button {
  readonly send: ButtonCommand;
  readonly endpoint: string;
}

export interface ButtonCommand {
  readonly command: keyof typeof BUTTONS;
  /** Absent for a command about the whole environment. */
  readonly rolloutId?: string | undefined;
  /** Of an answer: what the viewer has seen. */
  readonly plan?: string | undefined;
  readonly wave?: number | undefined;
}

/** The rollout and the controls as a widget of a CloudWatch dashboard: HTML without script. */
export function writeWidget(facts: WidgetFacts): string {
  const { report, theme, typed, buttons } = facts;
  const document: ReportDocument =
    "missing" in report
      ? { title: "Cutover", verdict: { style: "dim", text: report.missing }, sections: [] }
      : describeReport(report, LIMITS);
  const form = html`<form><label>Your name <input type="text" name="requestedBy" value="${typed.requestedBy}"></label><label>Reason <input type="text" name="reason" value="${typed.reason}"></label><p>${buttons.map(
    (button) => html`${writeButton(button, report)} `,
  )}</p></form>`;
  const { sections: rest } = document;
  const isOpen = facts.controls.stopped === undefined && facts.frozen.length === 0;
  const sections = isOpen ? [...rest, toControls(facts)] : [toControls(facts), ...rest];
  return frameWidget(theme, html`${writeHtml({ ...document, sections }, form)}`);
}

/** An answer to a button, or a refusal. */
export function writeNotice(theme: Theme, text: string): string {
  return frameWidget(theme, html`${text.split("\n").map((line) => html`<p>${line}</p>`)}`);
}

/** The console's own styles would change ours; one element with this class keeps them out. */
function frameWidget(theme: Theme, content: Html): string {
  return html`<style>${{ markup: REPORT_STYLE }}</style><div class="cutover cwdb-no-default-styles ${theme}">${content}</div>`
    .markup;
}

/** The buttons stand where a report advises commands. */
const LIMITS: Limits = {
  ...{ problemLines: 12, characters: 600, namedCustomers: 10, plannedCustomers: 0, namesSkipped: false },
  writeAdvice: false,
};

function toControls({ controls, frozen, alarms, report }: WidgetFacts): Section {
  const { stopped, holds, protectedIds } = controls;
  const held = Object.entries(holds).map(([release, hold]) => toHeld(release, hold));
  const advice = [...frozen, ...held].flatMap(adviseOn).filter(({ send }) => send !== undefined);
  const seen = "missing" in report ? undefined : report.progress?.alarms;
  const watched = (seen === undefined ? alarms.join(", ") : listAlarms(seen)) || "no alarm";
  return {
    title: "controls",
    blocks: [
      { kind: "text", lines: stopped === undefined ? [] : [describeReason(toStopped(stopped))], style: "red" },
      { kind: "text", lines: [...frozen, ...held].map((each) => describeReason(each)), style: "yellow" },
      ...advice.flatMap((each) => toAdviceBlocks(each)),
      { kind: "text", lines: [`${countCustomers(protectedIds.length)} protected, besides those of the policy`] },
      { kind: "text", lines: [`the gates watch ${watched}`] },
    ],
  };
}

/** What each button says, and what its confirmation says will happen. */
const BUTTONS = {
  approve: ["Approve", "begins its next wave"],
  reject: ["Reject", "ends as after a failed gate, and the release is held", "red"],
  pause: ["Pause", "flips no further customer for an hour, or until it is resumed"],
  resume: ["Resume", "flips further customers"],
  "skip-bake": ["Skip this bake", "skips the rest of this bake; the gate still decides"],
  abort: ["Abort", "ends; every customer that it flipped is restored", "red"],
  "stop-everything": ["Stop everything", "no rollout flips or restores a customer until the stop is ended", "red"],
  "resume-everything": ["End the stop", "rollouts flip and restore customers again"],
} as const satisfies Readonly<Record<string, readonly [label: string, effect: string, style?: Style]>>;

/** What an abort does in the middle of a rollback. */
const ABORTED_ROLLBACK = "ends the rollback; a customer that is not restored yet stays where it is";

const OF_ROLLOUT = ["pause", "resume", "skip-bake", "abort"] as const;

/** Every command to the rollout that a button can send, whether it has an effect or not. */
export function toCommands(report: Report) {
  const { rolloutId } = report;
  const { plan, wave } = findQuestion(report) ?? {};
  const answers = plan === undefined ? [] : (["approve", "reject"] as const);
  return [
    ...answers.map((command) => ({ command, rolloutId, plan, wave })),
    ...OF_ROLLOUT.map((command) => ({ command, rolloutId })),
  ];
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_interactivity.html */
function writeButton({ send, endpoint }: Button, report: WidgetFacts["report"]): Html {
  const { action, release, rolloutId, progress } = "missing" in report ? ({} as Partial<Report>) : report;
  const [label, usual, style] = BUTTONS[send.command];
  const effect = send.command === "abort" && progress?.phase === "rolling back" ? ABORTED_ROLLBACK : usual;
  const rollout = send.rolloutId === undefined ? "" : `${action} ${release ?? rolloutId} `;
  const seen = send.plan === undefined ? "" : ` (wave ${send.wave} of plan ${send.plan})`;
  const confirmation = `${label}: ${rollout}${effect}${seen}.`;
  return html`<button type="button" class="${style}">${label}</button><cwdb-action action="call" display="popup" endpoint="${endpoint}" confirmation="${confirmation}">${JSON.stringify(send)}</cwdb-action>`;
}
