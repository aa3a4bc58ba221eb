import { clean } from "./text-layout.ts";

/** Markup that is shown as it is. Only the tag `html` and trusted constants make it. */
export interface Html {
  readonly markup: string;
}

type Value = Html | string | number | undefined | readonly Value[];

/** Markup with values. A value that is not markup itself is one clean line of text, whatever it holds. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { markup: parts.map((part, index) => `${part}${toMarkup(values[index])}`).join("") };
}

function toMarkup(value: Value): string {
  if (value === undefined) return "";
  if (typeof value === "string" || typeof value === "number") return escapeHtml(clean(String(value)));
  return "markup" in value ? value.markup : value.map(toMarkup).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => ENTITIES[mark] as string);
}
