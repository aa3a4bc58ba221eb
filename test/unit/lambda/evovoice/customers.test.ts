import { describe, expect, test } from "../../../support/jest.ts";
import { error, GET, INFO, inTurn, type Scripted } from "../../../support/scripted-server.ts";
import { useScriptedServer } from "../../../support/use-scripted-server.ts";

const { count, given } = useScriptedServer();

describe("a read", () => {
  test.each<{ about: string; answer: Scripted; tries: number; reading: object }>([
    { about: "404", answer: error(404, "NotFound"), tries: 1, reading: { reading: "missing" } },
    { about: "403", answer: { status: 403 }, tries: 1, reading: { reading: "unreadable" } },
    {
      about: "a dropped connection",
      answer: "drop",
      tries: 3,
      reading: {
        reading: "unreadable",
        reason: { code: "no-answer", operation: "reading", why: expect.stringMatching(/^\w+$/) },
      },
    },
    {
      about: "silence",
      answer: "silence",
      tries: 3,
      reading: { reading: "unreadable", reason: { code: "no-answer", why: "TimeoutError" } },
    },
    {
      about: "502 of a proxy",
      answer: { status: 502, headers: { "content-type": "text/html" }, body: "<html>x" },
      tries: 3,
      reading: { reading: "unreadable", reason: { code: "request-refused", status: 502 } },
    },
    {
      about: "half a body",
      answer: { body: '{"id":"c1","password":"hunter2' },
      tries: 3,
      reading: { reading: "unreadable", reason: { code: "no-answer", why: "a body that is no JSON" } },
    },
    {
      about: "another customer",
      answer: { body: { ...INFO, id: "c2" } },
      tries: 3,
      reading: {
        reading: "unreadable",
        reason: { code: "unreadable-reply", api: "GetCustomer", misfit: "id is another customer's" },
      },
    },
    {
      about: "the customer's id in capitals",
      answer: { body: { ...INFO, id: "C1" } },
      tries: 1,
      reading: { reading: "found", customer: { id: "c1" } },
    },
    {
      about: "no flag",
      answer: { body: { id: "c1", name: "Acme" } },
      tries: 3,
      reading: { reading: "found", customer: { id: "c1", isStaging: undefined } },
    },
  ])("that gets $about is sent $tries times", async ({ answer, tries, reading }) => {
    const { readCustomer } = await given(inTurn({ [GET]: [answer] }), { retries: { requestTimeoutMs: 300 } });

    expect(await readCustomer("c1")).toMatchObject(reading);
    expect(count(GET)).toBe(tries);
  });

  test.each([
    { items: [], reading: "missing" },
    { items: [INFO], reading: "unreadable" },
  ])("that gets 500 means a missing customer only when the list agrees ($reading)", async ({ items, reading }) => {
    const { readCustomer } = await given(inTurn({ [GET]: [error(500, "X")], "/customers": [{ body: { items } }] }));

    expect(await readCustomer("c1")).toMatchObject({ reading });
  });

  test("of a list continues after a short page and stops when the filter is ignored", async () => {
    const page = (ids: readonly string[]) => ({ items: ids.map((id) => ({ ...INFO, tags: [], id })), totalCount: 4 });
    const { listCustomers } = await given(({ path, query }) => {
      if (path !== "/customers") return undefined;
      const isIgnored = query.get("specificIds")?.startsWith("x");
      return {
        body: isIgnored
          ? page(["x1", "y", "z"])
          : page(
              [
                ["c1", "c2"],
                ["c3", "c4"],
              ][Number(query.get("page"))] ?? [],
            ),
      };
    });

    expect((await listCustomers(["c1", "c2", "c3", "c4", "c5"])).map(({ id }) => id)).toEqual(["c1", "c2", "c3", "c4"]);
    expect(count("/customers")).toBe(2);
    expect((await listCustomers(["x1", "x2"])).map(({ id }) => id)).toEqual(["x1"]);
    expect(count("/customers")).toBe(3);
  });
});
