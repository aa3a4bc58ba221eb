import type { FoundPages } from "../core/lookup/customer-query.ts";
import type { Candidate } from "../core/plan/candidates.ts";
import type { Reason } from "../core/reasons.ts";
import { pad, rolloutKey } from "./keys.ts";
import type { Item, Table } from "./table.ts";

/** A found customer as it is stored: a JSON text costs a tenth of a DynamoDB map. */
type Row = readonly [
  id: string,
  name: string,
  referenceId: string | null,
  ancestors: readonly string[] | null,
  flag: boolean | null,
  skip?: Reason | null,
  cohortWave?: number,
];

/** The limits of one item: together they stay below DynamoDB's 400 KB. */
const MOST_ROWS = 1_000;
const MOST_CUSTOMER_BYTES = 200_000;
const MOST_REFERENCE_BYTES = 90_000;
const HASH_BYTES = 8;

/**
 * What the lookup found, by windows of pages. A window has as many items as it needs. Its first item has their number and
 * is written last. So when a window is read again and needs fewer items, the old items are ignored.
 */
export function createLookups(table: Table) {
  /** The items of every window in order, without old items of a longer version. */
  async function* readParts(rolloutId: string, prefix: string, attributes: readonly string[]): AsyncGenerator<Item> {
    let parts = 0;
    for await (const item of table.query(rolloutKey(rolloutId, prefix), [...attributes, "part", "parts"])) {
      if (item.part === undefined) parts = Number(item.parts);
      if (item.part === undefined || Number(item.part) < parts) yield item;
    }
  }

  return {
    async putFound(rolloutId: string, pages: FoundPages): Promise<void> {
      const sk = `${toPrefix(pages.query, pages.pass)}${pad(pages.page)}`;
      const customers = toTexts(pages.customers.map(toRow), MOST_CUSTOMER_BYTES);
      const references = toTexts(pages.references, MOST_REFERENCE_BYTES);
      const hashBytes = MOST_ROWS * HASH_BYTES;
      const parts = Math.max(1, customers.length, references.length, Math.ceil(pages.idHashes.length / hashBytes));
      for (let part = parts - 1; part >= 0; part -= 1) {
        await table.put(rolloutKey(rolloutId, part === 0 ? sk : `${sk}#${pad(part)}`), {
          ...(part === 0 ? { parts } : { part }),
          idHashes: pages.idHashes.subarray(part * hashBytes, (part + 1) * hashBytes),
          customers: customers[part] ?? "[]",
          references: references[part] ?? "[]",
        });
      }
    },
    async *readIdHashes(rolloutId: string, query: number, pass: number): AsyncGenerator<Uint8Array> {
      for await (const item of readParts(rolloutId, toPrefix(query, pass), ["idHashes"])) {
        if (item.idHashes instanceof Uint8Array) yield item.idHashes;
      }
    },
    async *readFound(
      rolloutId: string,
      query: number,
      pass: number,
    ): AsyncGenerator<Pick<FoundPages, "customers" | "references">> {
      for await (const item of readParts(rolloutId, toPrefix(query, pass), ["customers", "references"])) {
        yield {
          customers: (JSON.parse(item.customers as string) as Row[]).map(fromRow),
          references: JSON.parse(item.references as string) as FoundPages["references"],
        };
      }
    },
  };
}

/** Entries as JSON arrays of limited size. */
function toTexts(entries: readonly unknown[], mostBytes: number): readonly string[] {
  const texts: string[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const text = JSON.stringify(entry);
    const size = Buffer.byteLength(text) + 1;
    const last = texts.at(-1);
    if (last === undefined || last.length === MOST_ROWS || bytes + size > mostBytes) {
      texts.push([text]);
      bytes = size;
    } else {
      last.push(text);
      bytes += size;
    }
  }
  return texts.map((rows) => `[${rows.join()}]`);
}

function toPrefix(query: number, pass: number): string {
  return `found#${pad(query)}#${pass}#`;
}

function toRow(customer: Candidate): Row {
  const { id, name, referenceId, ancestorIds, isStaging, skip, cohortWave } = customer;
  const row = [id, name, referenceId ?? null, ancestorIds ?? null, isStaging ?? null] as const;
  if (cohortWave !== undefined) return [...row, skip ?? null, cohortWave];
  return skip === undefined ? row : [...row, skip];
}

function fromRow([id, name, referenceId, ancestors, flag, skip, cohortWave]: Row): Candidate {
  return {
    id,
    name,
    isStaging: flag ?? undefined,
    ...(referenceId !== null && { referenceId }),
    ...(ancestors !== null && { ancestorIds: ancestors }),
    ...(skip != null && { skip }),
    ...(typeof cohortWave === "number" && { cohortWave }),
  };
}
