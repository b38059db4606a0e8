import { isRejection } from "../api-client.js";

const REPEAT = "Save again without further edits. The change is applied only once.";
const EARLIER = "An earlier change might have been saved. Refresh the page to see the current values.";

/** The idempotency keys of one form, and the requests that might have been processed although they failed. */
export class Attempts {
  #keys = new Map();
  #uncertain = new Set();

  /** Return the idempotency key of a request. Requests with equal content share a key. */
  keyOf(content) {
    const serialized = JSON.stringify(content);
    if (!this.#keys.has(serialized)) this.#keys.set(serialized, crypto.randomUUID());
    return this.#keys.get(serialized);
  }

  /**
   * Record a failed request.
   * @param {string} key
   * @param {Error & {outcomeUnknown?: boolean}} error
   */
  recordFailure(key, error) {
    if (error.outcomeUnknown) this.#uncertain.add(key);
    else if (isRejection(error)) this.#uncertain.delete(key);
  }

  /** Whether any request might have been processed. */
  get isUncertain() {
    return this.#uncertain.size > 0;
  }

  /**
   * Return the title of the last failure, and advice that replaces the usual advice.
   * @param {string} key
   */
  outcomeOf(key) {
    if (this.#uncertain.has(key)) return { title: "The change may have been saved", advice: REPEAT };
    if (this.isUncertain) return { title: "This change was not saved", advice: EARLIER };
    return { title: "No changes were saved" };
  }
}
