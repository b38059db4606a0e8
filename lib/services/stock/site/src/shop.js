import { loadConfig } from "./config.js";
import { h, icon, loading } from "./dom.js";
import { entranceOf } from "./entrance.js";
import { errorBox, saidNo } from "./explain.js";
import { clock, plural, secondsLeft, title } from "./format.js";
import { pagerOf } from "./pager.js";
import { Cart } from "./shop/cart.js";

const PRODUCTS = 12;
const REFRESH_SECONDS = 4;
const MESSAGE_MS = 6000;

const HEADING = "Demo shop";
const TEXTS = {
  key: {
    heading: HEADING,
    text: [
      "Product pages ask for stock without a key. Holding and selling need one: in a real shop the shop's own " +
        "server has it and makes those calls, and a browser never sees it.",
      "This demo has no server of its own, so lend this tab the API key of a test environment.",
    ],
    submit: "Open the shop",
  },
  person: {
    heading: HEADING,
    text: [
      "Product pages ask for stock without a sign-in. Holding and selling need one: in a real shop the shop's own " +
        "server makes those calls, as itself.",
      "This demo has no server of its own, so sign in, and it makes them as you.",
    ],
  },
};

const main = document.getElementById("main");
const leave = document.getElementById("leave");
const messages = document.getElementById("messages");
const cart = new Cart(sessionStorage);
let config = null;
let entrance = null;
let quiet = 0;

document.querySelector(".skip").addEventListener("click", () => main.focus());
leave.addEventListener("click", () => left(entrance.end()));
start();

async function start() {
  main.replaceChildren(loading("Starting…"));
  try {
    config = await loadConfig();
  } catch (error) {
    const box = errorBox(error, { doing: "The shop could not open", retry: () => location.reload() });
    main.replaceChildren(h("h1", {}, "Demo shop"), box);
    return;
  }
  entrance = entranceOf(config, new URL("./", location.href).href, TEXTS);
  leave.textContent = entrance.leave;
  try {
    const client = await entrance.known();
    if (client) open(client);
    else ask();
  } catch (error) {
    ask(error);
  }
}

function ask(problem) {
  leave.hidden = true;
  const entered = (client) => {
    open(client);
    main.focus();
  };
  main.replaceChildren(entrance.gate(entered, problem));
  main.querySelector("input, button.primary").focus();
}

function enterAgain() {
  left(entrance.again());
}

function left(stays) {
  if (stays) ask();
}

function say(text) {
  clearTimeout(quiet);
  messages.replaceChildren(h("p", { class: "message" }, text));
  quiet = setTimeout(() => messages.replaceChildren(), MESSAGE_MS);
}

