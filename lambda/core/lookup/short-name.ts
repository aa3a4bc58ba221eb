const MOST_NAME_BYTES = 255;

/** A name in at most 255 bytes, cut between characters; control characters would forge lines of a report. */
export function toShortName(name: string): string {
  const bytes = Buffer.from(name.replaceAll(/\p{Cc}/gu, " "));
  if (bytes.length <= MOST_NAME_BYTES) return bytes.toString();
  let end = MOST_NAME_BYTES;
  while (((bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end -= 1;
  return bytes.toString("utf8", 0, end);
}
