/** Sign-in with the deployment's user pool: OAuth authorization code with PKCE. Closing the tab clears the tokens. */

import { ApiError } from "./api-client.js";

const TOKENS = "stock-tokens";
const PENDING = "stock-sign-in";
const REFRESH_MARGIN_MS = 60_000;

/**
 * @typedef {object} SignInConfig
 * @property {string} url Origin of the user pool's sign-in page.
 * @property {string} client_id
 * @property {string[]} scopes
 */

/** Sign-in of one page. */
export class SignIn {
  #config;
  #page;
  #storage;
  #fetch;
  #now;
  #refreshing = null;

  /**
   * @param {SignInConfig} config
   * @param {string} page Redirect URL, as registered in the user pool.
   * @param {{storage?: Storage, fetch?: typeof fetch, now?: () => number}} [dependencies]
   */
  constructor(config, page, { storage = sessionStorage, fetch = globalThis.fetch, now = Date.now } = {}) {
    this.#config = config;
    this.#page = page;
    this.#storage = storage;
    this.#fetch = (...args) => fetch(...args);
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
    this.#storage.setItem(PENDING, JSON.stringify({ state, verifier, back }));
    return this.#url("/oauth2/authorize", {
      response_type: "code",
      client_id: this.#config.client_id,
      redirect_uri: this.#page,
      scope: ["openid", ...this.#config.scopes].join(" "),
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
    const params = new URLSearchParams(search);
    if (!params.has("state")) return "";
    const pending = JSON.parse(this.#storage.getItem(PENDING) ?? "{}");
    this.#storage.removeItem(PENDING);
    if (params.get("state") !== pending.state) throw new Error("The sign-in was not started in this tab. Sign in again.");
    if (!params.has("code")) throw new Error(params.get("error_description") ?? params.get("error") ?? "The sign-in was canceled.");
    const { verifier: code_verifier, back } = pending;
    await this.#requestTokens({ grant_type: "authorization_code", code: params.get("code"), redirect_uri: this.#page, code_verifier });
    return back;
  }

  /** Return a valid access token. Reject with status 401 if the user has to sign in again. */
  async token() {
    const { access = "", until = 0, refresh } = this.#stored;
    if (this.#now() < until - REFRESH_MARGIN_MS) return access;
    // Concurrent requests share one refresh.
    this.#refreshing ??= this.#requestTokens({ grant_type: "refresh_token", refresh_token: refresh ?? "" }, refresh).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** Clear and revoke the tokens. Return the URL of the user pool's logout endpoint, which redirects to the page. */
  signOut() {
    this.#discard();
    this.#storage.removeItem(PENDING);
    return this.#url("/logout", { client_id: this.#config.client_id, logout_uri: this.#page });
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
    const body = new URLSearchParams({ token, client_id: this.#config.client_id });
    try {
      await this.#fetch(`${this.#config.url}/oauth2/revoke`, { method: "POST", body, mode: "no-cors", keepalive: true });
    } catch {
      // The token expires on its own.
    }
  }

  #url(path, query) {
    return `${this.#config.url}${path}?${new URLSearchParams(query)}`;
  }

  async #requestTokens(form, refresh) {
    const body = new URLSearchParams({ client_id: this.#config.client_id, ...form });
    const request = this.#fetch(`${this.#config.url}/oauth2/token`, { method: "POST", body, cache: "no-store" });
    const response = await request.catch((cause) => {
      throw new ApiError("The sign-in service could not be reached.", { code: "NETWORK", cause });
    });
    if ([400, 401].includes(response.status)) {
      if (this.#stored.refresh === refresh) this.#storage.removeItem(TOKENS);
      throw signedOut();
    }
    if (!response.ok) throw new ApiError(`The sign-in service returned HTTP status ${response.status}.`, { status: response.status });
    const { access_token: access, refresh_token = refresh, expires_in } = await response.json();
    if (this.#stored.refresh !== refresh) {
      this.#revoke(refresh_token); // the user signed out during the request
      throw signedOut();
    }
    const until = this.#now() + expires_in * 1000;
    this.#storage.setItem(TOKENS, JSON.stringify({ access, refresh: refresh_token, until }));
    return access;
  }
}

const signedOut = () => new ApiError("Your session has expired.", { status: 401, code: "SIGNED_OUT" });

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

async function digest(value) {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(value))));
}

function base64url(bytes) {
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
