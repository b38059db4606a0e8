/** Pagination. Pages are fetched on demand. */

export class Pager {
  #fetch;
  #token = undefined;
  #done = false;

  /** @param {(token?: string) => Promise<{items: unknown[], token: string | null}>} fetchPage */
  constructor(fetchPage) {
    this.#fetch = fetchPage;
  }

  get done() {
    return this.#done;
  }

  /** Return the items of the next page: empty only if there are no more items. A failed page is fetched again. */
  async next() {
    for (;;) {
      const { items, token } = await this.#fetch(this.#token);
      this.#token = token ?? undefined;
      this.#done = !token;
      if (items.length || this.#done) return items; // filters can leave a page empty
    }
  }
}

/**
 * Create a pager for a list method of the client.
 * @param {string} member Name of the list in the response.
 * @param {(query: object) => Promise<object>} list
 * @param {object} [query]
 */
export function createPager(member, list, query = {}) {
  return new Pager(async (token) => {
    const page = await list({ ...query, page_token: token });
    return { items: page[member], token: page.next_page_token };
  });
}

/**
 * Read several pagers one after another. A page contains at least `minimum` items unless all pagers are done. Items
 * fetched before a failure are returned by the next call.
 */
export function chainPagers(pagers, minimum = 20) {
  let pending = [];
  return {
    get done() {
      return pagers.every(({ done }) => done);
    },
    async next() {
      while (pending.length < minimum && !this.done) pending.push(...(await pagers.find(({ done }) => !done).next()));
      const items = pending;
      pending = [];
      return items;
    },
  };
}
