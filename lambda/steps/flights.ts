/** The flips of a part that are under way, and those that came to no end in it. */
export interface Flights {
  /** Begins a flip and keeps it until it is over; it says whether the customer has an outcome then. */
  track(customerId: string, fly: () => Promise<boolean>): Promise<void>;
  /**
   * Waits for those flips that were begun before this customer's and are under way; whether none of them is left without an
   * outcome. Whoever was begun after it is not waited for: that one may wait for this one.
   */
  landed(customerId: string, belowIds: readonly string[]): Promise<boolean>;
}

export function createFlights(): Flights {
  const underWay = new Map<string, { readonly number: number; readonly flight: Promise<boolean> }>();
  const open = new Set<string>();
  let begun = 0;
  return {
    async track(customerId, fly) {
      const flight = Promise.withResolvers<boolean>();
      begun += 1;
      underWay.set(customerId, { number: begun, flight: flight.promise });
      open.add(customerId);
      flight.resolve(fly());
      try {
        if (await flight.promise) open.delete(customerId);
      } finally {
        underWay.delete(customerId);
      }
    },
    async landed(customerId, belowIds) {
      const own = underWay.get(customerId)?.number ?? Number.POSITIVE_INFINITY;
      const before = belowIds.filter((id) => open.has(id) && (underWay.get(id)?.number ?? 0) < own);
      // What became of each is told elsewhere, an error too.
      await Promise.allSettled(before.map((id) => underWay.get(id)?.flight));
      return before.every((id) => !open.has(id));
    },
  };
}
