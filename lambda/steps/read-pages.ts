import type { Listing, Page, PageRequest } from "../rollout/listing.ts";
import type { Connection } from "./ports.ts";

/** Pages of a listing that are read at once. */
export interface Window {
  readonly listing: Listing;
  readonly page: number;
  readonly size: number;
}

export interface PageReader {
  /** The pages of a window; not asked for again when they were asked for ahead. What was asked for before them is dropped. */
  read(window: Window): Promise<readonly Page[]>;
  /** Asks for a window that will be read later, once. */
  readAhead(window: Window): void;
}

type Always = Pick<PageRequest, "pageSize" | "tagIds">;

interface Asked {
  readonly window: Window;
  readonly pages: Promise<readonly Page[]>;
}

/** Reads windows of pages, so that Evo Voice can be at the next ones while the last is looked through and written down. */
export function createPageReader(connection: Connection, always: Always): PageReader {
  let ahead: readonly Asked[] = [];

  function ask({ listing, page, size }: Window): Promise<readonly Page[]> {
    return Promise.all(
      Array.from({ length: size }, (_, index) => connection.readPage({ listing, page: page + index, ...always })),
    );
  }

  return {
    read(wanted) {
      const place = ahead.findIndex(({ window }) => isSame(window, wanted));
      const pages = ahead[place]?.pages ?? ask(wanted);
      ahead = place < 0 ? [] : ahead.slice(place + 1);
      return pages;
    },
    readAhead(wanted) {
      if (ahead.some(({ window }) => isSame(window, wanted))) return;
      const pages = ask(wanted);
      // Whoever reads them gets the error; when nobody does, the part has ended by another one.
      pages.catch(() => undefined);
      ahead = [...ahead, { window: wanted, pages }];
    },
  };
}

function isSame(a: Window, b: Window): boolean {
  return a.listing === b.listing && a.page === b.page && a.size === b.size;
}
