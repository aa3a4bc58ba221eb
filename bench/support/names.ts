import { createHash } from "node:crypto";

const TRADES = ["Dental Practice", "Law Offices", "Bakery", "Insurance Agency", "Veterinary Clinic", "Garden Centre"];

/** An id of 24 hexadecimal digits, as Evo Voice gives them, and a name of about 25 letters. */
export function nameCustomer(index: number): { readonly id: string; readonly name: string } {
  const id = createHash("sha256").update(String(index)).digest("hex").slice(0, 24);
  return { id, name: `${TRADES[index % TRADES.length]} ${id.slice(0, 8)}` };
}
