/** What went wrong, and what to do about it. */

import { h, icon } from "./dom.js";

const ADVICE = {
  BELOW_RESERVED: "Customers hold that many. Enter more, or release reservations first.",
  CONFLICT: "It exists already: find it in the list and change it there.",
  INSUFFICIENT_STOCK: "Somebody else was faster. Take fewer, or come back later.",
  NETWORK: "Check your connection. If others can reach it, the address in config.json may be wrong.",
  NOT_FOUND: "It may have been removed meanwhile, or its id is mistyped. Reload to see what is there.",
  RESERVATION_CONFLICT: "This reservation's id holds something else. Start a new one.",
  RESERVATION_EXPIRED: "It was held too long and went back on sale. Add it to the cart again.",
  TIMEOUT: "It may or may not have been done: look before you do it again.",
  VERSION_CONFLICT: "Somebody changed it while you were editing.",
};

const BY_STATUS = {
  400: "Correct what is named and try again.",
  401: "Sign in again, with an account that may do this.",
  403: "The API key is wrong, or was replaced. Enter the right one.",
  404: ADVICE.NOT_FOUND,
  429: "Too many requests at once. Wait a moment and try again.",
};

/**
 * @param {Error & {status?: number, code?: string, details?: string[], requestId?: string, correlationId?: string}} error
 * @returns {{message: string, advice: string, details: string[], requestId: string, again: string}} `requestId` is what
 *   the log has it under: where no answer came, the id that it was sent with; `again` says what the button does that
 *   leads to another key or sign-in, where it takes one.
 */
export function explain(error) {
  const { status = 0, code = "", details = [], requestId = "", correlationId = "" } = error;
  const failed = status >= 500 ? "It is not your fault. Try again; if it stays, report the request id." : "";
  return {
    message: error.message,
    advice: ADVICE[code] ?? BY_STATUS[status] ?? failed,
    details,
    requestId: requestId || correlationId,
    again: { 401: "Sign in again", 403: "Enter another key" }[status] ?? "",
  };
}

/**
 * Whether the service itself refused, so that nothing was done. A wrong key and too many requests tell nothing of the
 * attempts before, and other errors nothing at all.
 * @param {Error & {status?: number}} error
 */
export function saidNo({ status = 0 }) {
  return status >= 400 && status < 500 && ![401, 403, 429].includes(status);
}

/**
 * An error for people.
 * @param {Error} error
 * @param {{doing?: string, instead?: string, retry?: () => void, enterAgain?: () => void}} [options] `instead` stands
 *   for the usual advice.
 */
export function errorBox(error, { doing = "", instead = "", retry, enterAgain } = {}) {
  const { message, advice, details, requestId, again } = explain(error);
  return h(
    "div",
    { class: "alert", role: "alert" },
    icon("error"),
    h(
      "div",
      { class: "alert-body" },
      h("p", { class: "alert-title" }, doing ? `${doing}: ${message}` : message),
      details.length > 0 && h("ul", {}, ...details.map((detail) => h("li", {}, detail))),
      (instead || advice) && h("p", {}, instead || advice),
      requestId && h("p", { class: "request" }, "Request ", h("code", {}, requestId)),
      h(
        "div",
        { class: "actions" },
        again && enterAgain && h("button", { type: "button", class: "quiet", click: enterAgain }, again),
        !again && retry && h("button", { type: "button", class: "quiet", click: retry }, "Try again"),
      ),
    ),
  );
}
