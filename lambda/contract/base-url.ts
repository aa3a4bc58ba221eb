import * as z from "zod";

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/** The origin of the Evo Voice API. It is normalised, because it also names the environment, which has one lock. */
export const BaseUrl = z
  .string({ error: 'expected the address of the Evo Voice API, such as "https://evovoice.io"' })
  .refine(
    isOrigin,
    'expected an origin such as "https://evovoice.io": no path, query, fragment, user name, password or dot at its end',
  )
  .refine((url) => !isOrigin(url) || isSecure(new URL(url)), "expected https (http only for a loopback address)")
  .transform((url) => (isOrigin(url) ? new URL(url).origin : url));

/** Stricter than URL parsers, which accept blanks, backslashes, missing slashes and empty user names. */
function isOrigin(url: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\/[^\s/\\?#@]{1,260}[^.\s/\\?#@]\/?$/iu.test(url) && URL.canParse(url) && !endsInDot(url);
}

function endsInDot(url: string): boolean {
  return new URL(url).hostname.endsWith(".");
}

function isSecure({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || (protocol === "http:" && LOOPBACK.test(hostname));
}
