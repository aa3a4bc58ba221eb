/** The flips of a part that are under way, and those that came to no end in it. */
export interface Flights {
  /** Keeps a flip until it is over; it says whether the customer has an outcome then. */
  track(customerId: string, flight: Promise<boolean>): Promise<void>;
  /** Waits for those of these customers' flips that are under way now; whether none of them is left without an outcome. */
  landed(customerIds: readonly string[]): Promise<boolean>;
}

export function createFlights(): Flights {
  const underWay = new Map<string, Promise<boolean>>();
  const open = new Set<string>();
  return {
    async track(customerId, flight) {
      open.add(customerId);
      underWay.set(customerId, flight);
      try {
        if (await flight) open.delete(customerId);
      } finally {
        underWay.delete(customerId);
      }
    },
    async landed(customerIds) {
      // What became of each is told elsewhere, an error too.
      await Promise.allSettled(customerIds.map((id) => underWay.get(id)));
      return customerIds.every((id) => !open.has(id));
    },
  };
}
