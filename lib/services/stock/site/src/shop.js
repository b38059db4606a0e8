import { isRejection } from "./api-client.js";
import { createAuth } from "./auth.js";
import { loadConfig } from "./config.js";
import { h, icon, loading } from "./dom.js";
import { errorBox, outcomeOf } from "./explain.js";
import { duration, plural, secondsLeft, title } from "./format.js";
import { createPager } from "./pager.js";
import { Cart } from "./shop/cart.js";

const PRODUCTS = 12;
const REFRESH_SECONDS = 4;
const MESSAGE_MS = 6000;

const HEADING = "Demo shop";
const TEXTS = {
  key: {
    heading: HEADING,
    paragraphs: [
      "Product pages read stock without an API key. Reservations and sales require a key. In a real shop, only the " +
        "shop's server has the key and sends these requests; browsers never receive it.",
      "This demo has no server. Enter the API key of a test environment to let this tab send the requests.",
    ],
    submit: "Open the shop",
  },
  signIn: {
    heading: HEADING,
    paragraphs: [
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
let messageTimer = 0;

document.querySelector(".skip").addEventListener("click", () => main.focus());
signOut.addEventListener("click", () => auth.signOut() && showGate());
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
  auth = createAuth(config, new URL("./", location.href).href, TEXTS);
  signOut.textContent = auth.signOutLabel;
  try {
    const client = await auth.restore();
    if (client) openShop(client);
    else showGate();
  } catch (error) {
    showGate(error);
  }
}

function showGate(problem) {
  signOut.hidden = true;
  const onAuthenticated = (client) => {
    openShop(client);
    main.focus();
  };
  main.replaceChildren(auth.gate(onAuthenticated, problem));
  main.querySelector("input, button.primary").focus();
}

function reauthenticate() {
  if (auth.reauthenticate()) showGate();
}

function showMessage(message) {
  clearTimeout(messageTimer);
  messages.replaceChildren(h("p", { class: "message" }, message));
  messageTimer = setTimeout(() => messages.replaceChildren(), MESSAGE_MS);
}

function openShop(client) {
  signOut.hidden = false;
  const grid = h("ul", { class: "grid" });
  const listEnd = h("div", { class: "grid-below" });
  const minutes = h(
    "select",
    { id: "minutes" },
    ...[1, 5, 15].map((value) => h("option", { value, selected: value === 15 }, plural(value, "minute"))),
  );
  const cartContent = h("div", { class: "stack" });
  const outcome = h("div", { class: "stack" });
  const category = new URLSearchParams(location.search).get("category"); // limits the shop to one category
  const pager = createPager("levels", (query) => client.levels(query), { category, page_size: PRODUCTS });
  const productIds = new Set();

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
        h("section", { "aria-label": "Products", class: "stack" }, grid, listEnd),
        h(
          "aside",
          { class: "card cart", "aria-labelledby": "cart-title" },
          h("h2", { id: "cart-title" }, icon("cart"), "Your cart"),
          cartContent,
          outcome,
          h("div", { class: "inline-field hold" }, h("label", { for: "minutes" }, "Reserve items for"), minutes),
        ),
      ),
    ),
  );
  showCart();
  loadMore();
  clearInterval(openShop.timers);
  openShop.timers = setInterval(updateTimers, 1000);

  async function loadMore() {
    listEnd.replaceChildren(loading("Loading products…"));
    try {
      const levels = await pager.next();
      for (const level of levels) {
        if (productIds.has(level.product_id)) continue; // there is one level per warehouse
        productIds.add(level.product_id);
        grid.append(productCard(level, productIds.size));
      }
      const button = h("button", { type: "button", class: "quiet", click: loadMore }, "Load more products");
      const emptyMessage = h("p", { class: "empty" }, "There are no products yet. Add products in the stock panel.");
      listEnd.replaceChildren(...(pager.done ? [] : [button]), ...(productIds.size ? [] : [emptyMessage]));
    } catch (error) {
      listEnd.replaceChildren(errorBox(error, { title: "Products could not be loaded", retry: loadMore, reauthenticate }));
    }
  }

  function productCard({ product_id: productId, category }, index) {
    const problem = h("div", {});
    const button = h("button", { type: "button", id: `add-${index}`, class: "primary" }, "Add to cart");
    button.append(h("span", { class: "unseen" }, ` ${title(productId)}`));
    button.addEventListener("click", () => add(productId, button, problem));
    const image = h("div", { class: "picture", "aria-hidden": "true" }, title(productId).slice(0, 1));
    image.style.setProperty("--hue", hue(productId));
    return h(
      "li",
      { class: "product" },
      image,
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
    const request = cart.request(productId, 1, Number(minutes.value));
    try {
      cart.add(productId, await client.reserve(productId, request), request.quantity);
      outcome.replaceChildren();
      showMessage(`${title(productId)} was added to your cart.`);
    } catch (error) {
      if (isRejection(error)) cart.rejected(productId); // otherwise it might be reserved
      const soldOut = error.code === "INSUFFICIENT_STOCK";
      const texts = outcomeOf(error, {
        failed: soldOut ? "This item has sold out" : "The item was not added",
        unknown: "The item may have been reserved",
        repeat: "Try again: it is reserved only once.",
      });
      problem.replaceChildren(errorBox(error, { ...texts, reauthenticate, retry: soldOut ? null : () => add(productId, button, problem) }));
    }
    button.removeAttribute("aria-busy");
    refresh();
  }

  async function remove({ product_id: productId, lines }, button) {
    button.disabled = true;
    outcome.replaceChildren();
    let isReleased = true;
    for (const { reservationId } of lines) {
      try {
        await client.releaseAll(reservationId);
      } catch (error) {
        if (error.status !== 404) {
          const texts = outcomeOf(error, {
            failed: `${title(productId)} is still reserved`,
            unknown: `${title(productId)} may still be reserved`,
            repeat: "Remove it again. Otherwise the reservation expires automatically.",
          });
          outcome.replaceChildren(errorBox(error, { ...texts, reauthenticate }));
          isReleased = false;
          continue;
        }
      }
      cart.remove(reservationId);
    }
    if (isReleased) showMessage(`${title(productId)} was removed from your cart.`);
    refresh();
    document.getElementById("cart-title").focus();
  }

  async function checkOut(button) {
    button.disabled = true;
    const { reference } = cart;
    const sold = [];
    const problems = [];
    for (const { reservationId, product_id: productId } of cart.lines) {
      try {
        const options = { idempotencyKey: `checkout-${reservationId}` };
        const { lines } = await client.fulfillAll({ reservationId, reference }, options);
        sold.push(...lines);
        cart.remove(reservationId);
      } catch (error) {
        problems.push(checkoutError(productId, reservationId, error));
      }
    }
    messages.replaceChildren();
    outcome.replaceChildren(...problems, ...(sold.length ? [receipt(reference, sold)] : []));
    refresh();
  }

  function checkoutError(productId, reservationId, error) {
    const isGone = error.status === 404 || error.code === "RESERVATION_EXPIRED";
    if (isGone) cart.remove(reservationId);
    const texts = outcomeOf(error, {
      failed: isGone ? `${title(productId)} was not sold` : `${title(productId)} is still in your cart`,
      unknown: `${title(productId)} may have been sold`,
      repeat: "It is still in your cart. Check out again: it is sold only once.",
    });
    if (error.status !== 404) return errorBox(error, { ...texts, reauthenticate });
    return errorBox(Object.assign(new Error("The reservation no longer exists."), { code: "RESERVATION_EXPIRED" }), texts);
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

  function refresh() {
    showCart();
    for (const widget of grid.querySelectorAll("inventory-widget")) widget.refresh();
  }

  function showCart() {
    const heading = document.getElementById("cart-title");
    heading.tabIndex = -1;
    if (cart.lines.length === 0) {
      cartContent.replaceChildren(h("p", { class: "empty" }, "Your cart is empty."));
      return;
    }
    const checkOutButton = h("button", { type: "button", class: "primary" }, "Check out");
    checkOutButton.addEventListener("click", () => checkOut(checkOutButton));
    cartContent.replaceChildren(h("ul", { class: "lines" }, ...cart.products.map(cartLine)), checkOutButton);
    updateTimers();
  }

  function cartLine(group) {
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
        h("span", { class: "time-left", role: "timer", "data-expiry": group.expiry, "data-product": group.product_id }),
      ),
      button,
    );
  }

  function updateTimers() {
    for (const timer of cartContent.querySelectorAll(".time-left")) {
      const seconds = secondsLeft(timer.dataset.expiry);
      const status = seconds ? `Reserved for ${duration(seconds)}` : "Reservation expired";
      if (!seconds && timer.textContent.startsWith("Reserved")) {
        showMessage(`Your reservation of ${title(timer.dataset.product)} has expired.`);
      }
      timer.textContent = status;
      timer.classList.toggle("soon", seconds < 60);
    }
  }
}

/** Derive the hue of a product's image from its ID. */
function hue(productId) {
  let sum = 0;
  for (const character of productId) sum = (sum * 31 + character.codePointAt(0)) % 360;
  return (sum * 137) % 360;
}
