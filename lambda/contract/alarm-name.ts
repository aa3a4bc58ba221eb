import * as z from "zod";

const NAME = "expected an alarm's name: 1 to 255 characters in one line";

/** The name of a CloudWatch alarm in the worker's account and region. */
export const AlarmName = z
  .string({ error: NAME })
  .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,255}$/u, NAME)
  .refine((name) => !name.startsWith("arn:"), "expected an alarm's name, not its ARN");
