import * as z from "zod";

const text = z.string("expected a text");
const flag = z.boolean("expected true or false");
const count = z.int("expected a whole number");
// One dot or two would lead to another path of the API, however they are encoded.
const id = z.string("expected an id").regex(/^(?!\.{1,2}$)./s, "expected an id: a text, not empty, not a dot or two");

/** The members of Evo Voice's replies that this project reads, by their wire names. Every other member is ignored. */
export const CustomerInfo = z.object(
  {
    id,
    accountId: text.nullish(),
    name: text.nullish(),
    referenceId: text.nullish(),
    parentCustomerId: text.nullish(),
    isStaging: flag.nullish(),
    breadcrumb: z.array(z.object({ id: text.nullish() }, "expected an object"), "expected a list").nullish(),
    // A tag without its name could be the one that protects this customer.
    tags: z.array(z.object({ name: text }, "expected an object"), "expected a list").nullish(),
  },
  "expected a customer",
);
export type CustomerInfo = z.output<typeof CustomerInfo>;

export const CustomerList = z.object(
  {
    items: z.array(CustomerInfo, "expected a list of customers"),
    totalCount: count.nullish(),
    totalPages: count.nullish(),
  },
  "expected an object with items",
);
export type CustomerList = z.output<typeof CustomerList>;

export const SystemSettings = z.object(
  { tags: z.array(z.object({ id: text, name: text }, "expected an object"), "expected a list").nullish() },
  "expected an object with tags",
);

/** Of a flip's reply, the two members that prove the flip. */
export const FlipReply = z.object({ id: z.string(), isStaging: z.boolean().nullish() });

/** An error that a service threw; the errors of the access check have no body. */
export const ErrorReply = z.object({
  responseStatus: z.object({ errorCode: z.string().nullish(), message: z.string().nullish() }),
});
