import { isRejection } from "./api-client.js";
import { authOf } from "./auth.js";
import { loadConfig } from "./config.js";
import { h, icon, loading } from "./dom.js";
import { errorBox, outcomeOf } from "./explain.js";
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
      "Product pages read stock without an API key. Reservations and sales require a key. In a real shop, only the " +
        "shop's server has the key and sends these requests; browsers never receive it.",
      "This demo has no server. Enter the API key of a test environment to let this tab send the requests.",
    ],
    submit: "Open the shop",
  },
  person: {
    heading: HEADING,
    text: [
      "Product pages read stock without a sign-in. Reservations and sales require one. In a real shop, the shop's " +
        "server sends these requests with its own identity.",
      "This demo has no server. Sign in to let this tab send the requests as you.",
    ],
  },
};

const main = document.getElementById("main");
const signOut = document.getElementById("sign-out");
const messages = document.getElementById("messages");
const cart = new Cart(sessionStorage);
let config = null;
let auth = null;
let quiet = 0;

document.querySelector(".skip").addEventListener("click", () => main.focus());
signOut.addEventListener("click", () => gateIf(auth.signOut()));
start();

async function start() {
  main.replaceChildren(loading("Loading…"));
  try {
    config = await loadConfig();
  } catch (error) {
    const box = errorBox(error, { title: "The shop could not be loaded", retry: () => location.reload() });
    main.replaceChildren(h("h1", {}, "Demo shop"), box);
    return;
  }
  auth = authOf(config, new URL("./", location.href).href, TEXTS);
  signOut.textContent = auth.signOutLabel;
  try {
    const client = await auth.restore();
    if (client) open(client);
    else ask();
  } catch (error) {
    ask(error);
  }
}

function ask(problem) {
  signOut.hidden = true;
  const entered = (client) => {
    open(client);
    main.focus();
  };
  main.replaceChildren(auth.gate(entered, problem));
  main.querySelector("input, button.primary").focus();
}

function reauthenticate() {
  gateIf(auth.reauthenticate());
}

function gateIf(stays) {
  if (stays) ask();
}

function say(text) {
  clearTimeout(quiet);
  messages.replaceChildren(h("p", { class: "message" }, text));
  quiet = setTimeout(() => messages.replaceChildren(), MESSAGE_MS);
}

function open(client) {
  signOut.hidden = false;
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
        "Add to cart reserves an item, Remove releases it, and Check out sells it. Open this page in a second window and ",
        h("a", { href: "admin-panel.html" }, "the stock panel"),
        " in a third to see the same stock change in all of them.",
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
          h("div", { class: "inline-field hold" }, h("label", { for: "minutes" }, "Reserve items for"), minutes),
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
      const button = h("button", { type: "button", class: "quiet", click: more }, "Load more products");
      const none = h("p", { class: "empty" }, "There are no products yet. Add products in the stock panel.");
      below.replaceChildren(...(pager.done ? [] : [button]), ...(shown.size ? [] : [none]));
    } catch (error) {
      below.replaceChildren(errorBox(error, { title: "Products could not be loaded", retry: more, reauthenticate }));
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
      say(`${title(productId)} was added to your cart.`);
    } catch (error) {
      if (isRejection(error)) cart.rejected(productId); // otherwise it might be reserved
      const soldOut = error.code === "INSUFFICIENT_STOCK";
      const outcome = outcomeOf(error, {
        failed: soldOut ? "This item has sold out" : "The item was not added",
        unknown: "The item may have been reserved",
        repeat: "Try again: it is reserved only once.",
      });
      problem.replaceChildren(errorBox(error, { ...outcome, reauthenticate, retry: soldOut ? null : () => add(productId, button, problem) }));
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
          const failed = outcomeOf(error, {
            failed: `${title(productId)} is still reserved`,
            unknown: `${title(productId)} may still be reserved`,
            repeat: "Remove it again. Otherwise the reservation expires on its own.",
          });
          outcome.replaceChildren(errorBox(error, { ...failed, reauthenticate }));
          released = false;
          continue;
        }
      }
      cart.remove(reservationId);
    }
    if (released) say(`${title(productId)} was removed from your cart.`);
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
    const outcome = outcomeOf(error, {
      failed: gone ? `${title(productId)} was not sold` : `${title(productId)} is still in your cart`,
      unknown: `${title(productId)} may have been sold`,
      repeat: "It is still in your cart. Check out again: it is sold only once.",
    });
    if (error.status !== 404) return errorBox(error, { ...outcome, reauthenticate });
    return errorBox(Object.assign(new Error("The reservation no longer exists"), { code: "RESERVATION_EXPIRED" }), outcome);
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
        h("p", {}, "Order ", h("code", {}, reference)),
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
      basket.replaceChildren(h("p", { class: "empty" }, "Your cart is empty."));
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
      const text = seconds ? `Reserved for ${clock(seconds)}` : "Reservation expired";
      if (!seconds && place.textContent.startsWith("Reserved")) {
        say(`Your reservation of ${title(place.dataset.product)} has expired.`);
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
