import { RefusedDeliveryError } from "../../../../lambda/webhook/refused-delivery-error.ts";
import { readStandardDelivery } from "../../../../lambda/webhook/standard-delivery.ts";
import { expect, test } from "../../../support/jest.ts";

const read = (payload: unknown) => readStandardDelivery("msg_1", payload);

test.each([
  ["2026-11-23T10:00:00Z", "2026-11-23T10:00:00.000Z"],
  ["2026-11-23T11:00:00.5+01:00", "2026-11-23T10:00:00.500Z"],
  [undefined, undefined],
])("the time %s is read", (timestamp, expected) => {
  const { happenedAtMs, identity } = read({ type: "deploy.finished", timestamp });
  expect(happenedAtMs).toBe(expected && Date.parse(expected));
  expect(identity).toBe("msg_1");
});

test.each([1_795_428_000, "1795428000", "2026-11-23 10:00:00", "2026-11-23", "yesterday", null])(
  "a time that cannot be read, %j, is refused: without one a delivery of any age would start",
  (timestamp) => {
    const reading = () => read({ type: "deploy.finished", timestamp });
    expect(reading).toThrow(RefusedDeliveryError);
    expect(reading).toThrow(/timestamp: got .*; expected the time of what happened, such as 2026-11-23T10:00:00Z/);
  },
);

test.each([null, [], "text", 7])("no delivery: %j", (payload) => {
  expect(() => read(payload)).toThrow(/does not follow Standard Webhooks:/);
});
