/**
 * The stock service over HTTP. Fields are named as they travel (`stock_count`, `reservationId`), in requests too.
 *
 * @typedef {"IN_STOCK" | "LOW_STOCK" | "OUT_OF_STOCK"} Status
 *
 * @typedef {object} Level One product in one warehouse.
 * @property {string} product_id
 * @property {string} warehouse_id
 * @property {string} [category]
 * @property {number} stock_count On hand.
 * @property {number} reserved_count Held by reservations.
 * @property {number} available On hand and not held.
 * @property {number} threshold_level
 * @property {Status} status
 * @property {string} last_updated ISO 8601, UTC.
 * @property {number} version
 *
 * @typedef {object} Availability A level without counts.
 * @property {string} product_id
 * @property {string} [warehouse_id] The warehouse of the query.
 * @property {boolean} in_stock
 * @property {boolean} low_stock
 *
 * @typedef {object} Line
 * @property {string} product_id
 * @property {number} quantity
 * @property {string} [warehouse_id]
 *
 * @typedef {object} Reservation
 * @property {string} reservationId
 * @property {string} expiry ISO 8601, UTC.
 * @property {Line[]} lines
 *
 * @typedef {object} Held One line of a reservation, as a product's list tells it.
 * @property {string} reservationId
 * @property {string} product_id
 * @property {string} warehouse_id
 * @property {number} quantity
 * @property {string} expiry
 * @property {string} reserved_at
 * @property {string} actor
 *
 * @typedef {object} Movement
 * @property {string} product_id
 * @property {string} warehouse_id
 * @property {number} sequence
 * @property {"CREATED" | "UPDATED" | "ADJUSTED" | "RESERVED" | "RELEASED" | "EXPIRED" | "FULFILLED" | "REPAIRED"} type
 * @property {number} quantity Signed where the stock itself was changed, positive otherwise.
 * @property {string} [reservationId]
 * @property {string} [reference]
 * @property {string} [reason]
 * @property {string} actor
 * @property {string} [correlationId] Of the request, or the sweep, that made it.
 * @property {string} at
 * @property {number} stock_count
 * @property {number} reserved_count
 * @property {number} available
 * @property {number} threshold_level
 * @property {Status} status
 *
 * @typedef {object} Fulfilment
 * @property {string} [reservationId]
 * @property {string} [reference]
 * @property {Array<Line & {stock_count: number, reserved_count: number, available: number, status: Status}>} lines
 *
 * @typedef {object} PageQuery
 * @property {number} [page_size] At least 1. Values above 100 are reduced to 100.
 * @property {string} [page_token] `next_page_token` of the page before.
 */

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 5000;

/** API Gateway returns these before the service sees the request: they do not describe earlier attempts. */
const GATEWAY_REJECTIONS = [401, 403, 429];

/** An error response, or a request without a usable response. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {{status?: number, code?: string, details?: string[], requestId?: string, cause?: unknown}} [about]
   *   Without a response, `status` is 0 and `code` is NETWORK or TIMEOUT. The client also sets `correlationId`, which
   *   all attempts share, `outcomeUnknown`, which is true if the request might have been processed although it failed,
   *   and `credential`, the kind of credential that was sent.
   */
  constructor(message, { status = 0, code = "ERROR", details = [], requestId = "", cause } = {}) {
    super(message, { cause });
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.details = details;
    this.requestId = requestId;
    this.correlationId = "";
    this.outcomeUnknown = false;
    /** @type {"" | "key" | "token"} */
    this.credential = "";
  }
}

/**
 * Whether the service itself rejected a request, so that no attempt with the same idempotency key was processed.
 * @param {Error & {status?: number}} error
 */
export function isRejection({ status = 0 }) {
  return isClientError(status) && !GATEWAY_REJECTIONS.includes(status);
}

const isClientError = (status) => status >= 400 && status < 500;

/**
 * A caller of the service.
 *
 * Each attempt may take `timeoutMs`. What may safely be sent again is, after a pause, when the network fails or the
 * service answers 5xx; a 429 changed nothing, so after it anything is.
 */
