/**
 * The cart of a visitor. Each added item is a separate reservation, whose ID consists of the visit ID and a sequence number.
 *
 * @typedef {{reservationId: string, product_id: string, quantity: number, expiry: string}} CartLine
 */

const STORAGE_KEY = "stock-demo-cart";

export class Cart {
  #storage;
  #state;

  /** @param {Pick<Storage, "getItem" | "setItem">} storage */
  constructor(storage) {
    this.#storage = storage;
    this.#state = load(storage) ?? { visit: `visit-${crypto.randomUUID()}`, next: 1, lines: [], unsure: new Map() };
    this.#save();
  }

  /** @returns {CartLine[]} */
  get lines() {
    return this.#state.lines;
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

  /** The order number. It does not change until the cart is empty, so that a repeated checkout is the same request. */
  get reference() {
    if (!this.#state.reference) {
      this.#state.reference = `order-${crypto.randomUUID().slice(0, 8)}`;
      this.#save();
    }
    return this.#state.reference;
  }

  /**
   * Return the request that reserves a product. It does not change until the service confirms or rejects it, so a retry
   * reserves the product once.
   * @returns {{reservationId: string, quantity: number, lifetime_minutes: number}}
   */
  request(productId, quantity, lifetime_minutes) {
    const pending = this.#state.unsure.get(productId);
    if (pending) return pending;
    const request = { reservationId: `${this.#state.visit}.${this.#state.next}`, quantity, lifetime_minutes };
    this.#state.next += 1;
    this.#state.unsure.set(productId, request);
    this.#save();
    return request;
  }

  /** Add a line after the service created its reservation. */
  add(productId, { reservationId, expiry }, quantity) {
    this.#state.unsure.delete(productId);
    this.#state.lines = [...this.lines, { reservationId, product_id: productId, quantity, expiry }];
    this.#save();
  }

  /** Drop a request that the service rejected. */
  rejected(productId) {
    this.#state.unsure.delete(productId);
    this.#save();
  }

  remove(reservationId) {
    this.#state.lines = this.lines.filter((line) => line.reservationId !== reservationId);
    if (this.lines.length === 0) delete this.#state.reference;
    this.#save();
  }

  #save() {
    this.#storage.setItem(STORAGE_KEY, JSON.stringify({ ...this.#state, unsure: [...this.#state.unsure] }));
  }
}

function load(storage) {
  try {
    const cart = JSON.parse(storage.getItem(STORAGE_KEY));
    // Earlier versions stored an object.
    return cart && { ...cart, unsure: new Map(Array.isArray(cart.unsure) ? cart.unsure : Object.entries(cart.unsure)) };
  } catch {
    return null;
  }
}
