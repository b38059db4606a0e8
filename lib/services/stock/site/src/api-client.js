/**
 * HTTP client of the stock service. Arguments and results use the field names of the API (`stock_count`,
 * `reservationId`).
 *
 * @typedef {"IN_STOCK" | "LOW_STOCK" | "OUT_OF_STOCK"} Status
 *
 * @typedef {object} Level Stock of one product in one warehouse.
 * @property {string} product_id
 * @property {string} warehouse_id
 * @property {string} [category]
 * @property {number} stock_count Units on hand.
 * @property {number} reserved_count Units on hand that are reserved.
 * @property {number} available Units on hand that are not reserved.
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
 * @typedef {object} ReservationLine One reservation of a product in one warehouse.
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
 * @property {number} quantity Signed if the stock on hand was changed, otherwise positive.
 * @property {string} [reservationId]
 * @property {string} [reference]
 * @property {string} [reason]
 * @property {string} actor
 * @property {string} [correlationId] Correlation ID of the request or scheduled job that caused the movement.
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
 * @property {string} [page_token] `next_page_token` of the previous page.
 */

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 5000;

/** API Gateway rejects requests with these status codes, so they do not reveal whether an earlier attempt was processed. */
const GATEWAY_REJECTIONS = [401, 403, 429];

/** An error response, or a request without a usable response. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {{status?: number, code?: string, details?: string[], requestId?: string, cause?: unknown}} [context]
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
 * Client of the stock service. Failed requests are retried with exponential backoff: idempotent requests after network
 * errors, timeouts, and 5xx responses; all requests after a 429 response, because throttled requests are not processed.
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
   * @param {number} [options.timeoutMs] Timeout of each attempt.
   * @param {number} [options.attempts] Maximum number of attempts per request.
   * @param {typeof fetch} [options.fetch]
   * @param {(ms: number) => Promise<void>} [options.sleep]
   */
  constructor({ baseUrl, apiKey = "", token, timeoutMs = 10_000, attempts = 3, fetch = globalThis.fetch, sleep = sleepFor }) {
    if (!baseUrl) throw new TypeError(`baseUrl must be the URL of the API, got ${JSON.stringify(baseUrl)}.`);
    this.#base = String(baseUrl).replace(/\/+$/, "");
    this.#key = apiKey;
    this.#token = token;
    this.#timeout = timeoutMs;
    this.#attempts = attempts;
    this.#fetch = (...args) => fetch(...args);
    this.#sleep = sleep;
  }

  /**
   * Return the public level of a product. No credential is required; the service can be configured to omit the counts.
   * @param {string} productId
   * @param {{warehouse_id?: string}} [query]
   * @returns {Promise<(Level & {warehouses?: Level[]}) | Availability>}
   */
  level(productId, query) {
    return this.#get(productPath(productId), query);
  }

  /**
   * Return the level of a product in one warehouse, or the total of all warehouses with each level in `warehouses`.
   * @param {string} productId
   * @param {{warehouse_id?: string}} [query]
   * @returns {Promise<Level & {warehouses?: Level[]}>}
   */
  fullLevel(productId, query) {
    return this.#get(productPath(productId, "level"), query);
  }

  /**
   * Return one page of levels, ordered by product ID.
   * @param {PageQuery & {category?: string, status?: Status, search?: string}} [query] `search` is a prefix of the
   *   product ID.
   * @returns {Promise<{levels: Level[], count: number, next_page_token: string | null}>}
   */
  levels(query) {
    return this.#get("/inventory", query);
  }

  /**
   * Iterate over all levels. Pages are fetched on demand.
   * @param {Parameters<InventoryClient["levels"]>[0]} [query]
   * @returns {AsyncGenerator<Level>}
   */
  allLevels(query) {
    return paginate("levels", (page) => this.levels(page), query);
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
   * Update a level. The idempotency key makes retries safe: an adjustment is applied once.
   * @param {string} productId
   * @param {{warehouse_id?: string, stock_count?: number, adjustment?: number, reason?: string,
   *   threshold_level?: number, category?: string | null, expected_version?: number,
   *   expected_last_updated?: string}} changes
   * @param {{idempotencyKey?: string}} [options] Pass the same key to repeat a call safely.
   * @returns {Promise<Level>}
   */
  update(productId, changes, options) {
    return this.#sendOnce("PUT", productPath(productId), changes, options);
  }

  /**
   * Reserve units of one product. The reservation ID makes retries safe.
   * @param {string} productId
   * @param {{reservationId: string, quantity: number, warehouse_id?: string, lifetime_minutes?: number}} reservation
   * @returns {Promise<Reservation>}
   */
  reserve(productId, reservation) {
    return this.#send("POST", productPath(productId, "reserve"), { body: reservation, isIdempotent: true });
  }

  /**
   * Reserve units of several products in one transaction.
   * @param {{reservationId: string, lines: Line[], lifetime_minutes?: number}} reservation
   * @returns {Promise<Reservation>}
   */
  reserveAll(reservation) {
    return this.#send("POST", "/inventory/reserve", { body: reservation, isIdempotent: true });
  }

  /**
   * Release the units of one product that the caller reserved.
   * @param {string} productId
   * @param {string} reservationId
   * @returns {Promise<void>}
   */
  release(productId, reservationId) {
    return this.#delete(productPath(productId, "reserve", reservationId));
  }

  /**
   * Release the units of one product in any caller's reservation. For administrators.
   * @param {string} productId
   * @param {string} reservationId
   * @returns {Promise<void>}
   */
  releaseReservation(productId, reservationId) {
    return this.#delete(productPath(productId, "reservations", reservationId));
  }

  /**
   * Release all units of a reservation of the caller.
   * @param {string} reservationId
   * @returns {Promise<void>}
   */
  releaseAll(reservationId) {
    return this.#delete(joinPath("inventory", "reserve", reservationId));
  }

  /**
   * Remove sold units of one product from stock: the units of a reservation, or a quantity.
   * @param {string} productId
   * @param {{reservationId?: string, quantity?: number, warehouse_id?: string, reference?: string}} sold
   * @param {{idempotencyKey?: string}} [options] Pass the same key to repeat a call safely.
   * @returns {Promise<Fulfilment>}
   */
  fulfill(productId, sold, options) {
    return this.#sendOnce("POST", productPath(productId, "fulfill"), sold, options);
  }

  /**
   * Remove sold units of several products from stock in one transaction: a whole reservation, or individual lines.
   * @param {{reservationId?: string, lines?: Line[], reference?: string}} sold
   * @param {{idempotencyKey?: string}} [options]
   * @returns {Promise<Fulfilment>}
   */
  fulfillAll(sold, options) {
    return this.#sendOnce("POST", "/inventory/fulfill", sold, options);
  }

  /**
   * Return one page of the movements of a product, newest first.
   * @param {string} productId
   * @param {PageQuery & {warehouse_id?: string}} [query]
   * @returns {Promise<{movements: Movement[], count: number, next_page_token: string | null}>}
   */
  movements(productId, query) {
    return this.#get(productPath(productId, "movements"), query);
  }

  /**
   * @param {string} productId
   * @param {Parameters<InventoryClient["movements"]>[1]} [query]
   * @returns {AsyncGenerator<Movement>}
   */
  allMovements(productId, query) {
    return paginate("movements", (page) => this.movements(productId, page), query);
  }

  /**
   * Return one page of the reservations of a product, earliest expiry first.
   * @param {string} productId
   * @param {PageQuery} [query]
   * @returns {Promise<{reservations: ReservationLine[], count: number, next_page_token: string | null}>}
   */
  reservations(productId, query) {
    return this.#get(productPath(productId, "reservations"), query);
  }

  /**
   * @param {string} productId
   * @param {PageQuery} [query]
   * @returns {AsyncGenerator<ReservationLine>}
   */
  allReservations(productId, query) {
    return paginate("reservations", (page) => this.reservations(productId, page), query);
  }

  /**
   * Recalculate a product's levels from its reservations and movements. Return the differences; `repair` corrects them.
   * @param {string} productId
   * @param {{repair?: boolean}} [options]
   * @returns {Promise<{product_id: string, repaired: boolean,
   *   drifts: Array<{warehouse_id: string, field: string, counted: number, found: number}>}>}
   */
  reconcile(productId, { repair = false } = {}) {
    return this.#send("POST", productPath(productId, "reconcile"), { body: { repair }, isIdempotent: true });
  }

  #get(route, query = {}) {
    const params = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
    const queryString = new URLSearchParams(params).toString();
    return this.#send("GET", queryString ? `${route}?${queryString}` : route, { isIdempotent: true });
  }

  async #delete(route) {
    await this.#send("DELETE", route, { isIdempotent: true, notFoundIsSuccess: true });
  }

  #sendOnce(method, route, body, { idempotencyKey = crypto.randomUUID() } = {}) {
    return this.#send(method, route, { body, isIdempotent: true, headers: { "Idempotency-Key": idempotencyKey } });
  }

  async #send(method, route, { body, headers = {}, isIdempotent = false, notFoundIsSuccess = false }) {
    const request = { method, headers: { ...headers }, cache: "no-store" };
    // Without a key, omit the header: browsers would send a CORS preflight request before each read.
    const correlationId = this.#key && newCorrelationId();
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
        const authorization = this.#token ? { Authorization: `Bearer ${await this.#token()}` } : {};
        isSent = true;
        return await this.#attempt(this.#base + route, { ...request, headers: { ...request.headers, ...authorization } });
      } catch (error) {
        // An earlier attempt might have released the reservation and lost its response.
        if (notFoundIsSuccess && outcomeUnknown && error.status === 404) return undefined;
        if (isSent && !isClientError(error.status)) outcomeUnknown = true;
        if (isSent && isRejection(error)) outcomeUnknown = false;
        const isRetryable = error.status === 429 || (isIdempotent && (error.status === 0 || error.status >= 500));
        if (!isRetryable || attempt >= this.#attempts) throw Object.assign(error, { correlationId, outcomeUnknown, credential });
        await this.#sleep(delay(attempt, error.retryAfter));
      }
    }
  }

  async #attempt(url, request) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), this.#timeout);
    try {
      const response = await this.#fetch(url, { ...request, signal: controller.signal });
      const text = await response.text();
      if (!response.ok) throw responseError(response, text);
      return text ? parseBody(response, text) : undefined;
    } catch (error) {
      if (error instanceof ApiError) throw error;
      if (controller.signal.aborted) {
        throw new ApiError(`No response within ${this.#timeout} ms.`, { code: "TIMEOUT", cause: error });
      }
      throw new ApiError("The service could not be reached.", { code: "NETWORK", cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Return the delay before the next attempt in ms: `Retry-After` of the response, or exponential backoff with jitter. */
export function delay(attempt, retryAfter, random = Math.random) {
  const maximum = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return retryAfter > 0 ? Math.min(LONGEST_DELAY_MS, retryAfter * 1000) : maximum / 2 + (random() * maximum) / 2;
}

async function* paginate(member, fetchPage, query = {}) {
  let token = query.page_token;
  do {
    const page = await fetchPage({ ...query, page_token: token });
    yield* page[member];
    token = page.next_page_token;
  } while (token);
}

function parseBody(response, text) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const context = { status: response.status, code: "NOT_JSON", requestId: requestIdOf(response), cause };
    throw new ApiError("The response is not JSON. Check that the configured URL is the URL of the API.", context);
  }
}

function responseError(response, text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined; // proxies respond with HTML
  }
  body = body !== null && typeof body === "object" ? body : {};
  const error = new ApiError(String(body.error ?? body.message ?? `The service returned HTTP status ${response.status}.`), {
    status: response.status,
    code: String(body.code ?? `HTTP_${response.status}`),
    details: Array.isArray(body.details) ? body.details.map(String) : [],
    requestId: String(body.requestId ?? requestIdOf(response)),
  });
  error.retryAfter = Number(response.headers.get("retry-after") ?? 0);
  return error;
}

function requestIdOf(response) {
  return response.headers.get("x-request-id") ?? "";
}

/** Return a new correlation ID; empty on a page without TLS, where browsers do not support `randomUUID`. */
function newCorrelationId() {
  return globalThis.crypto.randomUUID?.() ?? "";
}

function joinPath(...parts) {
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

function productPath(productId, ...rest) {
  return joinPath("inventory", productId, ...rest);
}

function sleepFor(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
