import { describeMismatch } from "../../../../lambda/evovoice/describe-mismatch.ts";
import { CustomerInfo, CustomerList, SystemSettings } from "../../../../lambda/evovoice/wire.ts";
import { describe, expect, test } from "../../../support/jest.ts";

function misfitOf(schema: typeof CustomerInfo | typeof CustomerList | typeof SystemSettings, body: unknown): string {
  const { error } = schema.safeParse(body);
  return error === undefined ? "" : describeMismatch(error, body);
}

describe("a row that cannot be read", () => {
  test.each<{ row: unknown; says: string }>([
    {
      row: { id: "c1", isStaging: "yes" },
      says: "items[1].isStaging (customer c1) is a text, expected true or false",
    },
    { row: { id: "c1", isStaging: 1 }, says: "items[1].isStaging (customer c1) is a number, expected true or false" },
    { row: { isStaging: true }, says: "items[1].id (no id) is missing, expected an id" },
    { row: { id: null }, says: "items[1].id (no id) is null, expected an id" },
    {
      row: { id: "" },
      says: "items[1].id (no id) is an empty text, expected an id: a text, not empty, not a dot or two",
    },
    { row: { id: ".." }, says: "items[1].id (no id) is a text, expected an id: a text, not empty, not a dot or two" },
    {
      row: { id: "c1", tags: [{ name: "vip" }, { id: "7" }], breadcrumb: {} },
      says: "items[1].breadcrumb (customer c1) is an object, expected a list; items[1].tags[1].name (customer c1) is missing, expected a text",
    },
    {
      row: { id: "c1", name: ["Acme"], referenceId: false },
      says: "items[1].name (customer c1) is a list, expected a text; items[1].referenceId (customer c1) is true or false, expected a text",
    },
    {
      row: { id: "Jane Doe <jane@example.com>", name: 5 },
      says: "items[1].name (no id) is a number, expected a text",
    },
    { row: null, says: "items[1] (no id) is null, expected a customer" },
    { row: "c1", says: "items[1] (no id) is a text, expected a customer" },
  ])("is described by each field, its type and the expected type: $says", ({ row, says }) => {
    expect(misfitOf(CustomerList, { items: [{ id: "c0" }, row] })).toBe(says);
  });

  test.each([
    { body: undefined, says: "the value is missing, expected an object with items" },
    { body: {}, says: "items is missing, expected a list of customers" },
    {
      body: { items: {}, totalCount: "3" },
      says: "items is an object, expected a list of customers; totalCount is a text, expected a whole number",
    },
    { body: { items: [], totalPages: 1.5 }, says: "totalPages is a number, expected a whole number" },
  ])("nor the list: $says", ({ body, says }) => {
    expect(misfitOf(CustomerList, body)).toBe(says);
  });

  test("nor one customer, nor the settings", () => {
    expect(misfitOf(CustomerInfo, { id: "c1", tags: "vip" })).toBe("tags is a text, expected a list");
    expect(misfitOf(SystemSettings, { tags: [{ id: "1" }] })).toBe("tags[0].name is missing, expected a text");
  });

  test("shows no value, and only the first of many fields", () => {
    const secret = "Harbour-hunter2!";
    const row = {
      id: `${secret} `,
      accountId: [secret],
      isStaging: secret,
      tags: Array.from({ length: 20 }, () => secret),
    };
    const says = misfitOf(CustomerList, { items: Array.from({ length: 250 }, () => row) });

    expect(says).not.toContain("hunter2");
    expect(says).toMatch(/^items\[0\]\S* \(no id\) is .*; and \d{4} more$/);
    expect(says.length).toBeLessThan(3_000);
  });
});
