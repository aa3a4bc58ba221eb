import { expect, test } from "@jest/globals";
import type { ApiClient } from "../../../lambda/evovoice/api-client.ts";
import { listDescendants } from "../../../lambda/evovoice/descendants.ts";

interface Server {
  /** Who is below, at each request; a page is a part of it. */
  readonly below: (request: number) => readonly string[];
  /** What the server counts. @default as many as there are */
  readonly total?: number | undefined;
  readonly hasTotal?: boolean;
  readonly mostInAPage?: number;
}

/** Lists the descendants of one customer of this server; gives their ids, and how many requests that took. */
async function listed({ below, total, hasTotal = true, mostInAPage = 100 }: Server) {
  let requests = 0;
  const read: ApiClient["read"] = async ({ searchParams = {} }, decode) => {
    const rows = below(requests);
    requests += 1;
    const [page, asked] = [Number(searchParams.page), Number(searchParams.countPerPage)];
    const size = Math.min(asked, mostInAPage);
    const items = rows.slice(page * size, (page + 1) * size).map((id) => ({ id, parentCustomerId: "p" }));
    const decoded = decode({ items, ...(hasTotal && { totalCount: total ?? rows.length }) });
    if ("mismatch" in decoded) throw new Error(decoded.mismatch);
    return decoded.value;
  };
  const list = await listDescendants({ read } as ApiClient, ["p"]);
  return { ids: list.list === "whole" ? list.customers.map(({ id }) => id) : list.list, requests };
}

const idsOf = (count: number) => Array.from({ length: count }, (_, index) => `c-${index}`);

test.each([
  [0, 1],
  [1, 1],
  [99, 1],
  // A full page may have more behind it, whatever is counted.
  [100, 2],
  [101, 2],
  [250, 3],
])("%i who are below are listed with %i requests", async (count, requests) => {
  expect(await listed({ below: () => idsOf(count) })).toEqual({ ids: idsOf(count), requests });
});

test("a server that sends fewer in a page than it is asked for lists everybody too", async () => {
  expect((await listed({ below: () => idsOf(150), mostInAPage: 40 })).ids).toEqual(idsOf(150));
});

test("a server that counts nothing is read until a page is empty", async () => {
  expect((await listed({ below: () => idsOf(150), hasTotal: false })).ids).toEqual(idsOf(150));
});

test("a count that is too low hides nobody", async () => {
  expect((await listed({ below: () => idsOf(150), total: 100 })).ids).toEqual(idsOf(150));
});

test("a count that is too high is not whole", async () => {
  expect((await listed({ below: () => idsOf(50), total: 51 })).ids).toBe("unknown");
});

test("somebody who goes while the pages are read hides nobody behind: it is read once more", async () => {
  const before = [...idsOf(100), "newborn"];
  const after = before.filter((id) => id !== "c-5");
  const { ids, requests } = await listed({ below: (request) => (request === 0 ? before : after) });

  expect(ids).toEqual(after);
  expect(requests).toBeGreaterThan(2);
});

test("pages that never keep still are not whole", async () => {
  const below = (request: number) => idsOf(150).slice(request);

  expect((await listed({ below })).ids).toBe("unknown");
});