export class InventoryClient {
  static ApiError = ApiError;

  #base;
  #key;
  #token;
  #timeout;
  #attempts;
  #fetch;
  #sleep;

  /**
   * @param {object} options
   * @param {string} options.baseUrl URL of the API, including its stage.
   * @param {string} [options.apiKey] Required by all methods except `level`. Every visitor of a page can read its key.
   * @param {() => Promise<string>} [options.token] Returns an access token if the API requires one instead of a key.
   * @param {number} [options.timeoutMs]
   * @param {number} [options.attempts] How often one request is sent at most.
   * @param {typeof fetch} [options.fetch]
   * @param {(ms: number) => Promise<void>} [options.sleep]
   */
  constructor({ baseUrl, apiKey = "", token, timeoutMs = 10_000, attempts = 3, fetch = globalThis.fetch, sleep = pause }) {
    if (!baseUrl) throw new TypeError(`baseUrl must be the URL of the API, got ${JSON.stringify(baseUrl)}.`);
    this.#base = String(baseUrl).replace(/\/+$/, "");
    this.#key = apiKey;
    this.#token = token;
    this.#timeout = timeoutMs;
    this.#attempts = attempts;
    this.#fetch = (...sent) => fetch(...sent);
    this.#sleep = sleep;
  }

  /**
   * A product's public level: the only call that works without a credential. The service can be configured to omit the
   * counts from it.
   * @param {string} productId
   * @param {{warehouse_id?: string}} [query]
   * @returns {Promise<(Level & {warehouses?: Level[]}) | Availability>}
   */
  level(productId, query) {
    return this.#get(product(productId), query);
  }

  /**
   * A product's level in one warehouse, or the sum over all warehouses with the level of each in `warehouses`.
   * @param {string} productId
   * @param {{warehouse_id?: string}} [query]
   * @returns {Promise<Level & {warehouses?: Level[]}>}
   */
  fullLevel(productId, query) {
    return this.#get(product(productId, "level"), query);
  }

  /**
   * One page of levels, ordered by product.
   * @param {PageQuery & {category?: string, status?: Status, search?: string}} [query] `search` is how ids begin.
   * @returns {Promise<{levels: Level[], count: number, next_page_token: string | null}>}
   */
  levels(query) {
    return this.#get("/inventory", query);
  }

  /**
   * Every level, fetched page by page as it is asked for.
   * @param {Parameters<InventoryClient["levels"]>[0]} [query]
   * @returns {AsyncGenerator<Level>}
   */
  allLevels(query) {
    return everyOf("levels", (page) => this.levels(page), query);
  }

  /**
   * @param {{product_id: string, stock_count: number, warehouse_id?: string, threshold_level?: number,
   *   category?: string}} level
   * @param {{idempotencyKey?: string}} [options]
   * @returns {Promise<Level>}
   */
  create(level, options) {
    return this.#sendOnce("POST", "/inventory", level, options);
  }

  /**
   * Change a level. Its key makes it safe to repeat: an adjustment counts once.
   * @param {string} productId
   * @param {{warehouse_id?: string, stock_count?: number, adjustment?: number, reason?: string,
   *   threshold_level?: number, category?: string | null, expected_version?: number,
   *   expected_last_updated?: string}} changes
   * @param {{idempotencyKey?: string}} [options] Give a key of your own to be able to repeat the call itself.
   * @returns {Promise<Level>}
   */
  update(productId, changes, options) {
    return this.#sendOnce("PUT", product(productId), changes, options);
  }

  /**
   * Hold stock of one product; the reservation's id makes it safe to repeat.
   * @param {string} productId
   * @param {{reservationId: string, quantity: number, warehouse_id?: string, lifetime_minutes?: number}} wanted
   * @returns {Promise<Reservation>}
   */
  reserve(productId, wanted) {
    return this.#send("POST", product(productId, "reserve"), { body: wanted, repeatable: true });
  }

