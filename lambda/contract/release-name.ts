import * as z from "zod";
import { hasNoCredentials } from "./text-matching.ts";

export const ReleaseName = z
  .string({ error: "expected the release's name" })
  .regex(/^[\w.+/@:-]{1,128}$/, "expected 1 to 128 letters, digits and . _ + - / @ :")
  .refine(hasNoCredentials, "expected a name without a user name and password in it");

/** Equal for the names of one release: `v1.2.3`, `1.2.3`, `V1.2.3` and `refs/tags/v1.2.3`. */
export function toReleaseKey(release: string): string {
  return release
    .toLowerCase()
    .replace(/^refs\/(?:tags|heads)\//, "")
    .replace(/^v(?=\d)/, "");
}
