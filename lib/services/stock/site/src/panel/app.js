import { loadConfig } from "../config.js";
import { h, loading } from "../dom.js";
import { entranceOf } from "../entrance.js";
import { errorBox } from "../explain.js";
import { pagerOf } from "../pager.js";
import { details } from "./details.js";
import { allStock, attention } from "./lists.js";

const MESSAGE_MS = 6000;
const COUNTED = 100;

/**
 * What views share.
 * @typedef {object} App
 * @property {import("../api-client.js").InventoryClient} client
 * @property {(text: string) => void} say Tell what was done.
 * @property {() => void} count Count anew what needs attention.
 * @property {() => void} enterAgain Ask anew who it is.
 * @property {(hash: string) => void} go
 */

const HEADING = "Stock administration";
const TEXTS = {
  key: {
    heading: HEADING,
    text: ["Enter the API key of this environment. It stays in this tab and is forgotten when you close it."],
    submit: "Open",
  },
  person: {
    heading: HEADING,
    text: ["Sign in to see and change the stock. It ends with this tab, or after half a day."],
  },
};

/** The panel's frame: its entrance, its views by address, its messages. */
export async function start() {
  const [main, leave, messages, badge] = ["main", "leave", "messages", "attention-count"].map((id) => document.getElementById(id));
  let entrance = null;
  let view = new AbortController();
  let quiet = 0;

  /** @type {App} */
  const app = { client: null, say, count, enterAgain, go };

  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // addresses behind # are views here
    main.focus();
  });
  leave.addEventListener("click", () => left(entrance.end()));
  addEventListener("hashchange", () => show(true));
  main.replaceChildren(loading("Starting…"));
  let config;
  try {
    config = await loadConfig();
  } catch (error) {
    main.replaceChildren(h("h1", {}, "Stock"), errorBox(error, { doing: "The panel could not start", retry: () => location.reload() }));
    return;
  }
  document.getElementById("environment").textContent = config.environment;
  document.getElementById("environment").hidden = false;
  entrance = entranceOf(config, new URL("admin-panel.html", location.href).href, TEXTS);
  leave.textContent = entrance.leave;
  try {
    const client = await entrance.known();
    if (client) enter(client);
    else ask();
  } catch (error) {
    ask(error);
  }

  function ask(problem) {
    leave.hidden = true;
    badge.hidden = true;
    document.body.classList.add("locked");
    const entered = (client) => {
      enter(client);
      main.focus();
    };
    main.replaceChildren(entrance.gate(entered, problem));
    main.querySelector("input, button.primary").focus();
  }

  function enter(client) {
    app.client = client;
    leave.hidden = false;
    document.body.classList.remove("locked");
    show(false);
    count();
  }

  function enterAgain() {
    left(entrance.again());
  }

  function left(stays) {
    if (!stays) return;
    view.abort();
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
