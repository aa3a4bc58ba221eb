import { writeAsJson } from "../../contract/advice.ts";
import type { ReportFormat } from "../../contract/report-format.ts";
import { describeReport } from "./describe-report.ts";
import type { Report } from "./report.ts";
import type { Limits } from "./report-document.ts";
import { writeMarkdown } from "./write-markdown.ts";
import { type TextLayout, writeText } from "./write-text.ts";

/**
 * The report for people. `terminal` has colours and a width, `plain` is for a mail, a phone or a pipeline and leaves the
 * breaking of lines to them, `markdown` is for the page of a CI job. What came from outside is data in each of them: it
 * cannot steer a terminal, forge a line, or be markup.
 */
export function renderReport(
  report: Report,
  format: ReportFormat,
  { writeAdvice = writeAsJson, ...layout }: Partial<TextLayout & Pick<Limits, "writeAdvice">> = {},
): string {
  const document = describeReport(report, { ...LIMITS[format], writeAdvice });
  switch (format) {
    case "terminal":
      return writeText(document, { colour: false, columns: PHONE_COLUMNS, ...layout });
    case "plain":
      return writeText(document, { colour: false, columns: Number.POSITIVE_INFINITY });
    case "markdown":
      return writeMarkdown(document);
  }
}

const PHONE_COLUMNS = 60;

/** SNS and CodePipeline bound a text, and a phone has less patience; a job's page has room. */
const LIMITS: Readonly<Record<ReportFormat, Omit<Limits, "writeAdvice">>> = {
  terminal: { problemLines: 1_000, characters: 100_000, namedCustomers: 10, plannedCustomers: 50, namesSkipped: false },
  plain: { problemLines: 12, characters: 600, namedCustomers: 5, plannedCustomers: 12, namesSkipped: false },
  markdown: { problemLines: 100, characters: 2_000, namedCustomers: 100, plannedCustomers: 50, namesSkipped: true },
};
