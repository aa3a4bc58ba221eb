import type { PickedFault } from "./pick-fault.ts";
import { loginPage, type Reply, redirectToLogin, toErrorPage, toErrorReply } from "./reply.ts";
import { ServiceError } from "./service-error.ts";

/** How a reply leaves the emulator. */
export type FaultedReply =
  | { readonly how: "reply"; readonly reply: Reply }
  /** Only the first half of the reply; with `cut` the connection breaks, otherwise the half looks complete. */
  | { readonly how: "half"; readonly reply: Reply; readonly cut: boolean }
  | { readonly how: "hang-up" }
  | { readonly how: "silence" };

export interface FaultedRequest {
  readonly fault: PickedFault;
  readonly path: string;
  readonly retryAfterSeconds: number;
  /** Performs the operation and returns the true reply. */
  readonly perform: () => Promise<Reply>;
}

/** Serves a request with its fault. */
export async function applyFault({ fault, path, retryAfterSeconds, perform }: FaultedRequest): Promise<FaultedReply> {
  const { name, variant } = fault;
  switch (name) {
    case "error-5xx":
      if (isDoneAlthoughFailed(fault)) await perform();
      return { how: "reply", reply: toServerError(variant, retryAfterSeconds) };
    case "sign-in-5xx":
      return { how: "reply", reply: toServerError(2, retryAfterSeconds) };
    case "too-many":
      return { how: "reply", reply: toTooMany(variant, retryAfterSeconds) };
    case "drop-before":
      return { how: "hang-up" };
    case "drop-after":
      await perform();
      return { how: "hang-up" };
    case "no-reply":
      if (isDoneAlthoughFailed(fault)) await perform();
      return { how: "silence" };
    case "late-write":
      await perform();
      return { how: "silence" };
    case "html-login":
      return { how: "reply", reply: loginPage };
    case "redirect":
      return { how: "reply", reply: redirectToLogin(path) };
    case "half-json":
      return { how: "half", reply: await perform(), cut: (variant & 4) !== 0 };
    default:
      return { how: "reply", reply: await perform() };
  }
}

/** 429, in turn with seconds, with a date and without Retry-After. */
export function toTooMany(variant: number, retryAfterSeconds: number): Reply {
  const reply = toErrorReply(new ServiceError(429, "TooManyRequests", "Too many requests, slow down."));
  const later = [
    [["Retry-After", String(retryAfterSeconds)]],
    [["Retry-After", toHttpDate(retryAfterSeconds)]],
    [],
  ] as const;
  return { ...reply, headers: later[variant % 3] ?? [] };
}

/** The write is done for half of the missing replies and for half of the proxy's pages (a gateway timeout). */
function isDoneAlthoughFailed({ name, variant }: PickedFault): boolean {
  return (variant & 4) !== 0 && (name === "no-reply" || variant % 3 === 1);
}

function toServerError(variant: number, retryAfterSeconds: number): Reply {
  switch (variant % 3) {
    case 0:
      return toErrorReply(new ServiceError(500, "TimeoutException", "A timeout occurred after 30000ms."));
    case 1:
      return toErrorPage(502, "Bad Gateway");
    default: {
      const page = toErrorPage(503, "Service Temporarily Unavailable");
      return variant & 8 ? page : { ...page, headers: [["Retry-After", String(retryAfterSeconds)]] };
    }
  }
}

/** Rounded up, because such dates have whole seconds. */
function toHttpDate(secondsFromNow: number): string {
  return new Date(Math.ceil(Date.now() / 1000 + secondsFromNow) * 1000).toUTCString();
}
