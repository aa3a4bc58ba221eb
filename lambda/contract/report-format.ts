/** How a report is written for people. */
export const REPORT_FORMATS = ["terminal", "plain", "markdown"] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];
