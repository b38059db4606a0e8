/** How whoever visits a page shows who they are: signed in where the deployment has users, else by an API key. */

import { InventoryClient } from "./api-client.js";
import { h, icon } from "./dom.js";
import { errorBox } from "./explain.js";
import { forgetKey, keepKey, readKey } from "./key.js";
import { keyForm } from "./key-form.js";
import { SignIn } from "./sign-in.js";

/**
 * @typedef {object} Entrance
 * @property {string} leave What the button says that ends the visit.
 * @property {() => Promise<InventoryClient | null>} known The client of somebody who is known already; rejects where a
 *   sign-in went wrong.
 * @property {(entered: (client: InventoryClient) => void, problem?: Error) => Element} gate Asks who it is.
 * @property {() => boolean} end Ends the visit; whether the page stays, to ask anew.
 * @property {() => boolean} again Likewise, of who is no longer taken for who they are.
 */

/**
 * @param {import("./config.js").Config} config
 * @param {string} page The page's address as the user pool knows it.
 * @param {{key: {heading: string, text: string[], submit: string}, person: {heading: string, text: string[]}}} texts
 * @returns {Entrance}
 */
export function entranceOf(config, page, texts) {
  return config.sign_in ? bySignIn(config, page, texts.person) : byKey(config, texts.key);
}

function byKey(config, texts) {
  const clientOf = (apiKey) => new InventoryClient({ baseUrl: config.api_url, apiKey });
  const forget = () => (forgetKey(), true);
  return {
    leave: "Forget key",
    known: async () => (readKey() ? clientOf(readKey()) : null),
    gate: (entered) =>
      keyForm({
        ...texts,
        check: (key) => clientOf(key).levels({ page_size: 1 }),
        done: (key) => {
          keepKey(key);
          entered(clientOf(key));
        },
      }),
    end: forget,
    again: forget,
  };
}

function bySignIn(config, page, { heading, text }) {
  const signIn = new SignIn(config.sign_in, page);
  const client = new InventoryClient({ baseUrl: config.api_url, token: () => signIn.token() });
  const go = async () => location.assign(await signIn.begin(location.search + location.hash));
  return {
    leave: "Sign out",
    known: async () => {
      const { search, pathname } = location;
      if (new URLSearchParams(search).has("state")) history.replaceState(null, "", pathname); // what it says is used up
      const back = await signIn.finish(search);
      if (back) history.replaceState(null, "", pathname + back);
      return signIn.signedIn ? client : null;
    },
    gate: (_, problem) =>
      h(
        "section",
        { class: "card gate" },
        h("span", { class: "gate-icon" }, icon("person")),
        h("h1", {}, heading),
        ...text.map((line) => h("p", {}, line)),
        problem && errorBox(problem, { doing: "You are not signed in" }),
        h("button", { type: "button", class: "primary", click: go }, "Sign in"),
      ),
    end: () => (location.assign(signIn.end()), false),
    again: () => (go(), false),
  };
}
