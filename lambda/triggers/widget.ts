import { memberOf, valueAt } from "../contract/member-of.ts";

/**
 * A call of the custom widget of a CloudWatch dashboard, made by the console with the viewer's own rights.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_about.html
 */
export interface WidgetCall {
  /** The dashboard asks what the widget is. */
  readonly describe: boolean;
  readonly theme: "light" | "dark";
  /** What stands in the fields of the widget. */
  readonly typed: { readonly requestedBy: string; readonly reason: string };
  /** Of a button: its command, signed with what was typed. Not checked yet. */
  readonly command?: object | undefined;
}

export function readWidgetCall(input: unknown): WidgetCall {
  const { widgetContext, describe, ...members } = input as Readonly<Record<string, unknown>>;
  const read = (field: string) => String(valueAt(widgetContext, ["forms", "all", field]) ?? "").trim();
  const typed = { requestedBy: read("requestedBy"), reason: read("reason") };
  return {
    describe: describe === true,
    theme: memberOf(widgetContext, "theme") === "dark" ? "dark" : "light",
    typed,
    command: Object.hasOwn(members, "command") ? { ...members, ...typed } : undefined,
  };
}
