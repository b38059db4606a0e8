import { InventoryClient } from "../api-client.js";
import { loadConfig } from "../config.js";
import { h, loading } from "../dom.js";
import { errorBox } from "../explain.js";
import { forgetKey, keepKey, readKey } from "../key.js";
import { keyForm } from "../key-form.js";
import { pagerOf } from "../pager.js";
import { details } from "./details.js";
import { allStock, attention } from "./lists.js";

const MESSAGE_MS = 6000;
const COUNTED = 100;

/**
 * What views share.
 * @typedef {object} App
 * @property {InventoryClient} client
 * @property {(text: string) => void} say Tell what was done.
 * @property {() => void} count Count anew what needs attention.
 * @property {() => void} newKey Forget the key and ask for another.
 * @property {(hash: string) => void} go
 */

/** The panel's frame: its key, its views by address, its messages. */
export async function start() {
  const [main, forget, messages, badge] = ["main", "forget", "messages", "attention-count"].map((id) => document.getElementById(id));
  let config = null;
  let view = new AbortController();
  let quiet = 0;

  /** @type {App} */
  const app = { client: null, say, count, newKey, go };

  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // addresses behind # are views here
    main.focus();
  });
  forget.addEventListener("click", newKey);
  addEventListener("hashchange", () => show(true));
  main.replaceChildren(loading("Starting…"));
  try {
    config = await loadConfig();
  } catch (error) {
    main.replaceChildren(h("h1", {}, "Stock"), errorBox(error, { doing: "The panel could not start", retry: () => location.reload() }));
    return;
  }
  document.getElementById("environment").textContent = config.environment;
  document.getElementById("environment").hidden = false;
  if (readKey()) enter(readKey());
  else ask();

  function clientOf(apiKey) {
    return new InventoryClient({ baseUrl: config.api_url, apiKey });
  }

  function ask() {
    forget.hidden = true;
    badge.hidden = true;
    document.body.classList.add("locked");
    main.replaceChildren(
      keyForm({
        heading: "Stock administration",
        text: ["Enter the API key of this environment. It stays in this tab and is forgotten when you close it."],
        submit: "Open",
        check: (key) => clientOf(key).levels({ page_size: 1 }),
        done: (key) => {
          keepKey(key);
          enter(key);
          main.focus();
        },
      }),
    );
    main.querySelector("input").focus();
  }

  function enter(key) {
    app.client = clientOf(key);
    forget.hidden = false;
    document.body.classList.remove("locked");
    show(false);
    count();
  }

  function newKey() {
    view.abort();
    forgetKey();
    app.client = null;
    ask();
  }

  function show(focus) {
    if (!app.client) return;
    view.abort();
    view = new AbortController();
    const [, name = "", id = ""] = location.hash.split("/");
    const page = name === "product" && id ? details(app, decoded(id), view.signal) : name === "attention" ? attention(app) : allStock(app);
    main.replaceChildren(page);
    document.title = `${main.querySelector("h1").textContent} · Stock`;
    for (const link of document.querySelectorAll("nav a")) {
      if (link.hash === `#/${name}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (focus) {
      main.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
  }

  function go(hash) {
    if (location.hash === hash) show(true);
    else location.hash = hash;
  }

  function say(text) {
    clearTimeout(quiet);
    messages.replaceChildren(h("p", { class: "message" }, text));
    quiet = setTimeout(() => messages.replaceChildren(), MESSAGE_MS);
  }

  async function count() {
    const having = (status) => pagerOf("levels", (query) => app.client.levels(query), { status, page_size: COUNTED });
    const pagers = [having("OUT_OF_STOCK"), having("LOW_STOCK")];
    try {
      const rows = (await Promise.all(pagers.map((pager) => pager.next()))).flat().length;
      badge.textContent = pagers.every(({ done }) => done) ? `${rows}` : `${rows}+`;
      badge.hidden = rows === 0;
    } catch {
      badge.hidden = true; // the view itself tells what is wrong
    }
  }
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // mistyped by hand
  }
}
