import type { FoundPages } from "../rollout/records.ts";
import type { FoundCustomer } from "../rollout/roster.ts";
import { partitionOf } from "./rollouts.ts";
import type { Table } from "./table.ts";

/** A found customer as it is kept: one line of text costs a tenth of a DynamoDB map. */
type Row = readonly [
  id: string,
  name: string,
  accountId: string,
  parent: string | null,
  flag: boolean | null,
  skip?: string,
];

/** What the lookup found, by windows of pages. */
export function createLookups(table: Table) {
  return {
    async putFound(rolloutId: string, pages: FoundPages): Promise<void> {
      const sk = `${toPrefix(pages.listing, pages.pass)}${pad(pages.page)}`;
      const { idHashes, customers, references } = pages;
      await table.put(
        { pk: partitionOf(rolloutId), sk },
        { idHashes, customers: JSON.stringify(customers.map(toRow)), references: JSON.stringify(references) },
      );
    },
    async *readIdHashes(rolloutId: string, listing: number, pass: number): AsyncGenerator<Uint8Array> {
      for await (const item of table.query(partitionOf(rolloutId), toPrefix(listing, pass), ["idHashes"])) {
        if (item.idHashes instanceof Uint8Array) yield item.idHashes;
      }
    },
    async *readFound(
      rolloutId: string,
      listing: number,
      pass: number,
    ): AsyncGenerator<Pick<FoundPages, "customers" | "references">> {
      for await (const item of table.query(partitionOf(rolloutId), toPrefix(listing, pass), [
        "customers",
        "references",
      ])) {
        yield {
          customers: (JSON.parse(item.customers as string) as Row[]).map(fromRow),
          references: JSON.parse(item.references as string) as FoundPages["references"],
        };
      }
    },
  };
}

function toPrefix(listing: number, pass: number): string {
  return `found#${pad(listing)}#${pass}#`;
}

/** Sort keys are text: numbers of one length sort as numbers. */
export function pad(index: number): string {
  return String(index).padStart(8, "0");
}

function toRow({ id, name, accountId, parentCustomerId, isStaging, skip }: FoundCustomer): Row {
  const row = [id, name, accountId, parentCustomerId ?? null, isStaging ?? null] as const;
  return skip === undefined ? row : [...row, skip];
}

function fromRow([id, name, accountId, parent, flag, skip]: Row): FoundCustomer {
  return {
    id,
    name,
    accountId,
    parentCustomerId: parent ?? undefined,
    isStaging: flag ?? undefined,
    ...(skip !== undefined && { skip }),
  };
}
