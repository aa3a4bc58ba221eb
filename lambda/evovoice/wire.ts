import * as z from "zod";

const text = z.string("expected a text");
const flag = z.boolean("expected true or false");
const count = z.int("expected a whole number");
// An id of one or two dots would lead to another path of the API, even when it is encoded.
const id = z
  .string("expected an id")
  .regex(/^(?!\.{1,2}$)./s, "expected an id: a text, not empty, not a dot or two")
  .toLowerCase();
const relativeId = text.toLowerCase().nullish();

/** The members of Evo Voice's replies that Cutover reads, by their wire names. */
export const CustomerInfo = z.object(
  {
    id,
    accountId: text.nullish(),
    name: text.nullish(),
    referenceId: text.nullish(),
    parentCustomerId: relativeId,
    isStaging: flag.nullish(),
    breadcrumb: z.array(z.object({ id: relativeId }, "expected an object"), "expected a list").nullish(),
    // A tag without a name could be the tag that protects this customer.
    tags: z.array(z.object({ name: text }, "expected an object"), "expected a list").nullish(),
  },
  "expected a customer",
);
export type CustomerInfo = z.output<typeof CustomerInfo>;

const LIST = "expected a list of customers";

/** An empty list may lack its items, because ServiceStack leaves out null. Then its count shows that it is a list. */
export const CustomerList = z
  .object(
    { items: z.array(CustomerInfo, LIST).nullish(), totalCount: count.nullish(), totalPages: count.nullish() },
    "expected an object with items",
  )
  .refine(({ items, totalCount }) => items != null || totalCount != null, { path: ["items"], error: LIST })
  .transform(({ items, ...counts }) => ({ items: items ?? [], ...counts }));
export type CustomerList = z.output<typeof CustomerList>;

const Tag = z.object({ id: text, name: text }, "expected an object");
export type Tag = z.output<typeof Tag>;

export const SystemSettings = z.object(
  { tags: z.array(Tag, "expected a list").nullish() },
  "expected an object with tags",
);

/** The two members of a flip's reply that prove the flip. */
export const FlipReply = z.object({ id: z.string().toLowerCase(), isStaging: z.boolean().nullish() });

/** The body of an error that a service threw; the access check's errors have no body. */
export const ErrorReply = z.object({
  responseStatus: z.object({ errorCode: z.string().nullish(), message: z.string().nullish() }),
});
