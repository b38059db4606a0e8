/**
 * Where the API is: `config.json` beside the page, which the deployment writes.
 *
 * @typedef {{api_url: string, service: string, environment: string, sign_in?: import("./sign-in.js").About}} Config
 */

const LOOPBACK = /^(localhost|.+\.localhost|127\.0\.0\.1|\[::1\])$/;

/**
 * The API that a page's address names by `?api=`. Only where a developer serves the page: anywhere else, a link could
 * make it send the visitor's key to a stranger.
 * @param {{hostname: string, search: string}} location
 * @returns {string | null}
 */
export function namedApi({ hostname, search }) {
  return LOOPBACK.test(hostname) ? new URLSearchParams(search).get("api") : null;
}

/** @returns {Promise<Config>} */
export async function loadConfig() {
  const named = namedApi(location);
  if (named) return { api_url: named, service: "stock", environment: "dev" };
  const answer = await fetch("config.json", { cache: "no-cache" });
  if (!answer.ok) throw new Error("config.json is missing next to this page. Deploy the site, or set the API URL with ?api= on localhost.");
  return answer.json();
}
