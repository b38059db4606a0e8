/**
 * `<inventory-widget product-id="desk-7" api-url="https://..." for="add-to-cart"></inventory-widget>`
 *
 * The stock status of a product, for product pages. `../README.md` describes the attributes, properties and the event.
 */

const LOADING = "LOADING";
const UNAVAILABLE = "UNAVAILABLE";
const RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

const LABELS = {
  [LOADING]: "Checking stock…",
  IN_STOCK: "In Stock ({available} available)",
  LOW_STOCK: "Low Stock ({available} left)",
  OUT_OF_STOCK: "Out of Stock",
  [UNAVAILABLE]: "Availability unknown",
  IN_STOCK_WITHOUT_COUNT: "In Stock",
  LOW_STOCK_WITHOUT_COUNT: "Low Stock",
};

/** A shape for each status, so that color is not the only difference. */
const ICONS = {
  [LOADING]: "M8 2a6 6 0 1 1-6 6",
  IN_STOCK: "M3 8.5 6.5 12 13 4.5",
  LOW_STOCK: "M8 2 15 14H1ZM8 6.5v3.5M8 12v.1",
  OUT_OF_STOCK: "M4 4l8 8M12 4l-8 8",
  [UNAVAILABLE]: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2Q8 8.8 8 10M8 12.6v.1",
};

// A constructed style sheet: pages can forbid inline styles.
const STYLE = `
:host { display: inline-block; vertical-align: middle }
:host([hidden]) { display: none }
[part~=badge] {
  display: inline-flex; align-items: center; gap: .4em; box-sizing: border-box;
  font: var(--inventory-font, 600 .875rem/1.25 system-ui, sans-serif);
  padding: var(--inventory-padding, .3em .75em .3em .55em);
  border-radius: var(--inventory-radius, 999px);
  border: var(--inventory-border, 1px solid transparent);
  color: var(--inventory-unavailable-color, light-dark(#4a5160, #c3c9d5));
  background: var(--inventory-unavailable-background, light-dark(#eceef2, #2a2f3a));
}
[part~=in-stock] {
  color: var(--inventory-in-stock-color, light-dark(#0a5c36, #86e0b0));
  background: var(--inventory-in-stock-background, light-dark(#def5e8, #12382a));
}
[part~=low-stock] {
  color: var(--inventory-low-stock-color, light-dark(#7a4100, #ffc46b));
  background: var(--inventory-low-stock-background, light-dark(#fdeed3, #40300f));
}
[part~=out-of-stock] {
  color: var(--inventory-out-of-stock-color, light-dark(#9b1c1c, #ffa3a0));
  background: var(--inventory-out-of-stock-background, light-dark(#fde5e4, #451d1e));
}
svg { width: 1em; height: 1em; flex: none; fill: none; stroke: currentColor; stroke-width: 2;
  stroke-linecap: round; stroke-linejoin: round }
[part~=loading] svg { animation: turn 1s linear infinite }
@keyframes turn { to { transform: rotate(1turn) } }
@media (prefers-reduced-motion: reduce) { [part~=loading] svg { animation: none } }
`;

/** Convert a response, with or without counts, to a status and the available units. Return null if it is neither. */
function parseLevel({ available, status, in_stock, low_stock }) {
  const isCounted = Number.isInteger(available);
  if (!isCounted && !(typeof in_stock === "boolean" && typeof low_stock === "boolean")) return null;
  const isLow = isCounted ? status === "LOW_STOCK" : low_stock;
  if (isCounted ? available <= 0 : !in_stock) return { available: isCounted ? 0 : null, status: "OUT_OF_STOCK" };
  return { available: isCounted ? available : null, status: isLow ? "LOW_STOCK" : "IN_STOCK" };
}

const kebabCase = (status) => status.toLowerCase().replaceAll("_", "-");

class InventoryWidget extends HTMLElement {
  static observedAttributes = [
    "product-id",
    "api-url",
    "warehouse-id",
    "timeout-ms",
    "refresh-seconds",
    "for",
    "when-unknown",
    "show-count",
    ...Object.keys(LABELS).map((status) => `label-${kebabCase(status)}`),
  ];

  #labels = {};
  #state = { productId: null, status: LOADING, available: null };
  #announced = "";
  #request = null;
  #failures = 0;
  #timer = 0;
  #isReloadPending = false;
  #button = null;
  #badge;
  #path;
  #text;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.#badge = document.createElement("span");
    this.#badge.setAttribute("role", "status");
    this.#badge.setAttribute("aria-live", "polite");
    const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    icon.setAttribute("viewBox", "0 0 16 16");
    icon.setAttribute("aria-hidden", "true");
    icon.setAttribute("part", "icon");
    this.#path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    icon.append(this.#path);
    this.#text = document.createElement("span");
    this.#text.setAttribute("part", "text");
    this.#badge.append(icon, this.#text);
    root.append(this.#badge);
  }

  /** LOADING, IN_STOCK, LOW_STOCK, OUT_OF_STOCK or UNAVAILABLE. */
  get status() {
    return this.#state.status;
  }

  /** Number of available units; null if it is unknown or the service does not return it. */
  get available() {
    return this.#state.available;
  }

  /** Whether the product can be ordered. */
  get purchasable() {
    const { status } = this.#state;
    if (status === UNAVAILABLE) return this.getAttribute("when-unknown") === "enable";
    return status === "IN_STOCK" || status === "LOW_STOCK";
  }

