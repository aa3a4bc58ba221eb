/** What the console of CloudWatch adds to each call of a custom widget, with what was typed into its fields. */
export function aWidgetContext(all: Readonly<Record<string, string>> = {}, theme = "light") {
  return {
    ...{ dashboardName: "cutover-production", widgetId: "widget-3", accountId: "000000000000", locale: "en" },
    ...{ timezone: { label: "UTC", offsetISO: "+00:00", offsetInMinutes: 0 }, period: 300, isAutoPeriod: true },
    timeRange: { mode: "relative", start: 1_627_236_199_729, end: 1_627_322_599_729, relativeStart: 86_400_012 },
    ...{ theme, linkCharts: true, title: "The rollout", forms: { all }, params: {}, width: 588, height: 369 },
  };
}
