import type { FoundPages } from "../../core/lookup/customer-query.ts";
import type { Ledger } from "../ports.ts";
import type { LookupProgress } from "./lookup-run.ts";

/** What a finished listing found, by windows of pages. */
export async function* readAccepted(
  ledger: Pick<Ledger, "readFound">,
  listing: string,
  { accepted }: Pick<LookupProgress, "accepted">,
): AsyncGenerator<Pick<FoundPages, "customers" | "references">> {
  for (const [query, pass] of accepted.entries()) yield* ledger.readFound(listing, query, pass);
}