  /** Labels by status: strings with `{available}`, or functions of it. */
  get labels() {
    return { ...LABELS, ...this.#labels };
  }

  set labels(labels) {
    this.#labels = { ...labels };
    this.#render();
  }

  connectedCallback() {
    if (Object.hasOwn(this, "labels")) {
      const { labels } = this; // set before the element was defined
      delete this.labels;
      this.labels = labels;
    }
    document.addEventListener("visibilitychange", this.#onVisibilityChange);
    this.#reload();
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.#onVisibilityChange);
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#request = null;
    this.#disableButton(null);
  }

  attributeChangedCallback(attribute, before, after) {
    if (!this.isConnected || before === after) return;
    if (attribute === "refresh-seconds") this.#schedule();
    else if (["for", "show-count", "when-unknown"].includes(attribute) || attribute.startsWith("label-")) this.#update({});
    else this.#reload();
  }

  /** Fetch the level. Resolves when the response is visible, or another request superseded it. */
  async refresh() {
    clearTimeout(this.#timer);
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    const productId = this.getAttribute("product-id");
    const timer = setTimeout(() => request.abort(), this.#number("timeout-ms", 5000));
    let level = null;
    try {
      level = await this.#fetch(productId, request.signal);
    } catch {
      // The availability is unknown until a retry succeeds.
    }
    clearTimeout(timer);
    if (this.#request !== request) return;
    this.#failures = level ? 0 : this.#failures + 1;
    this.#update({ productId, ...(level ?? { status: UNAVAILABLE, available: null }) });
    this.#schedule();
  }

  async #fetch(productId, signal) {
    const warehouse = this.getAttribute("warehouse-id");
    const base = this.getAttribute("api-url").replace(/\/+$/, "");
    if (!productId) return null;
    const query = warehouse ? `?warehouse_id=${encodeURIComponent(warehouse)}` : "";
    const url = `${base}/inventory/${encodeURIComponent(productId)}${query}`;
    const response = await fetch(url, { signal, cache: "no-store", credentials: "omit" });
    return response.ok ? parseLevel(await response.json()) : null;
  }

  /** Load the level of the current attributes. Attributes that change together cause one request. */
  #reload() {
    const productId = this.getAttribute("product-id");
    this.#failures = 0;
    this.#update({ productId, status: LOADING, available: null });
    this.#request?.abort();
    this.#request = null;
    if (this.#isReloadPending) return;
    this.#isReloadPending = true;
    queueMicrotask(() => {
      this.#isReloadPending = false;
      if (this.isConnected) this.refresh();
    });
  }

  #schedule() {
    clearTimeout(this.#timer);
    let delay = this.#number("refresh-seconds", 30) * 1000;
    if (this.#failures) {
      // Random, so that the pages of a shop do not retry at the same time after an outage.
      const maximum = Math.min(Math.max(delay, MAX_RETRY_MS), RETRY_MS * 2 ** (this.#failures - 1));
      delay = maximum / 2 + (Math.random() * maximum) / 2;
    }
    if (delay > 0) this.#timer = setTimeout(() => document.hidden || this.refresh(), delay);
  }

  #onVisibilityChange = () => document.hidden || this.refresh();

  #number(attribute, fallback) {
    const value = parseFloat(this.getAttribute(attribute));
    return value >= 0 ? value : fallback;
  }

  #update(changes) {
    this.#state = { ...this.#state, ...changes };
    this.#render();
    const detail = { ...this.#state, purchasable: this.purchasable };
    const announced = JSON.stringify(detail);
    if (announced === this.#announced) return;
    this.#announced = announced;
    this.dispatchEvent(new CustomEvent("inventory-status", { bubbles: true, composed: true, detail }));
  }

  #label(key) {
    return this.#labels[key] ?? this.getAttribute(`label-${kebabCase(key)}`);
  }

  #message() {
    const { status, available } = this.#state;
    const showCount = this.getAttribute("show-count");
    const isCounted = available !== null && showCount !== "never" && (showCount !== "low" || status !== "IN_STOCK");
    const withoutCount = `${status}_WITHOUT_COUNT`;
    let label = this.#label(status);
    if (!isCounted && withoutCount in LABELS) {
      const isPlain = typeof label === "string" && !label.includes("{available}");
      label = this.#label(withoutCount) ?? (isPlain ? label : LABELS[withoutCount]);
    }
    label ??= LABELS[status];
    return typeof label === "function" ? label(available) : label.replaceAll("{available}", available);
  }

  #render() {
    const { status } = this.#state;
    const text = this.#message();
    this.#badge.setAttribute("part", `badge ${kebabCase(status)}`);
    this.#badge.setAttribute("aria-busy", status === LOADING);
    this.#path.setAttribute("d", ICONS[status]);
    // Screen readers announce changes only.
    if (this.#text.textContent !== text) this.#text.textContent = text;
    const id = this.isConnected && this.getAttribute("for");
    this.#disableButton(id ? this.getRootNode().getElementById(id) : null, !this.purchasable);
  }

  /** Disable a button, or enable it again if the widget disabled it. */
  #disableButton(button, disabled = false) {
    if (this.#button && (this.#button !== button || !disabled)) {
      this.#button.disabled = false;
      this.#button = null;
    }
    if (disabled && button && !button.disabled) {
      button.disabled = true;
      this.#button = button;
    }
  }
}

if (!customElements.get("inventory-widget")) customElements.define("inventory-widget", InventoryWidget);
