import { type Problem, toPath } from "../lambda/contract/problems.ts";

const SECRET_NAMES: readonly RegExp[] = [
  /pass(?:wor[dt]|wd|phrase)|pwd|kennwort|secret|token|credential|login|authorization|bearer/i,
  /(?:api|access|private|signing)[-_]?key/i,
  // As a separate word: db_pw, dbPw.
  /(?:^|[^a-z])(?:pw|pass|pin)(?:$|[^a-z])/i,
  /[a-z](?:Pw|Pass|Pin)(?![a-z])/,
];
/** The patterns of common credential scanners. */
const SECRET_VALUES: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\b(?:gh[pousr]_|github_pat_|glpat-|xox[abpr]-|sk_live_|whsec_)[\w+/=-]{8,}/,
  /\beyJ[\w-]{10,}\.[\w-]{10,}\./,
  /\/\/[^/\s@]+:[^\s@]+@/,
  /\{\{resolve:/,
  /(?:pass(?:wor[dt]|wd|phrase)|pwd|kennwort|(?:^|[^a-z])pw)["']?\s*(?:[:=]|\b(?:is|was|ist|lautet)\b)/i,
  /\b(?:token|api[-_ ]?key|authorization)["']?\s*[:=]\s*\S{6,}/i,
  /\bbearer\s+[\w.~+/-]{16,}/i,
  // A login in a text: name@example.com:PASSWORD.
  /[^\s@:]@[\w-]+(?:\.[\w-]+)+:\S/,
];
const PLACE = "expected no secret: put the secret into Secrets Manager and its name here";

/** Finds values that look like secrets. No message repeats the value. */
export function findSecretValues(value: unknown, path: readonly PropertyKey[] = []): readonly Problem[] {
  if (typeof value === "string") {
    const isNamed = typeof path.at(-1) === "string" && SECRET_NAMES.some((name) => name.test(String(path.at(-1))));
    if (!isNamed && !SECRET_VALUES.some((shape) => shape.test(value))) return [];
    return [{ path: toPath(path), message: `got a text of ${value.length} characters; ${PLACE}` }];
  }
  if (typeof value !== "object" || value === null) return [];
  const members = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return members.flatMap(([key, inner]) => findSecretValues(inner, [...path, key]));
}
