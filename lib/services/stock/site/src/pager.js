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

  /** The next page's rows, which are some unless it was the last; after a failure the same page again. */
  async next() {
    for (;;) {
      const { rows, token } = await this.#fetch(this.#token);
      this.#token = token ?? undefined;
      this.#done = !token;
      if (rows.length || this.#done) return rows; // what is filtered may leave a page empty
    }
  }
}

/** A pager over a client's listing. */
export function pagerOf(member, list, query = {}) {
  return new Pager(async (token) => {
    const page = await list({ ...query, page_token: token });
    return { rows: page[member], token: page.next_page_token };
  });
}

/**
 * One pager after another. A page goes on into the next pager until it has some rows; what came before a failure is
 * not lost.
 */
export function chain(pagers, enough = 20) {
  let kept = [];
  return {
    get done() {
      return pagers.every(({ done }) => done);
    },
    async next() {
      while (kept.length < enough && !this.done) kept.push(...(await pagers.find(({ done }) => !done).next()));
      const rows = kept;
      kept = [];
      return rows;
    },
  };
}
