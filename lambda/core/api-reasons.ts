import type { ApiReason, Asked, Sentences } from "./reason-types.ts";
import { formatTime } from "./report/text-layout.ts";

export const API_SENTENCES: Sentences<ApiReason> = {
  "request-refused": ({ status, errorCode, ...asked }) => {
    const answer =
      status < 400 ? "a sign-in page instead of data" : `${status}${errorCode === undefined ? "" : `, ${errorCode}`}`;
    return `${describeAsked(asked)} was answered with ${answer}; ${adviseOn(status, asked)}`;
  },
  "no-answer": ({ why, ...asked }) =>
    `${describeAsked(asked)} got no usable answer in any try (${why}); see whether Evo Voice is up and the policy's baseUrl is its API`,
  "unreadable-reply": ({ api, misfit, ...asked }) =>
    `${describeAsked(asked)}${api === undefined ? "" : ` (${api})`} was answered with what cannot be read, and nothing is guessed from it: ${misfit}; have this corrected in Evo Voice, then send the event again`,
  "sign-in-refused": ({ versionId }) =>
    `Evo Voice refused the sign-in with version ${versionId} of the secret (a wrong user name or password, or a locked account); no further customer is flipped, and this version is not tried again, so that the account is not locked: unlock the account if need be, then put the user name and password into the secret again, or, when they are right, try the login again`,
  "sign-in-unclear": ({ versionId, tries, until, why }, describe) =>
    `Evo Voice neither accepted nor refused ${tries} sign-ins with version ${versionId} of the secret${why === undefined ? "" : ` (the last: ${describe(why)})`}; each may count as a wrong password, so this version is not tried again before ${formatTime(until)}: see whether Evo Voice is up, then try the login again`,
  "session-rejected": ({ operation }) =>
    `Evo Voice accepted the sign-in, and answered ${operation} with 401 in each fresh session; no further customer is flipped: see whether the user's role may do this (SystemAdministrator, Manager or Customer), and whether a Manager's access is ReadWrite, then send the event again`,
  "bad-secret": ({ problem }) => problem,
};

function describeAsked({ operation, customerId }: Asked): string {
  return customerId === undefined ? operation : `${operation} of customer ${customerId}`;
}

function adviseOn(status: number, { operation }: Asked): string {
  if (status < 400) return "see whether the policy's baseUrl is Evo Voice's API";
  if (status === 401)
    return "the session ended again right after a fresh sign-in: see whether the user may use the API";
  if (status === 403) return "the user's role may not do this: it needs SystemAdministrator, Manager or Customer";
  if (status === 404 && operation !== "flip" && operation !== "reading")
    return "see whether the policy's baseUrl is Evo Voice's API";
  if (status === 404) return "see whether the customer still exists";
  if (status >= 500) return "Evo Voice failed: look at its status, then retry";
  return "see Evo Voice's documentation of this operation";
}
