/**
 * What a visitor holds. A reservation's id stands for one request, so each addition has its own: the visit's, and a
 * number.
 *
 * @typedef {{reservationId: string, product_id: string, quantity: number, expiry: string}} Held
 */

const NAME = "stock-demo-cart";

export class Cart {
  #storage;
  #kept;

  /** @param {Pick<Storage, "getItem" | "setItem">} storage */
  constructor(storage) {
    this.#storage = storage;
    this.#kept = read(storage) ?? { visit: `visit-${crypto.randomUUID()}`, next: 1, lines: [], unsure: {} };
    this.#keep();
  }

  /** @returns {Held[]} */
  get lines() {
    return this.#kept.lines;
  }

  /** What is held of each product, with the time until which all of it is. */
  get products() {
    const found = new Map();
    for (const line of this.lines) {
      const { product_id, quantity, expiry } = line;
      const group = found.get(product_id) ?? { product_id, quantity: 0, expiry, lines: [] };
      group.quantity += quantity;
      group.lines.push(line);
      if (Date.parse(expiry) < Date.parse(group.expiry)) group.expiry = expiry;
      found.set(product_id, group);
    }
    return [...found.values()];
  }

  /** What this cart is sold as: the same until it is empty, as a checkout that is repeated has to be the same. */
  get reference() {
    if (!this.#kept.reference) {
      this.#kept.reference = `order-${crypto.randomUUID().slice(0, 8)}`;
      this.#keep();
    }
    return this.#kept.reference;
  }

  /**
   * What to ask the service for; after an attempt without an answer the same again, which then counts once.
   * @returns {{reservationId: string, quantity: number, lifetime_minutes: number}}
   */
  request(productId, quantity, lifetime_minutes) {
    const unsure = this.#kept.unsure[productId];
    if (unsure) return unsure;
    const made = { reservationId: `${this.#kept.visit}.${this.#kept.next}`, quantity, lifetime_minutes };
    this.#kept.next += 1;
    this.#kept.unsure[productId] = made;
    this.#keep();
    return made;
  }

  /** The service said yes. */
  add(productId, { reservationId, expiry }, quantity) {
    delete this.#kept.unsure[productId];
    this.#kept.lines = [...this.lines, { reservationId, product_id: productId, quantity, expiry }];
    this.#keep();
  }

  /** The service said no. */
  refused(productId) {
    delete this.#kept.unsure[productId];
    this.#keep();
  }

  remove(reservationId) {
    this.#kept.lines = this.lines.filter((line) => line.reservationId !== reservationId);
    if (this.lines.length === 0) delete this.#kept.reference;
    this.#keep();
  }

  #keep() {
    this.#storage.setItem(NAME, JSON.stringify(this.#kept));
  }
}

function read(storage) {
  try {
    return JSON.parse(storage.getItem(NAME));
  } catch {
    return null;
  }
}
