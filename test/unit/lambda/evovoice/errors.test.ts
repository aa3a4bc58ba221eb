import { describe, expect, test } from "../../../support/jest.ts";
import { error, type Scripted, SECRET_TEXT } from "../../../support/scripted-server.ts";
import { useScriptedServer } from "../../../support/use-scripted-server.ts";

const { connect, given, received } = useScriptedServer();

describe("no error holds a body, a cookie, a header or the password", () => {
  test.each<{ about: string; answer: Scripted }>([
    { about: "a service's error", answer: error(500, "X") },
    { about: "an errorCode that is none", answer: error(400, SECRET_TEXT) },
    { about: "a body that is no JSON", answer: { body: SECRET_TEXT } },
    { about: "half a body", answer: { body: `{"x":"${SECRET_TEXT}` } },
    { about: "a page", answer: { headers: { "content-type": "text/html" }, body: SECRET_TEXT } },
    { about: "a dropped connection", answer: "drop" },
    { about: "silence", answer: "silence" },
    {
      about: "a redirect",
      answer: { status: 302, headers: { location: `/login?${encodeURIComponent(SECRET_TEXT)}` } },
    },
    { about: "another shape", answer: { body: { tags: SECRET_TEXT } } },
  ])("after $about, of a request or of the sign-in", async ({ answer }) => {
    const { readTagIds } = await given(
      ({ path }) => (path === "/auth/credentials" && received().length === 1 ? undefined : answer),
      { retries: { requestTimeoutMs: 60 }, lastsMs: 1_000 },
    );
    const failures = [await failureOf(readTagIds(["a1"]))];
    const signingIn = connect({ retries: { requestTimeoutMs: 60 }, lastsMs: 200 });
    failures.push(await failureOf(signingIn.readTagIds(["a1"])));

    for (const failure of failures) {
      expect(failure).toBeInstanceOf(Error);
      expect(describeDeeply([failure, signingIn.lines])).not.toMatch(/hunter2|ss-id|cookie-1/i);
    }
  });
});

function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (failure: unknown) => failure,
  );
}

/** As a logger would show it: every own property, causes and their causes. */
function describeDeeply(value: unknown): string {
  if (!(value instanceof Object)) return String(value);
  const names = Object.getOwnPropertyNames(value).filter((name) => name !== "stack");
  return names.map((name) => `${name}=${describeDeeply(Reflect.get(value, name))}`).join(" ");
}
