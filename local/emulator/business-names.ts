import { mix, pick } from "./random.ts";

/** The name of a small business. As in real names, some have accents, ampersands, quotes or commas. */
export function toBusinessName(seed: number): string {
  const owner = pick(surnames, mix(seed, 1));
  const place = pick(places, mix(seed, 2));
  const trade = pick(trades, mix(seed, 3));
  const form = pick(forms, mix(seed, 4));
  const shape = mix(seed, 5) % 16;
  if (shape < 6) return `${owner} ${trade}${form}`;
  if (shape < 11) return `${place} ${trade}${form}`;
  if (shape < 13) return `${owner} & ${pick(surnames, mix(seed, 6))} ${trade}`;
  if (shape < 15) return `${place} ${trade} (${owner})`;
  return `"${pick(nicknames, mix(seed, 7))}" ${owner}'s ${trade}`;
}

const surnames = `Abbott|Alvarez|Becker|Brennan|Caldwell|Castañeda|Chen|Dubois|Eriksen|Fischer|García|Hargrove|Ibrahim|\
Jensen|Kowalski|Lindqvist|MacLeod|Müller|Nakamura|Novák|O'Brien|Okafor|Patel|Quinn|Rossi|Sørensen|\
Thibodeaux|Underwood|Vance|Whitaker|Young|Zhang`.split("|");
const places = `Alder Creek|Bayview|Cedar Falls|Downtown|Eastgate|Fairmount|Granite Bay|Harbor|Irongate|Juniper|\
Kingsway|Lakeside|Maple Street|North Shore|Old Mill|Prairie|Québec|Riverside|Summit|Three Rivers|\
Union Square|Valley|Westend|Zürich`.split("|");
const trades = `Accounting|Animal Hospital|Auto Body|Bakery|Bookshop|Café|Carpentry|Catering|Chiropractic|Dental|\
Dry Cleaning|Electric|Florist|Garage|Hardware|Heating & Cooling|Insurance|Landscaping|Law Office|\
Locksmith|Optical|Pediatrics|Pharmacy|Physical Therapy|Plumbing|Printing|Property Management|Realty|\
Roofing|Towing|Travel|Veterinary`.split("|");
const forms = `|||| LLC|, Inc.| Co.| Group| & Sons| & Daughters|, P.C.| GmbH`.split("|");
const nicknames = `Ace|Big Al|Lucky|Mr. Fix|Queen Bee|Rapid|Sunny|The Wrench`.split("|");
