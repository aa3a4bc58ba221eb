import type { PlannedCustomer } from "../plan/planned-customer.ts";
import { type Html, html } from "./html.ts";
import type { Block, ListRow, ReportDocument, Section } from "./report-document.ts";
import { formatNumber } from "./text-layout.ts";

/** The document as HTML without script: for the page, and for a widget of the AWS console with its tools below the head. */
export function writeHtml({ title, verdict, sections }: ReportDocument, tools?: Html): Html {
  return html`<header><h1><bdi>${title}</bdi></h1><p class="pill ${verdict.style}">${verdict.text}</p></header>${tools}${sections.map(writeSection)}`;
}

function writeSection({ title, blocks }: Section): Html {
  const written = blocks.map((block) => writeBlock(block, title ?? ""));
  return html`<section>${title === undefined ? undefined : html`<h2>${capitalise(title)}</h2>`}${written}</section>`;
}

function capitalise(title: string): string {
  return `${title.slice(0, 1).toUpperCase()}${title.slice(1)}`;
}

function writeBlock(block: Block, title: string): Html {
  switch (block.kind) {
    case "text":
      return html`${block.lines.map((line) => html`<p class="${block.style}" dir="auto">${line}</p>`)}`;
    case "numbers":
      return html`<dl class="numbers">${block.rows.map(
        ({ label, number, style }) =>
          html`<div class="${number === 0 ? "dim" : style}"><dt>${label}</dt><dd>${formatNumber(number)}</dd></div>`,
      )}</dl>`;
    case "list":
      return writeTable(block, title);
    case "facts":
      return html`<dl class="facts">${block.rows.map(
        ([label, text]) => html`<div><dt>${label}</dt><dd dir="auto">${text}</dd></div>`,
      )}</dl>`;
    case "customers":
      return html`<ul>${block.customers.map((customer) => html`<li>${writeCustomer(customer)}</li>`)}</ul>`;
    case "command":
      return html`<pre tabindex="0">${block.text}</pre>`;
  }
}

function writeTable({ head, rows }: Extract<Block, { kind: "list" }>, title: string): Html {
  return html`<table><caption>${title}</caption><thead><tr>${head.map((each) => html`<th scope="col">${each}</th>`)}</tr></thead><tbody>${rows.map(
    (row) => html`<tr><th scope="row">${row.label}</th><td>${writeLines(row)}</td></tr>`,
  )}</tbody></table>`;
}

function writeLines({ lines, done }: ListRow): Html {
  const bar = done === undefined ? undefined : writeBar(done);
  return html`${bar}${lines.map((line) => html`<p dir="auto">${line}</p>`)}`;
}

/** A picture, because the policies of pages forbid a style that a width would need. */
function writeBar([done, all]: NonNullable<ListRow["done"]>): Html {
  const share = all === 0 ? 100 : Math.floor((done / all) * 100);
  const label = `${formatNumber(done)} of ${formatNumber(all)} done`;
  return html`<svg class="bar ${share === 100 ? "green" : "blue"}" viewBox="0 0 100 1" preserveAspectRatio="none" role="img" aria-label="${label}"><rect width="${share}" height="1"/></svg>`;
}

/** A name that runs from right to left does not turn what stands beside it. */
export function writeCustomer({ id, name, referenceId }: PlannedCustomer): Html {
  const others = [referenceId ?? "", id].filter((text) => text !== "").map((text) => html`<bdi>${text}</bdi> `);
  return html`<b><bdi>${name || id}</bdi></b> <small>${others}</small>`;
}
