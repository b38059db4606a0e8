/** The API key of this tab. Closing the tab clears it. */

const NAME = "stock-api-key";

export function readKey() {
  return sessionStorage.getItem(NAME) ?? "";
}

export function saveKey(key) {
  sessionStorage.setItem(NAME, key);
}

export function clearKey() {
  sessionStorage.removeItem(NAME);
}
