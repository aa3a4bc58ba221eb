import type { CustomerQuery, Page, PageRequest } from "../../core/lookup/customer-query.ts";
import type { Connection } from "../ports.ts";

/** Pages of a query that are read at once. */
export interface Window {
  readonly query: CustomerQuery;
  readonly page: number;
  readonly size: number;
}

export interface PageReader {
  /** The pages of a window; pages that were asked for ahead are not asked for again. */
  read(window: Window): Promise<readonly Page[]>;
  /** Asks for the window that will be read next. */
  readAhead(window: Window): void;
}

type Always = Pick<PageRequest, "pageSize" | "tagIds">;

/** Reads windows of pages; Evo Voice can work on the next window while the ledger writes the last. */
export function createPageReader(connection: Connection, always: Always): PageReader {
  let ahead: { readonly window: Window; readonly pages: Promise<readonly Page[]> } | undefined;

  function ask({ query, page, size }: Window): Promise<readonly Page[]> {
    return Promise.all(
      Array.from({ length: size }, (_, index) => connection.readPage({ query, page: page + index, ...always })),
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
      // A reader of these pages gets the error; without a reader, another error has ended the part.
      pages.catch(() => undefined);
      ahead = { window, pages };
    },
  };
}

function isSame(a: Window, b: Window): boolean {
  return a.query === b.query && a.page === b.page && a.size === b.size;
}
