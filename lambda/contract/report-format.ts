export const REPORT_FORMATS = ["terminal", "plain", "markdown"] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];
