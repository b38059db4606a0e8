/**
 * Configuration of the pages: `config.json` in the same folder, which the deployment writes.
 *
 * @typedef {{api_url: string, service: string, environment: string, sign_in?: import("./sign-in.js").SignInConfig}} Config
 */

const LOOPBACK = /^(localhost|.+\.localhost|127\.0\.0\.1|\[::1\])$/;

/**
 * Return the API URL of the query parameter `api`. Only loopback hosts support it: on a public host, a link could make
 * the page send the visitor's API key to another server.
 * @param {{hostname: string, search: string}} location
 * @returns {string | null}
 */
export function apiOverride({ hostname, search }) {
  return LOOPBACK.test(hostname) ? new URLSearchParams(search).get("api") : null;
}

/** @returns {Promise<Config>} */
export async function loadConfig() {
  const override = apiOverride(location);
  if (override) return { api_url: override, service: "stock", environment: "dev" };
  const response = await fetch("config.json", { cache: "no-cache" });
  if (!response.ok) throw new Error("config.json is missing next to this page. Deploy the site, or set the API URL with ?api= on localhost.");
  return response.json();
}
