import { describe, expect, test } from "../../../support/jest.ts";
import { error, GET, INFO, inTurn, type Scripted } from "../../../support/scripted-server.ts";
import { useScriptedServer } from "../../../support/use-scripted-server.ts";

const { count, given } = useScriptedServer();

describe("a read", () => {
  const found = (customer: object) => ({ reading: "found", customer });
  const unreadable = (reason: object) => ({ reading: "unreadable", reason });
  const noAnswer = (why: unknown) => unreadable({ code: "no-answer", operation: "reading", why });
  const htmlPage = { headers: { "content-type": "text/html" }, body: "<html>x" };
  const misfit = { code: "unreadable-reply", api: "GetCustomer", misfit: "id is another customer's" };

  test.each<[about: string, tries: number, answer: Scripted, reading: object]>([
    ["404", 1, error(404, "NotFound"), { reading: "missing" }],
    ["403", 1, { status: 403 }, { reading: "unreadable" }],
    ["a dropped connection", 3, "drop", noAnswer(expect.stringMatching(/^\w+$/))],
    ["silence", 3, "silence", noAnswer("TimeoutError")],
    ["502 of a proxy", 3, { ...htmlPage, status: 502 }, unreadable({ code: "request-refused", status: 502 })],
    ["half a body", 3, { body: '{"id":"c1","password":"hunter2' }, noAnswer("a body that is no JSON")],
    ["another customer", 3, { body: { ...INFO, id: "c2" } }, unreadable(misfit)],
    ["the customer's id in capitals", 1, { body: { ...INFO, id: "C1" } }, found({ id: "c1" })],
    ["no flag", 3, { body: { id: "c1", name: "Acme" } }, found({ id: "c1", isStaging: undefined })],
  ])("that gets %s (requests: %d)", async (_about, tries, answer, reading) => {
    const requestTimeoutMs = answer === "silence" ? 300 : 10_000;
    const { readCustomer } = await given(inTurn({ [GET]: [answer] }), { retries: { requestTimeoutMs } });

    expect(await readCustomer("c1")).toMatchObject(reading);
    expect(count(GET)).toBe(tries);
  });

  test.each([
    [[], "missing"],
    [[INFO], "unreadable"],
  ])("that gets 500 means a missing customer only when the list agrees: %j", async (items, reading) => {
    const { readCustomer } = await given(inTurn({ [GET]: [error(500, "X")], "/customers": [{ body: { items } }] }));

    expect(await readCustomer("c1")).toMatchObject({ reading });
  });

  test("of a list continues after a short page and stops when the filter is ignored", async () => {
    const pageOf = (...ids: string[]) => ({
      body: { items: ids.map((id) => ({ ...INFO, tags: [], id })), totalCount: 4 },
    });
    const pages = [pageOf("c1", "c2"), pageOf("c3", "c4")];
    const { listCustomers } = await given(({ path, query }) => {
      if (path !== "/customers") return undefined;
      const isIgnored = query.get("specificIds")?.startsWith("x");
      return isIgnored ? pageOf("x1", "y", "z") : (pages[Number(query.get("page"))] ?? pageOf());
    });

    expect((await listCustomers(["c1", "c2", "c3", "c4", "c5"])).map(({ id }) => id)).toEqual(["c1", "c2", "c3", "c4"]);
    expect(count("/customers")).toBe(2);
    expect((await listCustomers(["x1", "x2"])).map(({ id }) => id)).toEqual(["x1"]);
    expect(count("/customers")).toBe(3);
  });
});
