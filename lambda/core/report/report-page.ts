import { createHash } from "node:crypto";
import type { AdviceWriter } from "../../contract/advice.ts";
import { describeReport } from "./describe-report.ts";
import { type Html, html } from "./html.ts";
import { describeState, describeTrouble, type ListedCustomer } from "./listed-customer.ts";
import { PAGE_STYLE, REPORT_STYLE } from "./page-style.ts";
import type { Report } from "./report.ts";
import type { Limits, Style } from "./report-document.ts";
import { countCustomers, formatNumber, formatTime } from "./text-layout.ts";
import { writeCustomer, writeHtml } from "./write-html.ts";

export interface PageFacts {
  readonly report: Report;
  /** Every customer; none for a rollout without a plan. */
  readonly customers: readonly ListedCustomer[];
  /** The name of the deployment. */
  readonly environment: string;
  /** When the report was read, ISO 8601. */
  readonly asOf: string;
  /** In the form of the reader who wrote the file. */
  readonly writeAdvice: AdviceWriter;
}

/** A report as one file of HTML that asks no server: every customer, a filter by outcome and a search. */
export function writeReportPage({ report, customers, environment, asOf, writeAdvice }: PageFacts): string {
  const { action, release = "" } = report;
  const body = html`<main class="cutover"><p class="dim">${environment}, as of ${formatTime(asOf)}</p>${writeHtml(
    describeReport(report, { ...LIMITS, writeAdvice }),
  )}${customers.length === 0 ? undefined : writeCustomers(customers)}</main>`;
  return writePage({ title: `${action} ${release}`, body, script: customers.length === 0 ? "" : FILTER });
}

const LIMITS: Omit<Limits, "writeAdvice"> = {
  ...{ problemLines: 1_000, characters: 2_000, namedCustomers: 20, namesSkipped: false },
  // The page lists every customer.
  plannedCustomers: 0,
};

export interface Page {
  readonly title: string;
  readonly body: Html;
  /** The only script that runs. */
  readonly script: string;
  /** What the script may connect to. @default nothing */
  readonly connect?: "'self'";
}

/** A whole page, which loads nothing and runs no script but its own. */
export function writePage({ title, body, script, connect }: Page): string {
  const policy = [
    "default-src 'none'",
    `style-src '${toHash(REPORT_STYLE)}' '${toHash(PAGE_STYLE)}'`,
    `script-src '${toHash(script)}'`,
    `connect-src ${connect ?? "'none'"}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const [report, frame, run] = [REPORT_STYLE, PAGE_STYLE, script].map((markup) => ({ markup }));
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${{ markup: policy }}"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>${title}</title><style>${report}</style><style>${frame}</style></head>
<body>${body}<script>${run}</script></body></html>
`.markup;
}

/** https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function toHash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

const COLOURS: Readonly<Record<string, Style>> = {
  flipped: "green",
  restored: "green",
  deferred: "yellow",
  conflicting: "yellow",
  failed: "red",
  "not-restored": "red",
};

function writeCustomers(customers: readonly ListedCustomer[]): Html {
  const byState = Map.groupBy(customers, describeState);
  const states = [...byState].sort(([, one], [, other]) => other.length - one.length);
  const choices = [
    ["", "all", customers.length] as const,
    ...states.map(([key, of]) => [key, key, of.length] as const),
  ];
  return html`<section aria-labelledby="customers"><h2 id="customers">Customers</h2>
<form role="search"><label>Search <input type="search" autocomplete="off" placeholder="name, id, reason"></label><fieldset><legend>Outcome</legend>${choices.map(
    ([value, label, count]) =>
      html`<label><input type="radio" name="outcome" value="${value}" ${value === "" ? CHECKED : undefined}>${label} <b>${formatNumber(count)}</b></label>`,
  )}</fieldset><p role="status">${countCustomers(customers.length)}</p></form>
<table class="customers"><caption>Customers</caption><thead><tr><th scope="col">customer</th><th scope="col">wave</th><th scope="col">outcome</th></tr></thead><tbody>
${customers.map(writeRow)}</tbody></table></section>`;
}

const CHECKED: Html = { markup: "checked" };

function writeRow(customer: ListedCustomer): Html {
  const [state, trouble] = [describeState(customer), describeTrouble(customer)];
  const why = trouble === undefined ? undefined : html`<p dir="auto">${trouble}</p>`;
  return html`<tr data-outcome="${state}"><td>${writeCustomer({ ...customer, id: customer.customerId })}</td><td>${customer.wave}</td><td><span class="pill ${COLOURS[state] ?? "dim"}">${state}</span>${why}</td></tr>
`;
}

/** Shows the customers that have the chosen outcome and every word of the search. */
const FILTER = `
const form = document.querySelector("form");
const status = form.querySelector("[role=status]");
const rows = [...document.querySelectorAll(".customers tbody tr")].map((row) => ({ row, text: row.textContent.toLowerCase() }));
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", () => {
  const outcome = form.elements.outcome.value;
  const words = form.querySelector("[type=search]").value.toLowerCase().split(/\\s+/);
  let shown = 0;
  for (const { row, text } of rows) {
    row.hidden = (outcome !== "" && row.dataset.outcome !== outcome) || !words.every((word) => text.includes(word));
    if (!row.hidden) shown += 1;
  }
  status.textContent = shown.toLocaleString("en-US") + " of " + rows.length.toLocaleString("en-US") + " customers";
});
`;
