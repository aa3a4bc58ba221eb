import { describeMismatch } from "../../../../lambda/evovoice/describe-mismatch.ts";
import { CustomerInfo, CustomerList, SystemSettings } from "../../../../lambda/evovoice/wire.ts";
import { describe, expect, test } from "../../../support/jest.ts";

function misfitOf(schema: typeof CustomerInfo | typeof CustomerList | typeof SystemSettings, body: unknown): string {
  const { error } = schema.safeParse(body);
  return error === undefined ? "" : describeMismatch(error, body);
}

describe("what cannot be read is described by its field, its type and the expected type:", () => {
  const aText = "expected an id: a text, not empty, not a dot or two";

  test.each<[row: unknown, says: string]>([
    [{ id: "c1", isStaging: "yes" }, ".isStaging (customer c1) is a text, expected true or false"],
    [{ id: "c1", isStaging: 1 }, ".isStaging (customer c1) is a number, expected true or false"],
    [{ isStaging: true }, ".id (no id) is missing, expected an id"],
    [{ id: null }, ".id (no id) is null, expected an id"],
    [{ id: "" }, `.id (no id) is an empty text, ${aText}`],
    [{ id: ".." }, `.id (no id) is a text, ${aText}`],
    [
      { id: "c1", tags: [{ name: "vip" }, { id: "7" }], breadcrumb: {} },
      ".breadcrumb (customer c1) is an object, expected a list; items[1].tags[1].name (customer c1) is missing, expected a text",
    ],
    [
      { id: "c1", name: ["Acme"], referenceId: false },
      ".name (customer c1) is a list, expected a text; items[1].referenceId (customer c1) is true or false, expected a text",
    ],
    [{ id: "Jane Doe <jane@example.com>", name: 5 }, ".name (no id) is a number, expected a text"],
    [null, " (no id) is null, expected a customer"],
    ["c1", " (no id) is a text, expected a customer"],
  ])("the row %j", (row, says) => {
    expect(misfitOf(CustomerList, { items: [{ id: "c0" }, row] })).toBe(`items[1]${says}`);
  });

  const aList = "expected a list of customers";

  test.each<[list: unknown, says: string]>([
    [undefined, "the value is missing, expected an object with items"],
    [{}, `items is missing, ${aList}`],
    [{ items: {}, totalCount: "3" }, `items is an object, ${aList}; totalCount is a text, expected a whole number`],
    [{ items: [], totalPages: 1.5 }, "totalPages is a number, expected a whole number"],
  ])("the list %j", (list, says) => {
    expect(misfitOf(CustomerList, list)).toBe(says);
  });

  test("a customer, the settings", () => {
    expect(misfitOf(CustomerInfo, { id: "c1", tags: "vip" })).toBe("tags is a text, expected a list");
    expect(misfitOf(SystemSettings, { tags: [{ id: "1" }] })).toBe("tags[0].name is missing, expected a text");
  });

  test("no value is shown, and only the first of many fields", () => {
    const secret = "Harbour-hunter2!";
    const row = { id: `${secret} `, accountId: [secret], isStaging: secret, tags: Array(20).fill(secret) };
    const says = misfitOf(CustomerList, { items: Array(250).fill(row) });

    expect(says).not.toContain("hunter2");
    expect(says).toMatch(/^items\[0\]\S* \(no id\) is .*; and \d{4} more$/);
    expect(says.length).toBeLessThan(3_000);
  });
});
