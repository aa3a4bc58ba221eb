import { expect, test } from "@jest/globals";
import type { CustomerQuery } from "../../../../../lambda/core/lookup/customer-query.ts";
import { createPageReader } from "../../../../../lambda/steps/lookup/read-pages.ts";
import type { Connection } from "../../../../../lambda/steps/ports.ts";

const QUERY: CustomerQuery = { kind: "all", accountIds: ["account"] };

function given(readPage: Connection["readPage"] = async ({ page }) => aPage(page)) {
  const asked: number[] = [];
  const connection: Pick<Connection, "readPage"> = {
    readPage: async (request) => {
      asked.push(request.page);
      return readPage(request);
    },
  };
  return { asked, reader: createPageReader(connection as Connection, { pageSize: 100, tagIds: new Map() }) };
}

const aPage = (page: number) => ({ customers: [], total: page, totalPages: undefined });
const aWindow = (page: number, size = 2) => ({ query: QUERY, page, size });

test("pages that were asked for ahead are not asked for again", async () => {
  const { asked, reader } = given();
  await reader.read(aWindow(0));
  reader.readAhead(aWindow(2));

  expect(await reader.read(aWindow(2))).toEqual([aPage(2), aPage(3)]);
  expect(asked).toEqual([0, 1, 2, 3]);
});

test("pages that were asked for ahead are given once: a later pass reads them again", async () => {
  const { asked, reader } = given();
  reader.readAhead(aWindow(0, 1));
  await reader.read(aWindow(0, 1));
  await reader.read(aWindow(0, 1));

  expect(asked).toEqual([0, 0]);
});

test.each([
  ["another page", aWindow(4)],
  ["fewer pages", aWindow(2, 1)],
  ["another query", { ...aWindow(2), query: { ...QUERY } }],
])("%s than what was asked for ahead is asked for", async (_what, window) => {
  const { asked, reader } = given();
  reader.readAhead(aWindow(2));
  await reader.read(window);

  expect(asked).toHaveLength(2 + window.size);
});

test("an error of pages that were asked for ahead is thrown only when they are read", async () => {
  const failing = async () => {
    throw new Error("Evo Voice is away");
  };
  const { reader } = given(failing);
  reader.readAhead(aWindow(0));
  reader.readAhead(aWindow(2));

  await expect(reader.read(aWindow(2))).rejects.toThrow("Evo Voice is away");
});
