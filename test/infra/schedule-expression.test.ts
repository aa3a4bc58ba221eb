import { describe, expect, test } from "@jest/globals";
import { findExpressionProblem } from "../../infra/schedule-expression.ts";

describe("an expression that EventBridge Scheduler takes", () => {
  test.each([
    // https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    "cron(0 10 * * ? *)",
    "cron(15 12 * * ? *)",
    "cron(0 18 ? * MON-FRI *)",
    "cron(0 8 1 * ? *)",
    "cron(0/10 * ? * MON-FRI *)",
    "cron(0/5 8-17 ? * MON-FRI *)",
    "cron(0 9 ? * 2#1 *)",
    "cron(15 10 ? * 6L 2022-2023)",
    "cron(0 2 L * ? *)",
    "cron(0 2 15W * ? *)",
    "cron(0,30 0,23 1,31 JAN,DEC ? 1970,2199)",
    "cron(59 23 31 12 ? 2199)",
    "rate(1 day)",
    "rate(12 hours)",
    "rate(5 minutes)",
    "at(2028-02-29T23:59:59)",
  ])("%s", (expression) => {
    expect(findExpressionProblem(expression)).toBeUndefined();
  });
});

describe("an expression that would fail the deploy is refused with what is wrong", () => {
  test.each([
    ["cron(99 99 99 99 99 99)", /its minutes to be of 0 to 59/],
    ["cron(60 2 * * ? *)", /minutes to be of 0 to 59/],
    ["cron(0 24 * * ? *)", /hours to be of 0 to 23/],
    ["cron(0 2 32 * ? *)", /day of month to be of 1 to 31/],
    ["cron(0 2 0 * ? *)", /day of month/],
    ["cron(0 2 1 13 ? *)", /month to be of 1 to 12/],
    ["cron(0 2 ? * 8 *)", /day of week to be of 1 to 7/],
    ["cron(0 2 ? * 0 *)", /day of week/],
    ["cron(0 2 ? * MOO *)", /day of week/],
    ["cron(0 2 * * ? 2200)", /year to be of 1970 to 2199/],
    ["cron(30-10 2 * * ? *)", /minutes/],
    ["cron(0/0 2 * * ? *)", /minutes/],
    ["cron(0,, 2 * * ? *)", /minutes/],
    ["cron(? 2 * * ? *)", /minutes/],
    ["cron(0 2 * * * *)", /"\?" for either the day of month or the day of week/],
    ["cron(0 2 ? * ? *)", /"\?" for either/],
    ["cron(0 2 * * ?)", /six fields/],
    ["cron(0  2 * * ? *)", /six fields/],
    ["rate(0 days)", /whole number of minutes, hours or days/],
    ["rate(0 parsecs)", /whole number/],
    ["rate(1.5 days)", /whole number/],
    ["rate(2 weeks)", /whole number/],
    ["at(2026-02-29T02:00:00)", /time that exists/],
    ["at(2026-12-01T24:00:00)", /time that exists/],
    ["at(2026-12-01T02:00:00Z)", /time that exists/],
    ["at(tomorrow)", /time that exists/],
    ["daily", /expected "cron\(0 2/],
    ["cron(0 2 * * ? *) ", /expected "cron\(0 2/],
  ])("%s", (expression, problem) => {
    expect(findExpressionProblem(expression)).toMatch(problem);
  });
});
