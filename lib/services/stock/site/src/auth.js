/** Authentication of a page: sign-in if the deployment has a user pool, an API key otherwise. */

import { InventoryClient } from "./api-client.js";
import { h, icon } from "./dom.js";
import { errorBox } from "./explain.js";
import { clearKey, readKey, saveKey } from "./key.js";
import { keyForm } from "./key-form.js";
import { SignIn } from "./sign-in.js";

/**
 * @typedef {object} Auth
 * @property {string} signOutLabel
 * @property {() => Promise<InventoryClient | null>} restore Return the client of an authenticated tab. Rejects if a
 *   sign-in failed.
 * @property {(entered: (client: InventoryClient) => void, problem?: Error) => Element} gate The form that authenticates.
 * @property {() => boolean} signOut Clear the credentials. Return whether the page stays and shows the gate.
 * @property {() => boolean} reauthenticate Replace rejected credentials. Return whether the page stays and shows the gate.
 */

/**
 * @param {import("./config.js").Config} config
 * @param {string} page URL of the page as registered in the user pool.
 * @param {{key: {heading: string, text: string[], submit: string}, person: {heading: string, text: string[]}}} texts
 * @returns {Auth}
 */
export function authOf(config, page, texts) {
  return config.sign_in ? bySignIn(config, page, texts.person) : byKey(config, texts.key);
}

function byKey(config, texts) {
  const clientOf = (apiKey) => new InventoryClient({ baseUrl: config.api_url, apiKey });
  return {
    signOutLabel: "Clear API key",
    restore: async () => (readKey() ? clientOf(readKey()) : null),
    gate: (entered) =>
      keyForm({
        ...texts,
        key: readKey(),
        check: (key) => clientOf(key).levels({ page_size: 1 }),
        done: (key) => {
          saveKey(key);
          entered(clientOf(key));
        },
      }),
    signOut: () => (clearKey(), true),
    reauthenticate: () => true, // keep the rejected key: the form shows it for correction
  };
}

function bySignIn(config, page, { heading, text }) {
  const signIn = new SignIn(config.sign_in, page);
  const client = new InventoryClient({ baseUrl: config.api_url, token: () => signIn.token() });
  const go = async () => location.assign(await signIn.begin(location.search + location.hash));
  return {
    signOutLabel: "Sign out",
    restore: async () => {
      const { search, pathname } = location;
      if (new URLSearchParams(search).has("state")) history.replaceState(null, "", pathname); // its values work only once
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
        problem && errorBox(problem, { title: "You are not signed in" }),
        h("button", { type: "button", class: "primary", click: go }, "Sign in"),
      ),
    signOut: () => (location.assign(signIn.signOut()), false),
    reauthenticate: () => (go(), false),
  };
}
