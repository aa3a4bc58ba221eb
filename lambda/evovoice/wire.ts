import * as z from "zod";

/** What this project reads of Evo Voice's replies; every other member passes unread. Wire names stay wire names. */
export const CustomerInfo = z.object({
  // A dot or two would be another path of the API, and no encoding keeps them from being one.
  id: z.string().regex(/^(?!\.{1,2}$)./s),
  accountId: z.string().nullish(),
  name: z.string().nullish(),
  referenceId: z.string().nullish(),
  parentCustomerId: z.string().nullish(),
  isStaging: z.boolean().nullish(),
  breadcrumb: z.array(z.object({ id: z.string().nullish() })).nullish(),
  // A tag without its name could be the one that protects this customer.
  tags: z.array(z.object({ name: z.string() })).nullish(),
});
export type CustomerInfo = z.output<typeof CustomerInfo>;

export const CustomerList = z.object({
  items: z.array(CustomerInfo),
  totalCount: z.number().int().nullish(),
  totalPages: z.number().int().nullish(),
});
export type CustomerList = z.output<typeof CustomerList>;

export const SystemSettings = z.object({
  tags: z.array(z.object({ id: z.string(), name: z.string() })).nullish(),
});

/** A flip's reply: what proves it, nothing else, because there are so many of them. */
export const FlipReply = z.object({ id: z.string(), isStaging: z.boolean().nullish() });

/** The errors of a service; those of the access check have no body at all. */
export const ErrorReply = z.object({
  responseStatus: z.object({ errorCode: z.string().nullish(), message: z.string().nullish() }),
});
