/**
 * The reservations of a visitor. Each addition is a request with its own reservation ID: the visit and a number.
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
    this.#kept = read(storage) ?? { visit: `visit-${crypto.randomUUID()}`, next: 1, lines: [], unsure: new Map() };
    this.#keep();
  }

  /** @returns {Held[]} */
  get lines() {
    return this.#kept.lines;
  }

  /** The lines by product, each with the earliest expiry. */
  get products() {
    const groups = new Map();
    for (const line of this.lines) {
      const { product_id, quantity, expiry } = line;
      const group = groups.get(product_id) ?? { product_id, quantity: 0, expiry, lines: [] };
      group.quantity += quantity;
      group.lines.push(line);
      if (Date.parse(expiry) < Date.parse(group.expiry)) group.expiry = expiry;
      groups.set(product_id, group);
    }
    return [...groups.values()];
  }

  /** The order number: unchanged until the cart is empty, so that a repeated checkout is the same request. */
  get reference() {
    if (!this.#kept.reference) {
      this.#kept.reference = `order-${crypto.randomUUID().slice(0, 8)}`;
      this.#keep();
    }
    return this.#kept.reference;
  }

  /**
   * Return the request that adds a product. Until it succeeds or is rejected, it stays the same, so it counts once.
   * @returns {{reservationId: string, quantity: number, lifetime_minutes: number}}
   */
  request(productId, quantity, lifetime_minutes) {
    const unsure = this.#kept.unsure.get(productId);
    if (unsure) return unsure;
    const made = { reservationId: `${this.#kept.visit}.${this.#kept.next}`, quantity, lifetime_minutes };
    this.#kept.next += 1;
    this.#kept.unsure.set(productId, made);
    this.#keep();
    return made;
  }

  /** Add a line after the service created its reservation. */
  add(productId, { reservationId, expiry }, quantity) {
    this.#kept.unsure.delete(productId);
    this.#kept.lines = [...this.lines, { reservationId, product_id: productId, quantity, expiry }];
    this.#keep();
  }

  /** Drop a request that the service rejected. */
  rejected(productId) {
    this.#kept.unsure.delete(productId);
    this.#keep();
  }

  remove(reservationId) {
    this.#kept.lines = this.lines.filter((line) => line.reservationId !== reservationId);
    if (this.lines.length === 0) delete this.#kept.reference;
    this.#keep();
  }

  #keep() {
    this.#storage.setItem(NAME, JSON.stringify({ ...this.#kept, unsure: [...this.#kept.unsure] }));
  }
}

function read(storage) {
  try {
    const cart = JSON.parse(storage.getItem(NAME));
    // Earlier versions stored an object.
    return cart && { ...cart, unsure: new Map(Array.isArray(cart.unsure) ? cart.unsure : Object.entries(cart.unsure)) };
  } catch {
    return null;
  }
}
