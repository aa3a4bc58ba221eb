/** What a roster keeps of a reading of a customer, apart from id and name. */
export interface RosterRow {
  /** Of 48 bits. */
  readonly key: number;
  /** Where id and name are. */
  readonly place: number;
  /** What is to become of the customer, as a number of the caller's. */
  readonly code: number;
  readonly cohortWave: number;
  readonly isPlanned: boolean;
}

/** Rows by their index, as columns of numbers: 15 bytes a row. */
export interface RosterRows {
  add(row: RosterRow): void;
  count(): number;
  keyOf(index: number): number;
  setKey(index: number, key: number): void;
  /** Keys are not asked for any more. */
  dropKeys(): void;
  placeOf(index: number): number;
  codeOf(index: number): number;
  cohortWaveOf(index: number): number;
  setCohortWave(index: number, cohortWave: number): void;
  isPlanned(index: number): boolean;
  setPlanned(index: number, isPlanned: boolean): void;
}

/** The bit of a code that says that the customer is not planned: codes are less. */
export const MOST_CODES = 0x8000;

export function createRosterRows(expected: number): RosterRows {
  let keys = new Float64Array(expected);
  let places = new Uint32Array(expected);
  let codes = new Uint16Array(expected);
  let cohortWaves = new Uint8Array(expected);
  let count = 0;

  const grow = (capacity: number): void => {
    const [oldKeys, oldPlaces, oldCodes, oldCohortWaves] = [keys, places, codes, cohortWaves];
    keys = new Float64Array(capacity);
    keys.set(oldKeys);
    places = new Uint32Array(capacity);
    places.set(oldPlaces);
    codes = new Uint16Array(capacity);
    codes.set(oldCodes);
    cohortWaves = new Uint8Array(capacity);
    cohortWaves.set(oldCohortWaves);
  };

  return {
    add({ key, place, code, cohortWave, isPlanned }) {
      if (count === keys.length) grow(count + 1024 + (count >> 3));
      keys[count] = key;
      places[count] = place;
      codes[count] = isPlanned ? code : code | MOST_CODES;
      cohortWaves[count] = cohortWave;
      count += 1;
    },
    count: () => count,
    keyOf: (index) => keys[index] as number,
    setKey(index, key) {
      keys[index] = key;
    },
    dropKeys() {
      keys = new Float64Array(0);
    },
    placeOf: (index) => places[index] as number,
    codeOf: (index) => (codes[index] as number) & ~MOST_CODES,
    cohortWaveOf: (index) => cohortWaves[index] as number,
    setCohortWave(index, cohortWave) {
      cohortWaves[index] = cohortWave;
    },
    isPlanned: (index) => (codes[index] as number) < MOST_CODES,
    setPlanned(index, isPlanned) {
      const code = (codes[index] as number) & ~MOST_CODES;
      codes[index] = isPlanned ? code : code | MOST_CODES;
    },
  };
}
