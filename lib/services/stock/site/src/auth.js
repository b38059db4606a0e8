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
 * @property {() => boolean} signOut Clear the credentials. Return true to show the gate, false if the page redirects.
 * @property {() => boolean} reauthenticate Replace rejected credentials. Return true to show the gate, false if the page
 *   redirects.
 */

/**
 * @param {import("./config.js").Config} config
 * @param {string} page URL of the page as registered in the user pool.
 * @param {{key: {heading: string, paragraphs: string[], submit: string}, signIn: {heading: string, paragraphs: string[]}}} texts
 * @returns {Auth}
 */
export function createAuth(config, page, texts) {
  return config.sign_in ? signInAuth(config, page, texts.signIn) : keyAuth(config, texts.key);
}

function keyAuth(config, texts) {
  const createClient = (apiKey) => new InventoryClient({ baseUrl: config.api_url, apiKey });
  return {
    signOutLabel: "Clear API key",
    restore: async () => (readKey() ? createClient(readKey()) : null),
    gate: (entered) =>
      keyForm({
        ...texts,
        key: readKey(),
        check: (key) => createClient(key).levels({ page_size: 1 }),
        done: (key) => {
          saveKey(key);
          entered(createClient(key));
        },
      }),
    signOut: () => (clearKey(), true),
    reauthenticate: () => true, // keep the rejected key: the form shows it for correction
  };
}

function signInAuth(config, page, { heading, paragraphs }) {
  const signIn = new SignIn(config.sign_in, page);
  const client = new InventoryClient({ baseUrl: config.api_url, token: () => signIn.token() });
  const redirect = async () => location.assign(await signIn.begin(location.search + location.hash));
  return {
    signOutLabel: "Sign out",
    restore: async () => {
      const { search, pathname } = location;
      // A reload must not send the authorization code again: it is valid only once.
      if (new URLSearchParams(search).has("state")) history.replaceState(null, "", pathname);
      const restored = await signIn.finish(search);
      if (restored) history.replaceState(null, "", pathname + restored);
      return signIn.signedIn ? client : null;
    },
    gate: (_, problem) =>
      h(
        "section",
        { class: "card gate" },
        h("span", { class: "gate-icon" }, icon("user")),
        h("h1", {}, heading),
        ...paragraphs.map((paragraph) => h("p", {}, paragraph)),
        problem && errorBox(problem, { title: "You are not signed in" }),
        h("button", { type: "button", class: "primary", click: redirect }, "Sign in"),
      ),
    signOut: () => (location.assign(signIn.signOut()), false),
    reauthenticate: () => (redirect(), false),
  };
}
