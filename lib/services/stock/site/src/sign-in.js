/** Signing in at the deployment's user pool: OAuth's authorization code with PKCE. Tokens live as long as their tab. */

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
   * Where to go to sign in.
   * @param {string} back What of the page's address comes after its path, to be shown again afterwards.
   * @returns {Promise<string>}
   */
  async begin(back = "") {
    const [state, verifier] = [random(), random()];
    this.forget();
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
   * What the address of a page says on the way back; the tokens are kept.
   * @param {string} search
   * @returns {Promise<string>} What `begin` was given; nothing where nobody is on the way back.
   */
  async finish(search) {
    const said = new URLSearchParams(search);
    if (!said.has("state")) return "";
    const asked = JSON.parse(this.#storage.getItem(ASKED) ?? "{}");
    this.#storage.removeItem(ASKED);
    if (said.get("state") !== asked.state) throw new Error("It was not begun in this tab. Sign in here.");
    if (!said.has("code")) throw new Error(said.get("error_description") ?? said.get("error") ?? "It was given up.");
    const { verifier: code_verifier, back } = asked;
    await this.#get({ grant_type: "authorization_code", code: said.get("code"), redirect_uri: this.#page, code_verifier });
    return back;
  }

  /** An access token that lasts a while; rejects as the service does where it takes a new sign-in to get one. */
  async token() {
    const { access = "", until = 0, refresh } = JSON.parse(this.#storage.getItem(TOKENS) ?? "{}");
    if (this.#now() < until - EARLY_MS) return access;
    // However many requests ask at once, one is answered.
    this.#refreshing ??= this.#get({ grant_type: "refresh_token", refresh_token: refresh ?? "" }, refresh).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  forget() {
    this.#storage.removeItem(TOKENS);
  }

  /** Where to go to sign out, which leads back here. */
  end() {
    this.forget();
    return this.#address("/logout", { client_id: this.#about.client_id, logout_uri: this.#page });
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
      this.forget();
      throw new ApiError("Your sign-in has ended", { status: 401, code: "SIGNED_OUT" });
    }
    if (!answer.ok) throw new ApiError(`The sign-in service answered ${answer.status}`, { status: answer.status });
    const { access_token: access, refresh_token = refresh, expires_in } = await answer.json();
    const until = this.#now() + expires_in * 1000;
    this.#storage.setItem(TOKENS, JSON.stringify({ access, refresh: refresh_token, until }));
    return access;
  }
}

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

async function digest(text) {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

function base64url(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
