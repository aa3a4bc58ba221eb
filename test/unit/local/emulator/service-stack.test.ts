import { type Emulator, startEmulator } from "../../../../local/emulator/emulator.ts";
import { afterAll, beforeAll, expect, test } from "../../../support/jest.ts";
import { browse, getFirst, type ShownCustomer, toBasic } from "./browse.ts";

let emulator: Emulator;
let id: string;

beforeAll(async () => {
  emulator = await startEmulator({ customers: 300 });
  id = getFirst(emulator);
});

afterAll(() => emulator.close());

const json = { "content-type": "application/json" };

test("a customer can be read by the path in another case", async () => {
  expect(await browse<ShownCustomer>(emulator, `/Customers/${id}`)).toMatchObject({ status: 200, body: { id } });
});

test.each([
  ["JSON", json, '{"isStaging":true}'],
  ["JSON with another case and unknown members", json, '{"ISSTAGING":true,"customerId":"another","isstagging":false}'],
  ["a form", { "content-type": "application/x-www-form-urlencoded" }, "isStaging=true&x=1"],
] as const)("a flip takes %s", async (_, headers, body) => {
  emulator.setStaging(id, false);
  const shown = await browse<ShownCustomer>(emulator, `/customers/${id}/staging`, { method: "POST", headers, body });
  expect(shown).toMatchObject({ status: 200, body: { id, isStaging: true } });
  expect(emulator.customer(id)?.isStaging).toBe(true);
});

test("a flip takes its members from the query, which overrides the body", async () => {
  emulator.setStaging(id, false);
  const path = `/customers/${id}/staging?isStaging=true`;
  expect((await browse(emulator, path, { method: "POST" })).body).toMatchObject({ isStaging: true });
  const both = await browse(emulator, path, { method: "POST", headers: json, body: '{"isStaging":false}' });
  expect(both.body).toMatchObject({ isStaging: true });
});

test.each([
  ["no body", ""],
  ["a misspelt member", '{"isStagging":true}'],
  ["null", '{"isStaging":null}'],
])("an absent isStaging means production: %s", async (_, body) => {
  emulator.setStaging(id, true);
  const shown = await browse(emulator, `/customers/${id}/staging`, { method: "POST", headers: json, body });
  expect(shown).toMatchObject({ status: 200, body: { isStaging: false } });
  expect(emulator.customer(id)?.isStaging).toBe(false);
});

test.each([
  ["application/json", "application/json"],
  ["application/json, text/plain, */*", "application/json"],
  ["*/*", "application/json"],
  ["text/html,application/xhtml+xml,*/*;q=0.8", "text/html"],
])("the reply has the form of Accept: %s", async (accept, expected) => {
  const { headers, status } = await browse(emulator, `/customers/${id}`, { headers: { accept } });
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe(`${expected}; charset=utf-8`);
});

test("a browser without a session is redirected to the login page, unless it accepts JSON", async () => {
  const browser = { accept: "text/html", authorization: "" };
  const redirected = await browse(emulator, "/customers", { headers: browser });
  expect(redirected.status).toBe(302);
  expect(redirected.headers.get("location")).toBe("/login?redirect=%2Fcustomers");
  const page = await browse(emulator, "/login?redirect=%2Fcustomers", { headers: browser });
  expect(page).toMatchObject({ status: 200, text: expect.stringContaining("<form") });
  expect((await browse(emulator, "/customers?format=json", { headers: browser })).status).toBe(401);
});

test("an unknown path is 404, a known path with another method is 405", async () => {
  expect((await browse(emulator, "/customer")).status).toBe(404);
  expect((await browse(emulator, `/customers/${id}`, { method: "DELETE" })).status).toBe(405);
  expect((await browse(emulator, "/auth/credentials?userName=a&password=b")).status).toBe(405);
});

test.each([
  ["", 404],
  ["missing-as=500", 500],
])("a customer that does not exist gets the chosen status (%s)", async (faults, status) => {
  emulator.setFaults(faults);
  for (const missing of ["ffffffffffffffffffffffff", "not%20an%20id%2F", `${id}0`]) {
    const shown = await browse(emulator, `/customers/${missing}`);
    expect(shown).toMatchObject({ status, body: { responseStatus: { message: expect.any(String) } } });
  }
  emulator.setFaults("");
});

test("a customer has every documented member, and none is null", async () => {
  const { text, body } = await browse<ShownCustomer>(emulator, `/customers/${id}`);
  expect(Object.keys(body).sort()).toEqual([
    ...["accountId", "accountName", "appSettings", "billingSettings", "breadcrumb", "createdBy", "data"],
    ...["dateCreated", "dateLastModified", "id", "integrationData", "isStaging", "lastModifiedBy", "name"],
    ...["overrideAppSettings", "overrideBillingSettings", "referenceId", "schedule", "tags"],
  ]);
  expect(text).not.toContain("null");
  expect(text.length).toBeGreaterThan(2000);
  expect(text.length).toBeLessThan(4096);
});

test("settings have the tags of the account", async () => {
  const { body } = await browse(emulator, "/system/settings");
  expect(body).toMatchObject({ accountId: emulator.accountId, tags: expect.arrayContaining([expect.anything()]) });
});

test("wrong HTTP Basic credentials are refused without a body", async () => {
  const authorization = toBasic({ userName: emulator.userName, password: "wrong" });
  expect(await browse(emulator, "/customers", { headers: { authorization } })).toMatchObject({ status: 401, text: "" });
});
