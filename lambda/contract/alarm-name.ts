import { lineOf } from "./text-matching.ts";

/** The name of a CloudWatch alarm in the worker's account and region. */
export const AlarmName = lineOf(1, 255, "expected an alarm's name: 1 to 255 characters in one line").refine(
  (name) => !name.startsWith("arn:"),
  "expected an alarm's name, not its ARN",
);
