import { Duration } from "aws-cdk-lib";
import * as z from "zod";

/** A duration of whole minutes or hours between two bounds, both allowed. */
export function wholeDuration(unit: "minutes" | "hours", least: number, most: number) {
  const expected = `expected a Duration of ${least} to ${most} whole ${unit}, such as Duration.${unit}(${least})`;
  const toAmount = (duration: Duration) =>
    unit === "minutes" ? duration.toMinutes({ integral: false }) : duration.toHours({ integral: false });
  return z.custom<Duration>((duration) => {
    const amount = duration instanceof Duration ? toAmount(duration) : Number.NaN;
    return Number.isInteger(amount) && amount >= least && amount <= most;
  }, expected);
}
