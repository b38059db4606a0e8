import { field, h, icon } from "./dom.js";
import { errorBox } from "./explain.js";

/**
 * Create a form that prompts for an API key and checks it.
 * @param {{heading: string, paragraphs: string[], submit: string, key: string, check: (key: string) => Promise<void>,
 *   done: (key: string) => void}} options `key` is the initial value, such as a rejected key to correct. `check` rejects
 *   if the service rejects the key or is unavailable.
 */
export function keyForm({ heading, paragraphs, submit, key, check, done }) {
  const input = h("input", {
    type: "password",
    name: "key",
    value: key,
    required: true,
    autocomplete: "off",
    spellcheck: "false",
  });
  const button = h("button", { class: "primary" }, submit);
  const reveal = h("button", { type: "button", class: "quiet", "aria-pressed": "false", click: toggle }, "Show key");
  const problem = h("div", {});
  const send = async (event) => {
    event.preventDefault();
    const entered = input.value.trim();
    if (!entered || button.disabled) return;
    button.disabled = true;
    problem.replaceChildren();
    try {
      await check(entered);
      done(entered);
    } catch (error) {
      const isRejected = error.status === 401 || error.status === 403;
      problem.replaceChildren(errorBox(error, { title: isRejected ? "The key was rejected" : "The key could not be checked" }));
      input.focus();
      input.select();
    }
    button.disabled = false;
  };
  return h(
    "section",
    { class: "card gate" },
    h("span", { class: "gate-icon" }, icon("key")),
    h("h1", {}, heading),
    ...paragraphs.map((paragraph) => h("p", {}, paragraph)),
    h("form", { class: "stack", submit: send }, h("div", { class: "key-field" }, field("API key", input), reveal), problem, button),
  );

  function toggle() {
    const isVisible = input.type === "password";
    input.type = isVisible ? "text" : "password";
    reveal.setAttribute("aria-pressed", String(isVisible));
  }
}
