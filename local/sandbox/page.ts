import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { html } from "../../lambda/core/report/html.ts";
import { writePage } from "../../lambda/core/report/report-page.ts";
import { FRONT_DOOR_ARN } from "./functions.ts";

const HTML = { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" };

/** Shows the widget of the dashboard and the last rollouts at `/`, and the report of a rollout at `/rollouts/ID`. */
export async function showPage(
  folder: string,
  { url = "", socket }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, rolloutId] = /^\/rollouts\/(\w[\w.:-]*)$/.exec(url) ?? [];
  if (url !== "/" && rolloutId === undefined) return void response.writeHead(404).end();
  const page = rolloutId === undefined ? CONSOLE : await makeReport(rolloutId, folder, socket.localPort);
  response.writeHead(200, HTML).end(page);
}

const CUTOVER = fileURLToPath(new URL("../../ci/cutover.mjs", import.meta.url));

/** The page as the command line writes it. */
async function makeReport(rolloutId: string, folder: string, port: number | undefined): Promise<string> {
  const file = join(folder, `${rolloutId}.html`);
  const args = ["report", rolloutId, "--html", file, "--sandbox", "--port", String(port)];
  return promisify(execFile)(process.execPath, [CUTOVER, ...args]).then(
    () => readFile(file, "utf8"),
    ({ stderr }) =>
      writePage({ title: rolloutId, body: html`<main class="cutover"><p>${String(stderr)}</p></main>`, script: "" }),
  );
}

/** Does what the console of CloudWatch does with a custom widget: calls its function, draws its HTML, and obeys its `cwdb-action`s. */
const SCRIPT = `
const widget = document.querySelector("#widget");
const rollouts = document.querySelector("#rollouts");
const dialog = document.querySelector("dialog");

async function invoke(functionArn, members) {
  const path = "/2015-03-31/functions/" + encodeURIComponent(functionArn) + "/invocations";
  const response = await fetch(path, { method: "POST", body: JSON.stringify(members) });
  return response.json();
}

function widgetContext() {
  const form = widget.querySelector("form");
  const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  return { dashboardName: "sandbox", theme, params: {}, forms: { all: form ? Object.fromEntries(new FormData(form)) : {} } };
}

let drawn = "";
async function draw() {
  if (document.activeElement.localName === "input" || dialog.open) return;
  const shown = await invoke("${FRONT_DOOR_ARN}:read", { widgetContext: widgetContext() });
  if (shown === drawn || document.activeElement.localName === "input") return;
  drawn = shown;
  const focused = document.activeElement.textContent;
  const typed = widgetContext().forms.all;
  widget.innerHTML = shown;
  for (const input of widget.querySelectorAll("input")) input.value = typed[input.name] ?? "";
  [...widget.querySelectorAll("button")].find((button) => button.textContent === focused)?.focus();
}

async function list() {
  const listed = await invoke("${FRONT_DOOR_ARN}:read", { command: "list" });
  const items = listed.rollouts.map(({ rolloutId, action, release, status }) => {
    const link = Object.assign(document.createElement("a"), { href: "/rollouts/" + rolloutId, textContent: action + " " + (release ?? rolloutId) });
    const item = document.createElement("li");
    item.append(link, " " + status.replaceAll("-", " "));
    return item;
  });
  if (!rollouts.contains(document.activeElement)) rollouts.replaceChildren(...items);
}

widget.addEventListener("submit", (event) => event.preventDefault());
widget.addEventListener("click", async ({ target }) => {
  const action = target.nextElementSibling;
  if (action?.localName !== "cwdb-action" || !confirm(action.getAttribute("confirmation"))) return;
  const members = { ...JSON.parse(action.textContent), widgetContext: widgetContext() };
  const answer = await invoke(action.getAttribute("endpoint"), members);
  if (typeof answer === "string") dialog.firstElementChild.innerHTML = answer;
  else dialog.firstElementChild.textContent = answer.errorMessage;
  dialog.showModal();
});
dialog.addEventListener("close", draw);

async function refresh() {
  await Promise.all([draw(), list()]).catch(() => {});
  setTimeout(refresh, 1000);
}
refresh();
`;

const CONSOLE = writePage({
  title: "Cutover sandbox",
  body: html`<main class="cutover"><p class="dim">Cutover sandbox. The dashboard in AWS shows this widget.</p><div id="widget"></div><section><h2>Last rollouts</h2><ul id="rollouts"></ul></section><dialog aria-label="Answer"><div></div><form method="dialog"><button>Close</button></form></dialog></main>`,
  script: SCRIPT,
  connect: "'self'",
});
