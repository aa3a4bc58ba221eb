import type { EmulatedCustomer } from "../../../../local/emulator/emulated-customer.ts";
import { type Emulator, startEmulator } from "../../../../local/emulator/emulator.ts";
import { afterAll, beforeAll, expect, test } from "../../../support/jest.ts";
import { browse, list, type ShownPage } from "./browse.ts";

let emulator: Emulator;
let all: readonly EmulatedCustomer[];

beforeAll(async () => {
  emulator = await startEmulator({ customers: 600, seed: 7 });
  all = [...emulator.customers()];
});

afterAll(() => emulator.close());

const ids = (page: { readonly items: readonly { readonly id: string }[] }): readonly string[] =>
  page.items.map(({ id }) => id);
const idsOf = (customers: readonly EmulatedCustomer[]): readonly string[] => customers.map(({ id }) => id);

async function getTagId(name: string, accountId: string): Promise<string> {
  const { body } = await browse<{ tags: { id: string; name: string }[] }>(
    emulator,
    `/system/settings?accountId=${accountId}`,
  );
  return body.tags.find((tag) => tag.name === name)?.id ?? "";
}

test("a page has 25 customers by default, and pages count from 0", async () => {
  const first = await list(emulator, "");
  expect(first.items).toHaveLength(25);
  expect(first).toMatchObject({ totalCount: 630, totalPages: 26 });
  expect(first).not.toHaveProperty("hasMorePages");
  expect(ids(await list(emulator, "page=0"))).toEqual(ids(first));
  expect(ids(await list(emulator, "page=1&countPerPage=20"))).toEqual(idsOf(all.slice(20, 40)));
  expect((await list(emulator, "page=25")).items).toHaveLength(5);
  expect((await list(emulator, "page=26")).items).toEqual([]);
});

test("simplified paging has hasMorePages and no counts", async () => {
  const page = await list(emulator, "simplifiedPaging=true&countPerPage=100&page=6");
  expect(Object.keys(page).sort()).toEqual(["hasMorePages", "items"]);
  expect(page.hasMorePages).toBe(false);
  expect((await list(emulator, "simplifiedPaging=true&countPerPage=100&page=5")).hasMorePages).toBe(true);
});

test("a page has at most 250 customers, but all=true gives all customers", async () => {
  expect((await list(emulator, "countPerPage=5000")).items).toHaveLength(250);
  expect(ids(await list(emulator, "all=true"))).toEqual(idsOf(all));
});

test("a system administrator sees every account unless accountIds limits them", async () => {
  expect((await list(emulator, `accountIds=${emulator.accountId}`)).totalCount).toBe(600);
  expect((await list(emulator, `accountIds=${emulator.otherAccountId}`)).totalCount).toBe(30);
  expect((await list(emulator, `accountIds=${emulator.accountId},${emulator.otherAccountId}`)).totalCount).toBe(630);
  expect((await list(emulator, "accountIds=0123456789abcdef01234567")).totalCount).toBe(0);
});

test("specific ids are a list, quoted or not, and unknown ids are left out", async () => {
  const [first, second, third] = idsOf(all);
  const query = encodeURIComponent(`"${second}",${first},ffffffffffffffffffffffff,"not ""an"" id, at all",,${third}`);
  expect(ids(await list(emulator, `specificIds=${query}`))).toEqual([first, second, third]);
});

test("tag ids belong to one account, and a customer must have all tags", async () => {
  const beta = await getTagId("beta", emulator.accountId);
  const residential = await getTagId("residential", emulator.accountId);
  expect(await getTagId("beta", emulator.otherAccountId)).not.toBe(beta);
  const has = (...names: string[]): readonly string[] =>
    idsOf(
      all.filter((one) => one.accountId === emulator.accountId && names.every((name) => one.tagNames.includes(name))),
    );
  expect(has("beta").length).toBeGreaterThan(10);
  expect(ids(await list(emulator, `tagIds=${beta}&countPerPage=250`))).toEqual(has("beta"));
  expect(ids(await list(emulator, `tagIds=${beta},${residential}&countPerPage=250`))).toEqual(
    has("beta", "residential"),
  );
  expect((await list(emulator, `tagIds=${beta},unknown`)).totalCount).toBe(0);
});

test("a parent has all of its descendants, or only its children with shallowParent", async () => {
  const grandchild = all.find(({ parentCustomerId }) => getParent(parentCustomerId)?.parentCustomerId !== undefined);
  const root = getParent(getParent(grandchild?.parentCustomerId)?.parentCustomerId);
  const isBelow = (customer: EmulatedCustomer): boolean =>
    customer.parentCustomerId === root?.id ||
    (customer.parentCustomerId !== undefined && isBelow(getParent(customer.parentCustomerId) as EmulatedCustomer));
  const deep = ids(await list(emulator, `parentCustomerIds=${root?.id}&countPerPage=250`));
  expect(deep).toEqual(idsOf(all.filter(isBelow)));
  expect(deep).toContain(grandchild?.id);
  const shallow = ids(await list(emulator, `parentCustomerIds=${root?.id}&shallowParent=true&countPerPage=250`));
  expect(shallow).toEqual(idsOf(all.filter(({ parentCustomerId }) => parentCustomerId === root?.id)));
});

function getParent(id: string | undefined): EmulatedCustomer | undefined {
  return id === undefined ? undefined : all.find((customer) => customer.id === id);
}

test("a breadcrumb has the ancestors, the root first", async () => {
  const { items } = await list(emulator, "all=true");
  const deepest = items.find(({ breadcrumb }) => breadcrumb?.length === 2);
  const parent = getParent(deepest?.parentCustomerId);
  expect(deepest?.breadcrumb?.map(({ id }) => id)).toEqual([parent?.parentCustomerId, parent?.id]);
});

test.each(["page=x", "countPerPage=many", "page=-1", "all=perhaps"])("%s is a bad request", async (query) => {
  const { status, body } = await browse(emulator, `/customers?${query}`);
  expect(status).toBe(400);
  expect(body).toMatchObject({ responseStatus: { errors: [{ fieldName: query.split("=")[0] }] } });
});

test("added, removed and renamed customers are seen at once", async () => {
  const own = await startEmulator({ customers: 50 });
  const parent = [...own.customers()][0];
  const added = own.addCustomer({
    name: 'Zeppelin, "Led" & Co',
    tagNames: ["canary"],
    parentCustomerId: parent?.id ?? "",
    isStaging: true,
  });
  expect(added).toMatchObject({ tagNames: ["canary"], isStaging: true, referenceId: "REF-000051", writes: 0 });
  expect(ids(await list(own, "nameFilter=zeppelin"))).toEqual([added.id]);
  expect(ids(await list(own, `parentCustomerIds=${parent?.id}`))).toContain(added.id);
  await browse<ShownPage>(own, `/customers/${added.id}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: '{"name":"Airship","isStaging":false}',
  });
  expect((await list(own, "nameFilter=zeppelin")).totalCount).toBe(0);
  expect(own.customer(added.id)).toMatchObject({ name: "Airship", isStaging: true, writes: 0 });
  own.removeCustomer(added.id);
  expect((await list(own, "nameFilter=airship")).totalCount).toBe(0);
  expect(own.customer(added.id)).toBeUndefined();
  await own.close();
});
