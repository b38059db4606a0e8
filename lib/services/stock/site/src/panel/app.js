import { loadConfig } from "../config.js";
import { h, loading } from "../dom.js";
import { createAuth } from "../auth.js";
import { errorBox } from "../explain.js";
import { createPager } from "../pager.js";
import { details } from "./details.js";
import { allStock, attention } from "./lists.js";

const MESSAGE_MS = 6000;
const COUNT_PAGE_SIZE = 100;

/**
 * Shared by all views.
 * @typedef {object} App
 * @property {import("../api-client.js").InventoryClient} client
 * @property {(message: string) => void} showMessage Show the result of an action.
 * @property {() => void} countAttention Update the number of products that need attention.
 * @property {() => void} reauthenticate Replace rejected credentials.
 * @property {(hash: string) => void} navigate
 */

const HEADING = "Stock administration";
const TEXTS = {
  key: {
    heading: HEADING,
    paragraphs: ["Enter the API key of this environment. It is stored in this tab only, until you close the tab."],
    submit: "Continue",
  },
  signIn: {
    heading: HEADING,
    paragraphs: ["Sign in to view and change stock. You are signed out after 12 hours, or when you close this tab."],
  },
};

/** Start the panel: authentication, views selected by the URL fragment, and messages. */
export async function start() {
  const [main, signOut, messages, badge] = ["main", "sign-out", "messages", "attention-count"].map((id) => document.getElementById(id));
  let auth = null;
  let view = new AbortController();
  let messageTimer = 0;

  /** @type {App} */
  const app = { client: null, showMessage, countAttention, reauthenticate, navigate };

  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // URL fragments select views
    main.focus();
  });
  signOut.addEventListener("click", () => auth.signOut() && showGate());
  addEventListener("hashchange", () => showView(true));
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
  auth = createAuth(config, new URL("admin-panel.html", location.href).href, TEXTS);
  signOut.textContent = auth.signOutLabel;
  try {
    const client = await auth.restore();
    if (client) openPanel(client);
    else showGate();
  } catch (error) {
    showGate(error);
  }

  function showGate(problem) {
    view.abort();
    app.client = null;
    signOut.hidden = true;
    badge.hidden = true;
    document.body.classList.add("locked");
    const onAuthenticated = (client) => {
      openPanel(client);
      main.focus();
    };
    main.replaceChildren(auth.gate(onAuthenticated, problem));
    main.querySelector("input, button.primary").focus();
  }

  function openPanel(client) {
    app.client = client;
    signOut.hidden = false;
    document.body.classList.remove("locked");
    showView(false);
    countAttention();
  }

  function reauthenticate() {
    if (auth.reauthenticate()) showGate();
  }

  function showView(isNavigation) {
    if (!app.client) return;
    view.abort();
    view = new AbortController();
    const [, name = "", id = ""] = location.hash.split("/");
    const page = name === "product" && id ? details(app, decode(id), view.signal) : name === "attention" ? attention(app) : allStock(app);
    main.replaceChildren(page);
    document.title = `${main.querySelector("h1").textContent} · Stock`;
    for (const link of document.querySelectorAll("nav a")) {
      if (link.hash === `#/${name}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (isNavigation) {
      main.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
  }

  function navigate(hash) {
    if (location.hash === hash) showView(true);
    else location.hash = hash;
  }

  function showMessage(message) {
    clearTimeout(messageTimer);
    messages.replaceChildren(h("p", { class: "message" }, message));
    messageTimer = setTimeout(() => messages.replaceChildren(), MESSAGE_MS);
  }

  async function countAttention() {
    const pagerByStatus = (status) => createPager("levels", (query) => app.client.levels(query), { status, page_size: COUNT_PAGE_SIZE });
    const pagers = [pagerByStatus("OUT_OF_STOCK"), pagerByStatus("LOW_STOCK")];
    try {
      const total = (await Promise.all(pagers.map((pager) => pager.next()))).flat().length;
      badge.textContent = pagers.every(({ done }) => done) ? `${total}` : `${total}+`;
      badge.hidden = total === 0;
    } catch {
      badge.hidden = true; // the view shows the error
    }
  }
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a malformed URL
  }
}
