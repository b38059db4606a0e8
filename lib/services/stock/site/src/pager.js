/** Pages that are fetched when somebody wants more. */

export class Pager {
  #fetch;
  #token = undefined;
  #done = false;

  /** @param {(token?: string) => Promise<{rows: unknown[], token: string | null}>} fetchPage */
  constructor(fetchPage) {
    this.#fetch = fetchPage;
  }

  get done() {
    return this.#done;
  }

  /** The next page's rows; after a failure the same page again. */
  async next() {
    const { rows, token } = await this.#fetch(this.#token);
    this.#token = token ?? undefined;
    this.#done = !token;
    return rows;
  }
}

/** A pager over a client's listing. */
export function pagerOf(member, list, query = {}) {
  return new Pager(async (token) => {
    const page = await list({ ...query, page_token: token });
    return { rows: page[member], token: page.next_page_token };
  });
}

/** One pager after another; pages with nothing in them are passed over. */
export function chain(...pagers) {
  return {
    get done() {
      return pagers.every(({ done }) => done);
    },
    async next() {
      let rows = [];
      while (rows.length === 0 && !this.done) rows = await pagers.find(({ done }) => !done).next();
      return rows;
    },
  };
}