  /**
   * Hold stock of several products: all of it or none.
   * @param {{reservationId: string, lines: Line[], lifetime_minutes?: number}} wanted
   * @returns {Promise<Reservation>}
   */
  reserveAll(wanted) {
    return this.#send("POST", "/inventory/reserve", { body: wanted, repeatable: true });
  }

  /**
   * Release the units of one product that the caller reserved.
   * @param {string} productId
   * @param {string} reservationId
   * @returns {Promise<void>}
   */
  release(productId, reservationId) {
    return this.#delete(product(productId, "reserve", reservationId));
  }

  /**
   * Release the units of one product in any caller's reservation. For administrators.
   * @param {string} productId
   * @param {string} reservationId
   * @returns {Promise<void>}
   */
  releaseReservation(productId, reservationId) {
    return this.#delete(product(productId, "reservations", reservationId));
  }

  /**
   * Give back all that a reservation holds.
   * @param {string} reservationId
   * @returns {Promise<void>}
   */
  releaseAll(reservationId) {
    return this.#delete(path("inventory", "reserve", reservationId));
  }

  /**
   * Take what was sold out of the stock: what a reservation holds of the product, or a quantity.
   * @param {string} productId
   * @param {{reservationId?: string, quantity?: number, warehouse_id?: string, reference?: string}} sold
   * @param {{idempotencyKey?: string}} [options] Give a key of your own to be able to repeat the call itself.
   * @returns {Promise<Fulfilment>}
   */
  fulfill(productId, sold, options) {
    return this.#sendOnce("POST", product(productId, "fulfill"), sold, options);
  }

  /**
   * Take all that a reservation holds, or several lines, out of the stock: all of it or none.
   * @param {{reservationId?: string, lines?: Line[], reference?: string}} sold
   * @param {{idempotencyKey?: string}} [options]
   * @returns {Promise<Fulfilment>}
   */
  fulfillAll(sold, options) {
    return this.#sendOnce("POST", "/inventory/fulfill", sold, options);
  }

  /**
   * One page of what happened to a product, newest first.
   * @param {string} productId
   * @param {PageQuery & {warehouse_id?: string}} [query]
   * @returns {Promise<{movements: Movement[], count: number, next_page_token: string | null}>}
   */
  movements(productId, query) {
    return this.#get(product(productId, "movements"), query);
  }

  /**
   * @param {string} productId
   * @param {Parameters<InventoryClient["movements"]>[1]} [query]
   * @returns {AsyncGenerator<Movement>}
   */
  allMovements(productId, query) {
    return everyOf("movements", (page) => this.movements(productId, page), query);
  }

  /**
   * One page of what holds a product's stock, soonest expiry first.
   * @param {string} productId
   * @param {PageQuery} [query]
   * @returns {Promise<{reservations: Held[], count: number, next_page_token: string | null}>}
   */
  reservations(productId, query) {
    return this.#get(product(productId, "reservations"), query);
  }

  /**
   * @param {string} productId
   * @param {PageQuery} [query]
   * @returns {AsyncGenerator<Held>}
   */
  allReservations(productId, query) {
    return everyOf("reservations", (page) => this.reservations(productId, page), query);
  }

  /**
   * Count a product's reservations again and tell where the level says otherwise.
   * @param {string} productId
   * @param {{repair?: boolean}} [options]
   * @returns {Promise<{product_id: string, repaired: boolean,
   *   drifts: Array<{warehouse_id: string, field: string, counted: number, found: number}>}>}
   */
  reconcile(productId, { repair = false } = {}) {
    return this.#send("POST", product(productId, "reconcile"), { body: { repair }, repeatable: true });
  }

