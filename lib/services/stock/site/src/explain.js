/** Error messages with remedies. */

import { h, icon } from "./dom.js";

const ADVICE = new Map([
  ["BELOW_RESERVED", "The quantity on hand cannot be lower than the reserved quantity. Enter a higher number, or release reservations first."],
  ["CONFLICT", "This item already exists. Find it in the list and edit it there."],
  ["INSUFFICIENT_STOCK", "Other customers reserved the remaining units. Choose a smaller quantity, or try again later."],
  ["NETWORK", "Check your network connection. If it works, check the API URL in config.json."],
  ["NOT_FOUND", "It may have been removed, or the ID may be misspelled. Refresh to see the current data."],
  ["RESERVATION_CONFLICT", "This reservation ID belongs to another request. Start a new reservation."],
  ["RESERVATION_EXPIRED", "The reservation expired and its units returned to stock. Add the item to the cart again."],
  ["TIMEOUT", "The service is slow. Try again in a moment."],
  ["VERSION_CONFLICT", "The item was changed while you were editing it."],
]);

const BY_STATUS = new Map([
  [400, "Correct the listed problems and try again."],
  [401, "Sign in again with an account that has access."],
  [403, "The API key is invalid or has been replaced. Enter a valid key."],
  [404, ADVICE.get("NOT_FOUND")],
  [429, "The service received too many requests. Wait a moment and try again."],
]);

const ACCOUNT = "Your account does not have permission for this. Sign in with another account.";

/**
 * Return the texts of an error message.
 * @param {Error & {status?: number, code?: string, details?: string[], requestId?: string, correlationId?: string,
 *   credential?: string}} error
 * @returns {{message: string, advice: string, details: string[], requestId: string, reauthenticateLabel: string}}
 *   `message` is empty
 *   for a rejected key: the API addresses developers. `requestId` is the ID in the log; without a response, the
 *   correlation ID of the request. `reauthenticateLabel` is the label of
 *   the button that replaces a rejected credential; empty for other errors.
 */
export function explain(error) {
  const { status = 0, code = "", details = [], requestId = "", correlationId = "", credential = "" } = error;
  const isForbidden = status === 403 && credential === "token";
  const isRejectedKey = status === 403 && !isForbidden;
  const failed = status >= 500 ? "The service has a problem. Try again. If the problem persists, report the request ID." : "";
  return {
    message: isRejectedKey ? "" : error.message,
    advice: isForbidden ? ACCOUNT : (ADVICE.get(code) ?? BY_STATUS.get(status) ?? failed),
    details,
    requestId: requestId || correlationId,
    reauthenticateLabel: status === 401 || isForbidden ? "Sign in again" : isRejectedKey ? "Change API key" : "",
  };
}

/**
 * Return the title of a failed change. If the request might have been processed, also return advice on how to repeat it.
 * @param {Error & {outcomeUnknown?: boolean}} error
 * @param {{failed: string, unknown: string, repeat: string}} texts
 */
export function outcomeOf({ outcomeUnknown = false }, { failed, unknown, repeat }) {
  return outcomeUnknown ? { title: unknown, advice: repeat } : { title: failed };
}

/**
 * Create an error message.
 * @param {Error} error
 * @param {{title?: string, advice?: string, retry?: () => void, reauthenticate?: () => void}} [options] `advice` replaces
 *   the usual advice.
 */
export function errorBox(error, { title = "", advice: replacement = "", retry, reauthenticate } = {}) {
  const { message, advice, details, requestId, reauthenticateLabel } = explain(error);
  return h(
    "div",
    { class: "alert", role: "alert" },
    icon("error"),
    h(
      "div",
      { class: "alert-body" },
      h("p", { class: "alert-title" }, [title, message].filter(Boolean).join(": ")),
      details.length > 0 && h("ul", {}, ...details.map((detail) => h("li", {}, detail))),
      (replacement || advice) && h("p", {}, replacement || advice),
      requestId && h("p", { class: "request" }, "Request ID ", h("code", {}, requestId)),
      h(
        "div",
        { class: "actions" },
        reauthenticateLabel && reauthenticate && h("button", { type: "button", class: "quiet", click: reauthenticate }, reauthenticateLabel),
        !reauthenticateLabel && retry && h("button", { type: "button", class: "quiet", click: retry }, "Try again"),
      ),
    ),
  );
}
