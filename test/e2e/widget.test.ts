import type { Right } from "../../lambda/contract/rights.ts";
import { type FrontDoor, openFrontDoor } from "../support/front-door.ts";
import { afterEach, beforeEach, expect, test } from "../support/jest.ts";
import { aWidgetContext } from "../support/widget-call.ts";

const PROMOTE = {
  ...{ action: "promote", release: "2026.11", targets: { all: true }, id: "night" },
  strategy: { waves: [{ customers: 3, bakeMinutes: 1 }, { rest: true }] },
};
const ANN = { requestedBy: "ann", reason: "<b>calls drop</b>" };

let door: FrontDoor;
beforeEach(async () => {
  door = await openFrontDoor({ customers: 40, stagingShare: 0.5 });
});
afterEach(() => door.close());

async function ask(members: object, alias: Right = "read", typed: Readonly<Record<string, string>> = {}) {
  return (await door.send({ ...members, widgetContext: aWidgetContext(typed) }, alias)) as unknown as string;
}

/** Does it in the middle of the rollout's second wave. */
async function whileFlipping(act: () => Promise<void>): Promise<void> {
  let flips = 0;
  const acted = new Promise<void>((resolve, reject) => {
    door.world.emulator.onRequest(async ({ operation, phase }) => {
      if (operation !== "SetCustomerStagingMode" || phase !== "arrived") return;
      flips += 1;
      if (flips === 4) await act().then(resolve, reject);
    });
  });
  await door.send(PROMOTE);
  await acted;
  await door.world.executions.settled();
}

/** What each button says, sends, and to which alias. */
function buttonsOf(html: string) {
  return [...html.matchAll(/>([^<>]*)<\/button><cwdb-action [^>]*endpoint="[^"]*:(\w+)" [^>]*>([^<]*)</g)].map(
    ([, label, right, send = ""]) => [label, right, JSON.parse(send.replaceAll("&quot;", '"'))],
  );
}

const STOP = ["Stop everything", "steer", { command: "stop-everything" }];

test("says what it is, and before the first rollout offers only to stop everything", async () => {
  expect(await door.send({ describe: true }, "read")).toMatch(/you need `lambda:InvokeFunction` on the alias `read`/);
  const html = await ask({});
  expect(html).toContain("no rollout yet");
  expect(buttonsOf(html)).toEqual([STOP]);
});

test("shows the controls below the rollout, and above it while a freeze applies", async () => {
  await door.send(PROMOTE);
  await door.world.executions.settled();
  const toHeadings = (html: string) => [...html.matchAll(/<h2>(\w+)<\/h2>/g)].map(([, title]) => title);
  expect(toHeadings(await ask({})).at(-1)).toBe("Controls");

  const until = new Date(Date.now() + 3_600_000).toISOString();
  await door.send({ command: "freeze", name: "fair-week", until, ...ANN });
  await door.send({ command: "hold-release", release: "2026.11", ...ANN });
  const html = await ask({});
  expect(toHeadings(html)[0]).toBe("Controls");
  expect(html).toContain("fair-week");
  expect(html).toContain("release 2026.11 is held");
});

test("shows the rollout that runs and only the buttons that have an effect, without script", async () => {
  let html = "";
  await whileFlipping(async () => {
    html = await ask({}, "read", ANN);
  });
  expect(html).toContain('aria-label="3 of 3 done"');
  expect(html).toContain("<h1><bdi>promote 2026.11</bdi></h1>");
  expect(html).toContain('value="&lt;b&gt;calls drop&lt;/b&gt;"');
  expect(html).not.toMatch(/<script|<iframe|<use|\son\w+=|javascript:/i);
  expect(buttonsOf(html)).toEqual([
    ["Pause", "steer", { command: "pause", rolloutId: "night" }],
    ["Abort", "steer", { command: "abort", rolloutId: "night" }],
    STOP,
  ]);
  expect(html).toContain('confirmation="Abort: promote 2026.11 ends; every customer that it flipped is restored."');
  const ended = await ask({});
  expect(ended).toContain('<p class="pill green">succeeded</p>');
  expect(buttonsOf(ended)).toEqual([STOP]);
});

test("a button aborts the rollout with what was typed, and its answer says so", async () => {
  await whileFlipping(async () => {
    const [, abort] = buttonsOf(await ask({}));
    expect(await ask(abort?.at(2) as object, "steer", ANN)).toContain("<p>abort is noted: the rollout takes it in");
  });
  const report = await door.send({ command: "status", rolloutId: "night" });
  expect(report).toMatchObject({ status: "rolled-back", rollback: { failed: 0 } });
  expect(JSON.stringify(report)).toContain("aborted by ann: <b>calls drop</b>");
});

test("the stop of everything is done at once, shown, and ended by another button", async () => {
  const [[, , stop] = []] = buttonsOf(await ask({}));
  expect(await ask(stop as object, "steer", ANN)).toContain("<p>stop-everything is done. Refresh");
  const html = await ask({});
  expect(html).toMatch(/<p class="red"[^>]*>[^<]*ann[^<]*&lt;b&gt;calls drop/);
  expect(buttonsOf(html)).toEqual([["End the stop", "steer", { command: "resume-everything" }]]);
});

test.each<{ what: string; members: object; alias: Right; typed?: Readonly<Record<string, string>>; problem: string }>([
  {
    ...{ what: "a button without a reason", members: { command: "stop-everything" }, alias: "steer" },
    ...{ typed: { requestedBy: "ann" }, problem: "reason: got &quot;&quot;; expected a text that is not empty" },
  },
  {
    ...{ what: "a button for an unknown rollout", members: { command: "pause", rolloutId: "gone" }, alias: "steer" },
    problem: "no rollout gone is known",
  },
  {
    ...{ what: "a button by an alias without its right", members: { command: "stop-everything" }, alias: "read" },
    problem: "needs the right steer",
  },
  { what: "a look by an alias that may not look", members: {}, alias: "steer", problem: "needs the right read" },
])("refuses kindly, as HTML: $what", async ({ members, alias, typed = ANN, problem }) => {
  expect(await ask(members, alias, typed)).toMatch(new RegExp(`^<style>.*<p>[^<]*${problem}`, "s"));
  expect(await door.send({ command: "controls" })).toMatchObject({ status: "open" });
});
