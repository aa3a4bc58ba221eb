import { styleText } from "node:util";
import { labelCustomer, type PlannedCustomer } from "../plan/planned-customer.ts";
import type { Block, ReportDocument, Section, Style } from "./report-document.ts";
import { clean, formatNumber, hang, shorten, wrap } from "./text-layout.ts";

export interface TextLayout {
  /** Whether colours mark what is good, what is bad and what is beside the point. */
  readonly colour: boolean;
  /** The longest line, except for a longer word and for what is copied whole. */
  readonly columns: number;
}

/** The document as text in columns. Every text from outside is one clean line, indented or behind a label. */
export function writeText({ title, verdict, sections }: ReportDocument, { colour, columns }: TextLayout): string {
  const page: Page = {
    columns,
    paint: (style, text) =>
      colour && style !== undefined && text !== "" ? styleText(style, text, { validateStream: false }) : text,
  };
  const paragraphs = [writeHead(title, verdict, page), ...sections.map((section) => writeSection(section, page))];
  return `${paragraphs.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

interface Page {
  readonly columns: number;
  paint(style: Style | undefined, text: string): string;
}

function writeHead(title: string, { style, text }: ReportDocument["verdict"], { columns, paint }: Page) {
  const head = clean(title);
  const fits = head.length + 3 + text.length <= columns;
  return fits
    ? [`${paint("bold", head)}   ${paint(style, text)}`]
    : [paint("bold", head), ...wrap(text, columns).map((line) => paint(style, line))];
}

function writeSection({ title, blocks }: Section, page: Page): readonly string[] {
  const head = title === undefined ? [] : wrap(clean(title), page.columns).map((line) => page.paint("bold", line));
  return [...head, ...blocks.flatMap((block) => writeBlock(block, page))];
}

function writeBlock(block: Block, page: Page): readonly string[] {
  const { columns, paint } = page;
  switch (block.kind) {
    case "text":
      return block.lines.flatMap((text) => hang("  ", text, columns).map((line) => paint(block.style, line)));
    case "numbers":
      return writeNumbers(block, page);
    case "list":
      return writeList(block, page);
    case "facts":
      return block.rows.flatMap(([label, text]) =>
        hang(label.padEnd(FACT), text, columns).map((line) => paint("dim", line.slice(0, FACT)) + line.slice(FACT)),
      );
    case "customers":
      return block.customers.flatMap((customer) => writeCustomer(customer, page));
    case "command":
      return [clean(block.text)];
  }
}

const FACT = 10;

function writeNumbers({ rows }: Extract<Block, { kind: "numbers" }>, { paint }: Page): readonly string[] {
  const labels = Math.max(...rows.map(({ label }) => label.length));
  const numbers = Math.max(...rows.map(({ number }) => formatNumber(number).length));
  return rows.map(({ label, number, style }) => {
    const text = formatNumber(number).padStart(numbers);
    return `  ${label.padEnd(labels)}  ${paint(number === 0 ? "dim" : style, text)}`;
  });
}

function writeList({ rows }: Extract<Block, { kind: "list" }>, { columns }: Page): readonly string[] {
  const width = Math.max(...rows.map(({ label }) => label.length));
  return rows.flatMap(({ label, lines }) =>
    lines.flatMap((line, index) => hang(`  ${(index === 0 ? label : "").padStart(width)}  `, line, columns)),
  );
}

function writeCustomer({ referenceId = "", ...customer }: PlannedCustomer, page: Page): readonly string[] {
  const { columns, paint } = page;
  const room = columns - 4;
  const cleaned = labelCustomer({ name: clean(customer.name), referenceId: clean(referenceId) });
  const [label, id] = [shorten(cleaned, room), clean(customer.id)];
  if (label === "") return [`    ${paint("dim", id)}`];
  const shownId = paint("dim", `(${id})`);
  const fits = label.length + 4 + id.length <= room;
  return fits ? [`    ${label}  ${shownId}`] : [`    ${label}`, `      ${shownId}`];
}
