import * as z from "zod";
import { hasNoCredentials } from "./text-matching.ts";

export const ReleaseName = z
  .string({ error: "expected the release's name" })
  .regex(/^[\w.+/@:-]{1,128}$/, "expected 1 to 128 letters, digits and . _ + - / @ :")
  .refine(hasNoCredentials, "expected a name without a user name and password in it");
