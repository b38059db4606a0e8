import { loadConfig } from "../config.js";
import { h, loading } from "../dom.js";
import { authOf } from "../auth.js";
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
 * @property {(text: string) => void} say Announce the result of an action.
 * @property {() => void} count Update the number of products that need attention.
 * @property {() => void} reauthenticate Replace rejected credentials.
 * @property {(hash: string) => void} go
 */

const HEADING = "Stock administration";
const TEXTS = {
  key: {
    heading: HEADING,
    text: ["Enter the API key of this environment. It is stored in this tab only, until you close the tab."],
    submit: "Open",
  },
  person: {
    heading: HEADING,
    text: ["Sign in to view and change stock. You are signed out after 12 hours, or when you close this tab."],
  },
};

/** The frame of the panel: authentication, views by URL fragment, and messages. */
export async function start() {
  const [main, signOut, messages, badge] = ["main", "sign-out", "messages", "attention-count"].map((id) => document.getElementById(id));
  let auth = null;
  let view = new AbortController();
  let quiet = 0;

  /** @type {App} */
  const app = { client: null, say, count, reauthenticate, go };

  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // URL fragments select views
    main.focus();
  });
  signOut.addEventListener("click", () => gateIf(auth.signOut()));
  addEventListener("hashchange", () => show(true));
  main.replaceChildren(loading("Loading…"));
  let config;
  try {
    config = await loadConfig();
  } catch (error) {
    main.replaceChildren(h("h1", {}, "Stock"), errorBox(error, { title: "The panel could not be loaded", retry: () => location.reload() }));
    return;
  }
  document.getElementById("environment").textContent = config.environment;
  document.getElementById("environment").hidden = false;
  auth = authOf(config, new URL("admin-panel.html", location.href).href, TEXTS);
  signOut.textContent = auth.signOutLabel;
  try {
    const client = await auth.restore();
    if (client) enter(client);
    else ask();
  } catch (error) {
    ask(error);
  }

  function ask(problem) {
    signOut.hidden = true;
    badge.hidden = true;
    document.body.classList.add("locked");
    const entered = (client) => {
      enter(client);
      main.focus();
    };
    main.replaceChildren(auth.gate(entered, problem));
    main.querySelector("input, button.primary").focus();
  }

  function enter(client) {
    app.client = client;
    signOut.hidden = false;
    document.body.classList.remove("locked");
    show(false);
    count();
  }

  function reauthenticate() {
    gateIf(auth.reauthenticate());
  }

  function gateIf(stays) {
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
      badge.hidden = true; // the view shows the error
    }
  }
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a malformed URL
  }
}
