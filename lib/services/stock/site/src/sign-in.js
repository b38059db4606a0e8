/** Sign-in with the deployment's user pool: OAuth authorization code with PKCE. Closing the tab clears the tokens. */

import { ApiError } from "./api-client.js";

const TOKENS = "stock-tokens";
const ASKED = "stock-sign-in";
const EARLY_MS = 60_000;

/**
 * One page's way in.
 *
 * @typedef {object} About
 * @property {string} url The origin of the sign-in page.
 * @property {string} client_id
 * @property {string[]} scopes
 */
export class SignIn {
  #about;
  #page;
  #storage;
  #fetch;
  #now;
  #refreshing = null;

  /**
   * @param {About} about
   * @param {string} page Where the sign-in page leads back to, as the user pool knows it.
   * @param {{storage?: Storage, fetch?: typeof fetch, now?: () => number}} [outside]
   */
  constructor(about, page, { storage = sessionStorage, fetch = globalThis.fetch, now = Date.now } = {}) {
    this.#about = about;
    this.#page = page;
    this.#storage = storage;
    this.#fetch = (...sent) => fetch(...sent);
    this.#now = now;
  }

  get signedIn() {
    return this.#storage.getItem(TOKENS) !== null;
  }

  /**
   * Start a sign-in and return the URL of the sign-in page.
   * @param {string} back Query string and fragment of the page to restore after the sign-in.
   * @returns {Promise<string>}
   */
  async begin(back = "") {
    const [state, verifier] = [random(), random()];
    this.#discard();
    this.#storage.setItem(ASKED, JSON.stringify({ state, verifier, back }));
    return this.#address("/oauth2/authorize", {
      response_type: "code",
      client_id: this.#about.client_id,
      redirect_uri: this.#page,
      scope: ["openid", ...this.#about.scopes].join(" "),
      state,
      code_challenge_method: "S256",
      code_challenge: await digest(verifier),
    });
  }

  /**
   * Complete a sign-in from the query string of the redirect, and store the tokens.
   * @param {string} search
   * @returns {Promise<string>} The value passed to `begin`; empty if the page was not opened by a redirect.
   */
  async finish(search) {
    const said = new URLSearchParams(search);
    if (!said.has("state")) return "";
    const asked = JSON.parse(this.#storage.getItem(ASKED) ?? "{}");
    this.#storage.removeItem(ASKED);
    if (said.get("state") !== asked.state) throw new Error("The sign-in was not started in this tab. Sign in again.");
    if (!said.has("code")) throw new Error(said.get("error_description") ?? said.get("error") ?? "The sign-in was canceled.");
    const { verifier: code_verifier, back } = asked;
    await this.#get({ grant_type: "authorization_code", code: said.get("code"), redirect_uri: this.#page, code_verifier });
    return back;
  }

  /** Return a valid access token. Reject with status 401 if the user has to sign in again. */
  async token() {
    const { access = "", until = 0, refresh } = this.#stored;
    if (this.#now() < until - EARLY_MS) return access;
    // Concurrent requests share one refresh.
    this.#refreshing ??= this.#get({ grant_type: "refresh_token", refresh_token: refresh ?? "" }, refresh).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** Clear and revoke the tokens. Return the URL of the user pool's logout endpoint, which redirects to the page. */
  signOut() {
    this.#discard();
    this.#storage.removeItem(ASKED);
    return this.#address("/logout", { client_id: this.#about.client_id, logout_uri: this.#page });
  }

  get #stored() {
    try {
      return JSON.parse(this.#storage.getItem(TOKENS)) ?? {};
    } catch {
      return {};
    }
  }

  #discard() {
    const { refresh } = this.#stored;
    this.#storage.removeItem(TOKENS);
    if (refresh) this.#revoke(refresh);
  }

  /** Revoke a refresh token. The request outlives the page; a failure must not prevent signing out. */
  async #revoke(token) {
    const body = new URLSearchParams({ token, client_id: this.#about.client_id });
    try {
      await this.#fetch(`${this.#about.url}/oauth2/revoke`, { method: "POST", body, mode: "no-cors", keepalive: true });
    } catch {
      // The token expires on its own.
    }
  }

  #address(path, query) {
    return `${this.#about.url}${path}?${new URLSearchParams(query)}`;
  }

  async #get(form, refresh) {
    const body = new URLSearchParams({ client_id: this.#about.client_id, ...form });
    const sent = this.#fetch(`${this.#about.url}/oauth2/token`, { method: "POST", body, cache: "no-store" });
    const answer = await sent.catch((cause) => {
      throw new ApiError("The sign-in service could not be reached", { code: "NETWORK", cause });
    });
    if ([400, 401].includes(answer.status)) {
      if (this.#stored.refresh === refresh) this.#storage.removeItem(TOKENS);
      throw signedOut();
    }
    if (!answer.ok) throw new ApiError(`The sign-in service returned HTTP status ${answer.status}`, { status: answer.status });
    const { access_token: access, refresh_token = refresh, expires_in } = await answer.json();
    if (this.#stored.refresh !== refresh) {
      this.#revoke(refresh_token); // the user signed out during the request
      throw signedOut();
    }
    const until = this.#now() + expires_in * 1000;
    this.#storage.setItem(TOKENS, JSON.stringify({ access, refresh: refresh_token, until }));
    return access;
  }
}

const signedOut = () => new ApiError("Your session has expired", { status: 401, code: "SIGNED_OUT" });

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

async function digest(text) {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

function base64url(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
