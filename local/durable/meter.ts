import { InvalidParameterValueException } from "@aws-sdk/client-lambda";
import type { RecordedOperation } from "./apply-update.ts";

/** Lambda's limits for one execution, and for one checkpointed result. None of them can be raised. */
const MOST_OPERATIONS = 3_000;
const MOST_BYTES = 100 * 1024 * 1024;
const MOST_PAYLOAD_BYTES = 262_144;

/**
 * What AWS counts of an operation: a step is 1 and each retry 1 more, a condition is 1 and each poll 1 more. A wait, a
 * context and the execution itself are 1.
 */
export function meter({ SubType, Status, StepDetails, ContextDetails }: RecordedOperation) {
  const { Attempt: attempts = 0, Result = ContextDetails?.Result ?? "" } = StepDetails ?? {};
  const isEnded = Status === "SUCCEEDED" || Status === "FAILED";
  const repeats = isEnded && SubType !== "WaitForCondition" ? attempts - 1 : attempts;
  return { operations: 1 + Math.max(0, repeats), bytes: Buffer.byteLength(Result) };
}

/** @throws the error of a checkpoint that Lambda refuses: it ends the execution as FAILED, and nothing after it runs */
export function refuseOverLimit(
  changed: readonly RecordedOperation[],
  operationsById: ReadonlyMap<string, RecordedOperation>,
): void {
  for (const operation of changed) {
    const { bytes } = meter(operation);
    if (bytes <= MOST_PAYLOAD_BYTES) continue;
    throw toRefusal(
      `the result of "${operation.Name ?? ""}" has ${bytes} bytes, a checkpoint takes at most ${MOST_PAYLOAD_BYTES}`,
    );
  }
  const metered = [...operationsById.values()].map(meter);
  const operations = metered.reduce((sum, each) => sum + each.operations, 0);
  if (operations > MOST_OPERATIONS)
    throw toRefusal(`the execution has ${operations} durable operations, at most ${MOST_OPERATIONS} are allowed`);
  const bytes = metered.reduce((sum, each) => sum + each.bytes, 0);
  if (bytes > MOST_BYTES) throw toRefusal(`the execution keeps ${bytes} bytes, at most ${MOST_BYTES} are allowed`);
}

function toRefusal(message: string): InvalidParameterValueException {
  return new InvalidParameterValueException({ message, $metadata: { httpStatusCode: 400 } });
}
