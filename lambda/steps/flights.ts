/** The flips of a part that are under way. */
export interface Flights {
  /** Keeps a flip until it has come to its end. */
  track(customerId: string, flight: Promise<void>): Promise<void>;
  /** Waits for those of these customers' flips that are under way now. */
  landed(customerIds: readonly string[]): Promise<void>;
}

export function createFlights(): Flights {
  const underWay = new Map<string, Promise<void>>();
  return {
    async track(customerId, flight) {
      underWay.set(customerId, flight);
      try {
        await flight;
      } finally {
        underWay.delete(customerId);
      }
    },
    async landed(customerIds) {
      // What became of each is told elsewhere, an error too.
      await Promise.allSettled(customerIds.map((id) => underWay.get(id)));
    },
  };
}