function open(client) {
  leave.hidden = false;
  const grid = h("ul", { class: "grid" });
  const below = h("div", { class: "grid-below" });
  const minutes = h(
    "select",
    { id: "minutes" },
    ...[1, 5, 15].map((value) => h("option", { value, selected: value === 15 }, plural(value, "minute"))),
  );
  const basket = h("div", { class: "stack" });
  const outcome = h("div", { class: "stack" });
  const category = new URLSearchParams(location.search).get("category"); // a shop of one category
  const pager = pagerOf("levels", (query) => client.levels(query), { category, page_size: PRODUCTS });
  const shown = new Set();

  main.replaceChildren(
    h(
      "div",
      { class: "stack wide" },
      h("h1", {}, "Demo shop"),
      h(
        "p",
        { class: "lead" },
        "Add to cart holds the item, Remove gives it back, Check out sells it. Open this page in a second window, and ",
        h("a", { href: "admin-panel.html" }, "the panel"),
        " in a third, and watch the same stock from all sides.",
      ),
      h(
        "div",
        { class: "shop" },
        h("section", { "aria-label": "Products", class: "stack" }, grid, below),
        h(
          "aside",
          { class: "card cart", "aria-labelledby": "cart-title" },
          h("h2", { id: "cart-title" }, icon("cart"), "Your cart"),
          basket,
          outcome,
          h("div", { class: "inline-field hold" }, h("label", { for: "minutes" }, "Hold items for"), minutes),
        ),
      ),
    ),
  );
  showCart();
  more();
  clearInterval(open.ticking);
  open.ticking = setInterval(tick, 1000);

  async function more() {
    below.replaceChildren(loading("Loading products…"));
    try {
      const levels = await pager.next();
      for (const level of levels) {
        if (shown.has(level.product_id)) continue; // one per warehouse
        shown.add(level.product_id);
        grid.append(card(level, shown.size));
      }
      const button = h("button", { type: "button", class: "quiet", click: more }, "Show more products");
      const none = h("p", { class: "empty" }, "Nothing is for sale yet: add products in the panel.");
      below.replaceChildren(...(pager.done ? [] : [button]), ...(shown.size ? [] : [none]));
    } catch (error) {
      below.replaceChildren(errorBox(error, { doing: "The products could not be loaded", retry: more, enterAgain }));
    }
  }

  function card({ product_id: productId, category }, index) {
    const problem = h("div", {});
    const button = h("button", { type: "button", id: `add-${index}`, class: "primary" }, "Add to cart");
    button.append(h("span", { class: "unseen" }, ` ${title(productId)}`));
    button.addEventListener("click", () => add(productId, button, problem));
    const picture = h("div", { class: "picture", "aria-hidden": "true" }, title(productId).slice(0, 1));
    picture.style.setProperty("--hue", hue(productId));
    return h(
      "li",
      { class: "product" },
      picture,
      h("div", { class: "product-text" }, h("h2", {}, title(productId)), h("p", {}, category ?? productId)),
      h("inventory-widget", {
        "product-id": productId,
        "api-url": config.api_url,
        "refresh-seconds": REFRESH_SECONDS,
        for: button.id,
      }),
      button,
      problem,
    );
  }

  async function add(productId, button, problem) {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    problem.replaceChildren();
    const wanted = cart.request(productId, 1, Number(minutes.value));
    try {
      cart.add(productId, await client.reserve(productId, wanted), wanted.quantity);
      outcome.replaceChildren();
      say(`${title(productId)} is held for you`);
    } catch (error) {
      if (saidNo(error)) cart.refused(productId); // otherwise it may be held
      const soldOut = error.code === "INSUFFICIENT_STOCK";
      const doing = soldOut ? "Sold out meanwhile" : "Not added";
      problem.replaceChildren(errorBox(error, { doing, enterAgain, retry: soldOut ? null : () => add(productId, button, problem) }));
    }
    button.removeAttribute("aria-busy");
    changed();
  }

  async function remove({ product_id: productId, lines }, button) {
    button.disabled = true;
    outcome.replaceChildren();
    let released = true;
    for (const { reservationId } of lines) {
      try {
        await client.releaseAll(reservationId);
      } catch (error) {
        if (error.status !== 404) {
          outcome.replaceChildren(errorBox(error, { doing: `${title(productId)} is still held`, enterAgain }));
          released = false;
          continue;
        }
      }
      cart.remove(reservationId);
    }
    if (released) say(`${title(productId)} is no longer held`);
    changed();
    document.getElementById("cart-title").focus();
  }

  async function checkOut(button) {
    button.disabled = true;
    const { reference } = cart;
    const sold = [];
    const problems = [];
    for (const { reservationId, product_id: productId } of cart.lines) {
      try {
        const once = { idempotencyKey: `checkout-${reservationId}` };
        const { lines } = await client.fulfillAll({ reservationId, reference }, once);
        sold.push(...lines);
        cart.remove(reservationId);
      } catch (error) {
        problems.push(failed(productId, reservationId, error));
      }
    }
    messages.replaceChildren();
    outcome.replaceChildren(...problems, ...(sold.length ? [receipt(reference, sold)] : []));
    changed();
  }

  function failed(productId, reservationId, error) {
    const gone = error.status === 404 || error.code === "RESERVATION_EXPIRED";
    if (gone) cart.remove(reservationId);
    const doing = gone ? `${title(productId)} was not sold` : `${title(productId)} is still in your cart`;
    if (error.status !== 404) return errorBox(error, { doing, enterAgain });
    return errorBox(Object.assign(new Error("it is no longer held"), { code: "RESERVATION_EXPIRED" }), { doing });
  }

  function receipt(reference, lines) {
    const totals = new Map();
    for (const { product_id: id, quantity } of lines) totals.set(id, (totals.get(id) ?? 0) + quantity);
    return h(
      "div",
      { class: "note good", role: "status" },
      icon("IN_STOCK"),
      h(
        "div",
        {},
        h("strong", {}, "Thank you!"),
        h("p", {}, "Sold as ", h("code", {}, reference)),
        h("ul", {}, ...[...totals].map(([id, quantity]) => h("li", {}, `${quantity} × ${title(id)}`))),
      ),
    );
  }

  function changed() {
    showCart();
    for (const widget of grid.querySelectorAll("inventory-widget")) widget.refresh();
  }

  function showCart() {
    const heading = document.getElementById("cart-title");
    heading.tabIndex = -1;
    if (cart.lines.length === 0) {
      basket.replaceChildren(h("p", { class: "empty" }, "Nothing in it yet."));
      return;
    }
    const pay = h("button", { type: "button", class: "primary" }, "Check out");
    pay.addEventListener("click", () => checkOut(pay));
    basket.replaceChildren(h("ul", { class: "lines" }, ...cart.products.map(line)), pay);
    tick();
  }

  function line(group) {
    const button = h("button", { type: "button", class: "quiet small" }, "Remove");
    button.append(h("span", { class: "unseen" }, ` ${title(group.product_id)}`));
    button.addEventListener("click", () => remove(group, button));
    return h(
      "li",
      { class: "line" },
      h(
        "div",
        {},
        h("strong", {}, `${group.quantity} × ${title(group.product_id)}`),
        h("span", { class: "left", role: "timer", "data-expiry": group.expiry, "data-product": group.product_id }),
      ),
      button,
    );
  }

  function tick() {
    for (const place of basket.querySelectorAll(".left")) {
      const seconds = secondsLeft(place.dataset.expiry);
      const text = seconds ? `held for ${clock(seconds)}` : "no longer held";
      if (!seconds && place.textContent.startsWith("held")) {
        say(`${title(place.dataset.product)} is no longer held for you`);
      }
      place.textContent = text;
      place.classList.toggle("soon", seconds < 60);
    }
  }
}

/** A colour for each product. */
function hue(text) {
  let sum = 0;
  for (const character of text) sum = (sum * 31 + character.codePointAt(0)) % 360;
  return (sum * 137) % 360;
}
