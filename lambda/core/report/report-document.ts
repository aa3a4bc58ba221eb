import type { AdviceWriter } from "../../contract/advice.ts";
import type { PlannedCustomer } from "../plan/planned-customer.ts";
/** What a report says, before a writer gives it a form. Its texts are as they came: each writer makes them harmless. */
export interface ReportDocument {
  readonly title: string;
  readonly verdict: { readonly style: Style; readonly text: string };
  readonly sections: readonly Section[];
}

export type Style = "green" | "yellow" | "red" | "bold" | "dim";

export interface Section {
  readonly title?: string;
  readonly blocks: readonly Block[];
}

export type Block =
  /** Each line a paragraph. */
  | { readonly kind: "text"; readonly lines: readonly string[]; readonly style?: Style | undefined }
  /** Customers, counted by label. */
  | { readonly kind: "numbers"; readonly rows: readonly NumberRow[] }
  /** Texts behind labels of few characters, further lines below the first. */
  | { readonly kind: "list"; readonly head: readonly [label: string, text: string]; readonly rows: readonly ListRow[] }
  | { readonly kind: "facts"; readonly rows: readonly (readonly [label: string, text: string])[] }
  | { readonly kind: "customers"; readonly customers: readonly PlannedCustomer[] }
  /** What the reader sends, whole, so that it can be copied. */
  | { readonly kind: "command"; readonly text: string };

export interface NumberRow {
  readonly label: string;
  readonly number: number;
  readonly style: Style;
}

export interface ListRow {
  readonly label: string;
  readonly lines: readonly string[];
  /** Of a wave: how many of its customers have an outcome, and how many it has. */
  readonly done?: readonly [done: number, all: number] | undefined;
}

export interface Limits {
  readonly problemLines: number;
  /** Of one text from outside. */
  readonly characters: number;
  /** Of each kind of exception. */
  readonly namedCustomers: number;
  /** Of the customers that a dry run would flip. */
  readonly plannedCustomers: number;
  /** Whether skipped customers are named too. */
  readonly namesSkipped: boolean;
  /** In which form it says what can be sent next; false where buttons or a question say it. */
  readonly writeAdvice: AdviceWriter | false;
}
