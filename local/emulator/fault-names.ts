/** Faults that hit a share of the requests. A request gets the first fault of this order that hits. */
export const shareFaults = {
  "error-5xx":
    "500 with a responseStatus, 502 as a proxy's page (half of the writes are done), 503 with or without Retry-After",
  "too-many": "429 with Retry-After in seconds, as an HTTP date, or without one",
  "drop-before": "the connection is destroyed before anything is written",
  "drop-after": "the connection is destroyed after the write, before the reply",
  "no-reply": "the reply never comes; half of the writes are done",
  "html-login": "200 with an HTML sign-in page, nothing written",
  redirect: "302 to /login, nothing written",
  "half-json": "the write is done, the reply ends in the middle: half of them as valid HTTP, half with the connection",
  "old-flag": "the write is done, the reply shows the flag as it was before (flips only)",
  "lost-write": "200 with the flag as it was before, and nothing was written (flips only)",
  "other-id": "the reply carries another customer's id (flips and single reads)",
  "no-flag": "the reply has no isStaging (flips and single reads)",
  "shifting-rows": "the page begins one to three rows too early or too late: rows shift between pages (listings)",
  "repeat-page": "the previous page is sent again (listings)",
  "moving-total": "totalCount is one too many or one too few (listings)",
  "sign-in-5xx": "503 instead of a sign-in",
  "apply-silently-not": "200 with the new flag, and nothing was written (flips only)",
  "late-write": "the reply never comes, and the write is done after `late-after` (flips only)",
} as const;

/** The faults of `chaos=SHARE`: every share fault that hits a single request and shows at once. */
export const chaosFaults = [
  "error-5xx",
  "too-many",
  "drop-before",
  "drop-after",
  "no-reply",
  "html-login",
  "redirect",
  "half-json",
  "old-flag",
  "lost-write",
  "other-id",
  "no-flag",
] as const satisfies readonly (keyof typeof shareFaults)[];

const number = (about: string, least: number, greatest: number, fallback = 0) => ({ about, least, greatest, fallback });

export const numberFaults = {
  latency: number("each request takes N milliseconds", 0, 600_000),
  "latency-load": number("N more milliseconds for each other request in flight", 0, 60_000),
  "rate-limit": number(
    "at most N requests a second (fixed windows of one second), 429 beyond; 0 is no limit",
    0,
    1_000_000,
  ),
  "retry-after": number("the seconds in a Retry-After", 0, 3600, 1),
  "session-death": number("a session dies after N calls; 0 is never", 0, 1_000_000_000),
  "sign-in-down": number(
    "sign-ins are answered with `sign-in-as` for N milliseconds from the first of them",
    0,
    600_000,
  ),
  "read-lag": number("readings show a flag as it was N milliseconds ago", 0, 600_000),
  "write-lag": number("a flip's reply shows the new flag, and the write is done N milliseconds later", 0, 600_000),
  "late-after": number("the milliseconds until a `late-write` is done", 0, 600_000, 15_000),
  "done-but": number("a flip is done and answered with the status N; 0 is off", 0, 599),
  "wrong-total": number("totalCount is off by N (+3, -3)", -1_000_000, 1_000_000),
  "page-cap": number("the most customers that a page holds", 1, 1_000_000, 250),
  lockout: number("a user is locked out after N refused sign-ins in a row; 0 is never", 0, 1_000_000, 5),
} as const;

export const flagFaults = {
  "ignored-filters": "listings ignore every filter, accountIds included",
  "one-based-pages": "pages count from 1, and page 0 is the first page too (listings)",
  "hide-breadcrumb": "customers have no breadcrumb",
  "reverse-breadcrumb": "a breadcrumb begins with the parent, not with the root",
  "children-follow": "a flip flips all descendants as well",
  "wrong-password": "every sign-in is refused as a wrong password",
  "locked-account": "every sign-in is refused as a locked account",
  "writes-401": "401 instead of a flip, whatever the session",
  "refuse-curl": "403 without a User-Agent, or with curl's own",
} as const;

export const choiceFaults = {
  "sign-in-as": {
    about: "how `sign-in-down` answers: with this status, a page, a redirect to it, or 200 without a cookie",
    choices: ["502", "500", "503", "403", "404", "page", "redirect", "no-cookie"],
  },
  "missing-as": { about: "the status for a customer that does not exist", choices: ["404", "400", "500"] },
  dates: { about: "how dates are written: ISO 8601 or /Date(ms+0000)/", choices: ["iso", "ms"] },
} as const;

export type ShareFault = keyof typeof shareFaults;
export type NumberFault = keyof typeof numberFaults;
export type FlagFault = keyof typeof flagFaults;
export type ChoiceFault = keyof typeof choiceFaults;
