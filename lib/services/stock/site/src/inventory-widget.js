/**
 * `<inventory-widget product-id="desk-7" api-url="https://..." for="add-to-cart"></inventory-widget>`
 *
 * A product's stock status, for product pages. Attributes:
 *
 * - `product-id`, `api-url`: what to ask, and where. `warehouse-id`: only what lies there.
 * - `refresh-seconds`: how often to ask again while the page is seen (30; 0: only when it is seen again).
 * - `timeout-ms`: how long an answer may take (5000).
 * - `for`: the id of a button that is disabled for as long as the product cannot be bought, or nobody knows.
 * - `label-in-stock`, `label-low-stock`, `label-out-of-stock`, `label-unavailable`, `label-loading`: other texts, where
 *   `{available}` stands for what is left. The `labels` property takes them too, and functions of what is left.
 *
 * `refresh()` asks now. The event `inventory-status` tells each change: `{productId, status, available, purchasable}`,
 * where `status` is the service's, LOADING or UNAVAILABLE. Colours and shape: `--inventory-*` below, and the parts
 * `badge`, `icon` and `text`.
 */

const LOADING = "LOADING";
const UNAVAILABLE = "UNAVAILABLE";

const LABELS = {
  [LOADING]: "Checking stock…",
  IN_STOCK: "In Stock",
  LOW_STOCK: "Only {available} left!",
  OUT_OF_STOCK: "Out of Stock",
  [UNAVAILABLE]: "Stock status unavailable",
};

/** A shape for each status: colour is not the only sign. */
const ICONS = {
  [LOADING]: "M8 2a6 6 0 1 1-6 6",
  IN_STOCK: "M3 8.5 6.5 12 13 4.5",
  LOW_STOCK: "M8 2 15 14H1ZM8 6.5v3.5M8 12v.1",
  OUT_OF_STOCK: "M4 4l8 8M12 4l-8 8",
  [UNAVAILABLE]: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2Q8 8.8 8 10M8 12.6v.1",
};

// A style sheet that is made, not written: pages may forbid inline styles.
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

const name = (status) => status.toLowerCase().replaceAll("_", "-");

class InventoryWidget extends HTMLElement {
  static observedAttributes = [
    "product-id",
    "api-url",
    "warehouse-id",
    "timeout-ms",
    "refresh-seconds",
    "for",
    ...Object.keys(LABELS).map((status) => `label-${name(status)}`),
  ];

  #labels = {};
  #state = { productId: null, status: LOADING, available: null, purchasable: false };
  #told = "";
  #asked = null;
  #timer = 0;
  #due = false;
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

  /** How many can be bought; null while nobody knows. */
  get available() {
    return this.#state.available;
  }

  get purchasable() {
    return this.#state.purchasable;
  }

  /** Texts by status, each with `{available}` in it or a function of it. */
  get labels() {
    return { ...LABELS, ...this.#labels };
  }

  set labels(labels) {
    this.#labels = { ...labels };
    this.#render();
  }

  connectedCallback() {
    if (Object.hasOwn(this, "labels")) {
      const { labels } = this; // set before this script was there
      delete this.labels;
      this.labels = labels;
    }
    document.addEventListener("visibilitychange", this.#seen);
    this.#reload();
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.#seen);
    clearTimeout(this.#timer);
    this.#asked?.abort();
    this.#asked = null;
    this.#hold(null);
  }

  attributeChangedCallback(attribute, before, now) {
    if (!this.isConnected || before === now) return;
    if (attribute === "refresh-seconds") this.#schedule();
    else if (attribute === "for" || attribute.startsWith("label-")) this.#render();
    else this.#reload();
  }

  /** Ask now; resolves when the answer, if it is not too old by then, is shown. */
  async refresh() {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    const asked = new AbortController();
    this.#asked = asked;
    const productId = this.getAttribute("product-id");
    const timer = setTimeout(() => asked.abort(), this.#number("timeout-ms", 5000));
    let available = null;
    let status = UNAVAILABLE;
    try {
      ({ available, status } = await this.#fetch(productId, asked.signal));
    } catch {
      // Whatever it was, nobody knows how much there is.
    }
    clearTimeout(timer);
    if (this.#asked !== asked) return;
    this.#show({ productId, status, available, purchasable: available > 0 });
    this.#schedule();
  }

  async #fetch(productId, signal) {
    if (!productId) throw new TypeError("product-id: give one");
    const warehouse = this.getAttribute("warehouse-id");
    const base = this.getAttribute("api-url").replace(/\/+$/, "");
    const query = warehouse ? `?warehouse_id=${encodeURIComponent(warehouse)}` : "";
    const url = `${base}/inventory/${encodeURIComponent(productId)}${query}`;
    const answer = await fetch(url, { signal, cache: "no-store", credentials: "omit" });
    const { available, status } = await answer.json();
    if (!answer.ok || !Number.isInteger(available)) throw new TypeError("no level");
    if (available <= 0) return { available: 0, status: "OUT_OF_STOCK" };
    return { available, status: status === "LOW_STOCK" ? status : "IN_STOCK" };
  }

  /** Something else is to be shown; several attributes set at once are one request. */
  #reload() {
    const productId = this.getAttribute("product-id");
    this.#show({ productId, status: LOADING, available: null, purchasable: false });
    this.#asked?.abort();
    this.#asked = null;
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.isConnected) this.refresh();
    });
  }

  #schedule() {
    clearTimeout(this.#timer);
    const seconds = this.#number("refresh-seconds", 30);
    if (seconds > 0) this.#timer = setTimeout(() => document.hidden || this.refresh(), seconds * 1000);
  }

  #seen = () => document.hidden || this.refresh();

  #number(attribute, otherwise) {
    const given = parseFloat(this.getAttribute(attribute));
    return given >= 0 ? given : otherwise;
  }

  #show(state) {
    this.#state = state;
    this.#render();
    const told = JSON.stringify(state);
    if (told === this.#told) return;
    this.#told = told;
    this.dispatchEvent(new CustomEvent("inventory-status", { bubbles: true, composed: true, detail: { ...state } }));
  }

  #render() {
    const { status, available, purchasable } = this.#state;
    const label = this.#labels[status] ?? this.getAttribute(`label-${name(status)}`) ?? LABELS[status];
    const text = typeof label === "function" ? label(available) : label.replaceAll("{available}", available);
    this.#badge.setAttribute("part", `badge ${name(status)}`);
    this.#badge.setAttribute("aria-busy", status === LOADING);
    this.#path.setAttribute("d", ICONS[status]);
    // Only what is new is read out.
    if (this.#text.textContent !== text) this.#text.textContent = text;
    const id = this.isConnected && this.getAttribute("for");
    this.#hold(id ? this.getRootNode().getElementById(id) : null, !purchasable);
  }

  /** Disable a button, or let go of it: only what was disabled here is enabled again. */
  #hold(button, disabled = false) {
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
