import type { User } from "./accounts.ts";
import type { CustomerParts } from "./customer-parts.ts";
import {
  type CustomerTable,
  getAccount,
  getAncestors,
  getCreatedAt,
  getFlag,
  getName,
  getReferenceId,
  type Row,
  toId,
} from "./customer-table.ts";
import { mix } from "./random.ts";

export interface CustomerInfoOptions {
  readonly dates: "iso" | "ms";
  readonly breadcrumb: "root-first" | "leaf-first" | "hidden";
  readonly flagAtMs: number;
}

export interface CustomerInfoSource {
  readonly table: CustomerTable;
  readonly users: readonly User[];
  readonly parts: CustomerParts;
}

/** Wrong values that a reply shows. */
export interface ReplyOverrides {
  readonly id?: string;
  readonly isStaging?: boolean | "absent";
}

/** The JSON of one `CustomerInfo`, joined from prepared texts, so that a flip costs the emulator little time. */
export function toCustomerJson(
  source: CustomerInfoSource,
  row: Row,
  options: CustomerInfoOptions,
  overrides: ReplyOverrides = {},
): string {
  const { table, parts } = source;
  const hash = mix(table.seed ^ 0x496e666f, row.index);
  const account = getAccount(table, row);
  const id = toId(table, row);
  const tags = parts.tags[row.account][row.tagBits];
  const overridesBilling = hash % 8 === 0;
  const overridesApp = hash % 10 === 0;
  return `{"id":"${overrides.id ?? id}",${toHistory(source, row, options.dates)},"accountId":"${account.id}","accountName":${JSON.stringify(account.name)}${toFamily(table, row, options.breadcrumb)}${toFlag(row, options, overrides)},"name":${JSON.stringify(getName(table, row))},"referenceId":${JSON.stringify(getReferenceId(row))},"data":${toCustomData(hash)},"tags":${tags},"schedule":${parts.schedule},"integrationData":{"billing":{"thirdPartyId":"cus_${id.slice(8)}"},"crm":{"thirdPartyId":"${hash}"}},"overrideBillingSettings":${overridesBilling},"billingSettings":${parts.billing[overridesBilling ? hash % 4 : 0]},"overrideAppSettings":${overridesApp},"appSettings":${parts.appSettings[overridesApp ? hash % 3 : 0]}}`;
}

/** ISO 8601 with seven decimals as .NET writes it, or ServiceStack's `/Date(ms+0000)/`. */
export function toDateText(epochSeconds: number, format: "iso" | "ms"): string {
  const epochMs = Math.round(epochSeconds * 1000);
  return format === "ms" ? `/Date(${epochMs}+0000)/` : `${new Date(epochMs).toISOString().slice(0, -1)}0000Z`;
}

const people = ["Import", "Ingrid Onboarding", "Samir Support", "Portal"] as const;

function toHistory({ table, users }: CustomerInfoSource, row: Row, dates: "iso" | "ms"): string {
  const createdAt = getCreatedAt(table, row);
  const hash = mix(table.seed ^ 0x48697374, row.index);
  const modifiedAt = row.modifiedAt || createdAt + (hash % 5_000_000);
  const modifiedBy = row.modifiedAt ? (users[row.modifiedBy]?.displayName ?? "Unknown User") : people[hash % 4];
  return `"dateCreated":"${toDateText(createdAt, dates)}","dateLastModified":"${toDateText(modifiedAt, dates)}","createdBy":"${people[hash % 3]}","lastModifiedBy":"${modifiedBy}"`;
}

function toFamily(table: CustomerTable, row: Row, breadcrumb: CustomerInfoOptions["breadcrumb"]): string {
  const { parent } = row;
  if (parent === undefined) return breadcrumb === "hidden" ? "" : ',"breadcrumb":[]';
  const parentMember = `,"parentCustomerId":"${toId(table, parent)}"`;
  if (breadcrumb === "hidden") return parentMember;
  const ancestors = getAncestors(row);
  const crumbs = (breadcrumb === "leaf-first" ? ancestors.toReversed() : ancestors).map(
    (ancestor) => `{"id":"${toId(table, ancestor)}","name":${JSON.stringify(getName(table, ancestor))}}`,
  );
  return `${parentMember},"breadcrumb":[${crumbs.join(",")}]`;
}

function toFlag(row: Row, { flagAtMs }: CustomerInfoOptions, { isStaging }: ReplyOverrides): string {
  return isStaging === "absent" ? "" : `,"isStaging":${isStaging ?? getFlag(row, flagAtMs)}`;
}

function toCustomData(hash: number): string {
  return `{"contractNumber":{"stringValue":"C-${hash % 1_000_000}"},"seats":{"numberValue":${(hash % 90) + 1}},"hasPaperBills":{"boolValue":${hash % 7 === 0}},"greetings":{"listValue":[{"stringValue":"Hello"},{"stringValue":"Grüezi"}]}}`;
}
