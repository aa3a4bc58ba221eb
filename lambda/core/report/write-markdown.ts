import { nameCustomer } from "../plan/planned-customer.ts";
import type { Block, ReportDocument, Section } from "./report-document.ts";
import { clean, formatNumber } from "./text-layout.ts";

/** The document as Markdown of GitHub's kind, for the page of a CI job. */
export function writeMarkdown({ title, verdict, sections }: ReportDocument): string {
  const head = [`## Cutover: ${escapeMarkdown(title)}`, `**${escapeMarkdown(verdict.text)}**`];
  return `${[...head, ...sections.flatMap(writeSection)].join("\n\n")}\n`;
}

function writeSection({ title, blocks }: Section): readonly string[] {
  const written = blocks.map(writeBlock).filter((text) => text !== "");
  if (title === undefined) return written;
  const heading = escapeMarkdown(`${title.slice(0, 1).toUpperCase()}${title.slice(1)}`);
  return [`### ${heading}`, ...written];
}

function writeBlock(block: Block): string {
  switch (block.kind) {
    case "text":
      // Two spaces are a line break.
      return block.lines.map(escapeMarkdown).join("  \n");
    case "numbers":
      return writeTable(
        ["", "customers"],
        block.rows.map(({ label, number }) => [label, formatNumber(number)]),
      );
    case "list":
      return writeTable(
        block.head,
        block.rows.map(({ label, lines }) => [label, lines.join("; ")]),
      );
    case "facts":
      return writeTable(["", ""], block.rows);
    case "customers":
      return block.customers.map((customer) => `- ${escapeMarkdown(nameCustomer(customer))}`).join("\n");
    case "command":
      // In one line, which never begins with a backtick: no text in it can end the block.
      return `\`\`\`json\n${clean(block.text)}\n\`\`\``;
  }
}

function writeTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** Text that shows as itself: a backslash takes every mark of Markdown and HTML its meaning. */
export function escapeMarkdown(text: string): string {
  return clean(text).replace(/[!-/:-@[-`{-~]/g, "\\$&");
}
