import { expect, test } from "../../../support/jest.ts";
import { error, type Scripted, SECRET_TEXT } from "../../../support/scripted-server.ts";
import { useScriptedServer } from "../../../support/use-scripted-server.ts";

const { connect, given, received } = useScriptedServer();

test.each<[about: string, answer: Scripted]>([
  ["a service's error", error(500, "X")],
  ["an errorCode that is none", error(400, SECRET_TEXT)],
  ["a body that is no JSON", { body: SECRET_TEXT }],
  ["half a body", { body: `{"x":"${SECRET_TEXT}` }],
  ["a page", { headers: { "content-type": "text/html" }, body: SECRET_TEXT }],
  ["a dropped connection", "drop"],
  ["silence", "silence"],
  ["a redirect", { status: 302, headers: { location: `/login?${encodeURIComponent(SECRET_TEXT)}` } }],
  ["another shape", { body: { tags: SECRET_TEXT } }],
])("no error of a request or a sign-in shows a body, a cookie or the password: %s", async (_about, answer) => {
  const retries = { requestTimeoutMs: 60 };
  const { readTagIds } = await given(
    ({ path }) => (path === "/auth/credentials" && received().length === 1 ? undefined : answer),
    { retries, lastsMs: 500 },
  );
  const signingIn = connect({ retries, lastsMs: 200 });
  const failures = [await failureOf(readTagIds(["a1"])), await failureOf(signingIn.readTagIds(["a1"]))];

  for (const failure of failures) {
    expect(failure).toBeInstanceOf(Error);
    expect(describeDeeply([failure, signingIn.lines])).not.toMatch(/hunter2|ss-id|cookie-1/i);
  }
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
