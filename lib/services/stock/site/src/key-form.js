import { field, h, icon } from "./dom.js";
import { errorBox } from "./explain.js";

/**
 * Asks for the API key until it is the right one.
 * @param {{heading: string, text: string[], submit: string, check: (key: string) => Promise<void>,
 *   done: (key: string) => void}} options `check` rejects where the key is not good.
 */
export function keyForm({ heading, text, submit, check, done }) {
  const input = h("input", {
    type: "password",
    name: "key",
    required: true,
    autocomplete: "off",
    spellcheck: "false",
  });
  const button = h("button", { class: "primary" }, submit);
  const problem = h("div", {});
  const send = async (event) => {
    event.preventDefault();
    const key = input.value.trim();
    if (!key || button.disabled) return;
    button.disabled = true;
    problem.replaceChildren();
    try {
      await check(key);
      done(key);
    } catch (error) {
      problem.replaceChildren(errorBox(error, { doing: "The key was not accepted" }));
      input.select();
    }
    button.disabled = false;
  };
  return h(
    "section",
    { class: "card gate" },
    h("span", { class: "gate-icon" }, icon("key")),
    h("h1", {}, heading),
    ...text.map((line) => h("p", {}, line)),
    h("form", { class: "stack", submit: send }, field("API key", input), problem, button),
  );
}
