import { stripVTControlCharacters } from "node:util";
import { toIso, toMs } from "../../contract/instant.ts";

/** Wrapped text behind a label, its further lines below its first. */
export function hang(label: string, text: string, columns: number): readonly string[] {
  const lines = wrap(clean(text), columns - label.length);
  return lines.map((line, index) => `${index === 0 ? label : " ".repeat(label.length)}${line}`);
}

export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

export function shorten(text: string, most: number): string {
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join("")}…`;
}

/** At most `most` characters; the last is "…" when the text was cut. */
export function shortenText(text: string, most: number): string {
  const whole = text.toWellFormed();
  return whole.length <= most ? whole : `${whole.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** One line of text without anything that a terminal obeys: escape sequences, control, format and bidi characters. */
export function clean(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\p{Cf}\p{Cs}]/gu, "")
    .replace(/[\p{Cc}\p{Z}]+/gu, " ")
    .trim();
}

/** 1,234 */
export function formatNumber(value: number): string {
  return value.toLocaleString("en-US");
}

/** "1 customer", "1,234 customers" */
export function countCustomers(customers: number): string {
  return customers === 1 ? "1 customer" : `${formatNumber(customers)} customers`;
}

/** "2026-11-23 02:31:07 UTC", from any ISO 8601 time with an offset. */
export function formatTime(iso: string): string {
  const ms = toMs(iso);
  return Number.isNaN(ms) ? iso : toIso(ms).replace(/T(.*)\..*/, " $1 UTC");
}

/** Two units at most: "850 ms", "2.4 s", "3 min 12 s", "5 h 2 min". */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A time that a person set, as they would write it: "45 s", "30 min", "1 h 30 min". */
export function formatSeconds(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  const parts = [
    [hours, "h"],
    [minutes, "min"],
    [seconds % 60, "s"],
  ] as const;
  const units = parts.filter(([amount]) => amount > 0).map(([amount, unit]) => `${amount} ${unit}`);
  return units.length === 0 ? "0 s" : units.join(" ");
}
