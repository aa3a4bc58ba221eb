import type { Listing, Page, PageRequest } from "../../core/lookup/customer-query.ts";
import type { Connection } from "../ports.ts";

/** Pages of a listing that are read at once. */
export interface Window {
  readonly listing: Listing;
  readonly page: number;
  readonly size: number;
}

export interface PageReader {
  /** The pages of a window; not asked for again when they were asked for ahead. */
  read(window: Window): Promise<readonly Page[]>;
  /** Asks for the window that will be read next. */
  readAhead(window: Window): void;
}

type Always = Pick<PageRequest, "pageSize" | "tagIds">;

/** Reads windows of pages, so that Evo Voice can be at the next one while the ledger writes the last. */
export function createPageReader(connection: Connection, always: Always): PageReader {
  let ahead: { readonly window: Window; readonly pages: Promise<readonly Page[]> } | undefined;

  function ask({ listing, page, size }: Window): Promise<readonly Page[]> {
    return Promise.all(
      Array.from({ length: size }, (_, index) => connection.readPage({ listing, page: page + index, ...always })),
    );
  }

  return {
    read(window) {
      const asked = ahead;
      ahead = undefined;
      return asked !== undefined && isSame(asked.window, window) ? asked.pages : ask(window);
    },
    readAhead(window) {
      const pages = ask(window);
      // Whoever reads them gets the error; when nobody does, the part has ended by another one.
      pages.catch(() => undefined);
      ahead = { window, pages };
    },
  };
}

function isSame(a: Window, b: Window): boolean {
  return a.listing === b.listing && a.page === b.page && a.size === b.size;
}
