/** The API key of this tab: gone when the tab is closed. */

const NAME = "stock-api-key";

export function readKey() {
  return sessionStorage.getItem(NAME) ?? "";
}

export function keepKey(key) {
  sessionStorage.setItem(NAME, key);
}

export function forgetKey() {
  sessionStorage.removeItem(NAME);
}