  #get(at, query = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
    const text = new URLSearchParams(given).toString();
    return this.#send("GET", text ? `${at}?${text}` : at, { repeatable: true });
  }

  async #delete(at) {
    await this.#send("DELETE", at, { repeatable: true, goneIsDone: true });
  }

  #sendOnce(method, at, body, { idempotencyKey = crypto.randomUUID() } = {}) {
    return this.#send(method, at, { body, repeatable: true, headers: { "Idempotency-Key": idempotencyKey } });
  }

  async #send(method, at, { body, headers = {}, repeatable = false, goneIsDone = false }) {
    const request = { method, headers: { ...headers }, cache: "no-store" };
    // A custom header would make browsers send a preflight request before each read without a key.
    const correlationId = this.#key && newId();
    if (this.#key) request.headers["x-api-key"] = this.#key;
    if (correlationId) request.headers["X-Correlation-Id"] = correlationId;
    if (body !== undefined) {
      request.headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    const credential = this.#token ? "token" : this.#key && "key";
    let outcomeUnknown = false;
    for (let attempt = 1; ; attempt += 1) {
      let isSent = false;
      try {
        const known = this.#token ? { Authorization: `Bearer ${await this.#token()}` } : {};
        isSent = true;
        return await this.#once(this.#base + at, { ...request, headers: { ...request.headers, ...known } });
      } catch (error) {
        // An earlier attempt might have released it, and only its response was lost.
        if (goneIsDone && outcomeUnknown && error.status === 404) return undefined;
        if (isSent && !isClientError(error.status)) outcomeUnknown = true;
        if (isSent && isRejection(error)) outcomeUnknown = false;
        const again = error.status === 429 || (repeatable && (error.status === 0 || error.status >= 500));
        if (!again || attempt >= this.#attempts) throw Object.assign(error, { correlationId, outcomeUnknown, credential });
        await this.#sleep(delay(attempt, error.retryAfter));
      }
    }
  }

  async #once(url, request) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), this.#timeout);
    try {
      const answer = await this.#fetch(url, { ...request, signal: controller.signal });
      const text = await answer.text();
      if (!answer.ok) throw refusal(answer, text);
      return text ? read(answer, text) : undefined;
    } catch (error) {
      if (error instanceof ApiError) throw error;
      if (controller.signal.aborted) {
        throw new ApiError(`No response within ${this.#timeout} ms`, { code: "TIMEOUT", cause: error });
      }
      throw new ApiError("The service could not be reached", { code: "NETWORK", cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** How long to wait after an attempt: what the service asks for, or a random part of a doubling time. */
export function delay(attempt, retryAfter, random = Math.random) {
  const most = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return retryAfter > 0 ? Math.min(LONGEST_DELAY_MS, retryAfter * 1000) : most / 2 + (random() * most) / 2;
}

async function* everyOf(member, fetchPage, query = {}) {
  let token = query.page_token;
  do {
    const page = await fetchPage({ ...query, page_token: token });
    yield* page[member];
    token = page.next_page_token;
  } while (token);
}

function read(answer, text) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const about = { status: answer.status, code: "NOT_JSON", requestId: requestIdOf(answer), cause };
    throw new ApiError("The response is not JSON. Check that the configured URL is the URL of the API.", about);
  }
}

function refusal(answer, text) {
  let told;
  try {
    told = JSON.parse(text);
  } catch {
    told = undefined; // a proxy in between answers in HTML
  }
  told = told !== null && typeof told === "object" ? told : {};
  const error = new ApiError(String(told.error ?? told.message ?? `The service returned HTTP status ${answer.status}`), {
    status: answer.status,
    code: String(told.code ?? `HTTP_${answer.status}`),
    details: Array.isArray(told.details) ? told.details.map(String) : [],
    requestId: String(told.requestId ?? requestIdOf(answer)),
  });
  error.retryAfter = Number(answer.headers.get("retry-after") ?? 0);
  return error;
}

function requestIdOf(answer) {
  return answer.headers.get("x-request-id") ?? "";
}

/** None where the page came over plain HTTP, to which browsers give no ids. */
function newId() {
  return globalThis.crypto.randomUUID?.() ?? "";
}

function path(...parts) {
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

function product(productId, ...rest) {
  return path("inventory", productId, ...rest);
}

function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
