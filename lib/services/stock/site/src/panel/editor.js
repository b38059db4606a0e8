import { field, h, mark, newId } from "../dom.js";
import { errorBox } from "../explain.js";
import { number } from "../format.js";
import { Attempts } from "./attempts.js";
import { changesFrom, conflictingLevel, sides, steps } from "./changes.js";

/**
 * The form that edits one level in its table. Enter saves, Esc cancels.
 * @param {object} options
 * @param {import("../api-client.js").Level} options.level
 * @param {import("../api-client.js").InventoryClient} options.client
 * @param {(level: import("../api-client.js").Level) => void} options.saved
 * @param {(level: import("../api-client.js").Level, text?: string) => void} options.left Closes the form without a
 *   change. Another user might have changed the level.
 * @param {() => void} options.reauthenticate
 */
export function editor({ level, client, saved, left, reauthenticate }) {
  const mode = newId("mode");
  const attempts = new Attempts();
  let known = level;
  const input = (name, value, more = {}) => h("input", { name, value, autocomplete: "off", ...more });
  const set = h("input", { type: "radio", name: "mode", value: "set", id: `${mode}-set`, checked: true });
  const change = h("input", { type: "radio", name: "mode", value: "change", id: `${mode}-change` });
  const count = field("On hand", input("count", level.stock_count, { inputmode: "numeric" }));
  const by = field("Add or remove", input("by", "", { placeholder: "+5 or -2", inputmode: "text" }));
  const reason = field("Reason", input("reason", "", { placeholder: "Delivery, damaged, counted…", maxlength: 200 }));
  const becomes = h("output", { class: "becomes", "aria-live": "polite" });
  const threshold = field("Alert at", input("threshold", level.threshold_level, { inputmode: "numeric" }));
  const category = field("Category", input("category", level.category ?? "", { maxlength: 100 }));
  const save = h("button", { class: "primary" }, "Save");
  const cancel = h("button", { type: "button", class: "quiet", click: () => left(known) }, "Cancel");
  const below = h("div", { class: "editor-below" });
  const form = h(
    "form",
    {
      class: "editor-form",
      novalidate: true,
      "aria-label": `Edit ${level.product_id} in ${level.warehouse_id}`,
      submit,
      input: show,
      keydown: (event) => {
        if (event.key !== "Escape" || save.disabled) return;
        event.preventDefault();
        left(known);
      },
    },
    h(
      "fieldset",
      { class: "segments" },
      h("legend", {}, "Stock"),
      set,
      h("label", { for: set.id }, "Set to"),
      change,
      h("label", { for: change.id }, "Change by"),
    ),
    count,
    by,
    reason,
    threshold,
    category,
    h("div", { class: "actions" }, save, cancel, becomes),
    below,
  );
  show();
  return { element: form, focus: () => form.elements.count.select() };

  function show() {
    const adjusting = change.checked;
    count.hidden = adjusting;
    by.hidden = !adjusting;
    reason.hidden = !adjusting;
    const amount = adjusting ? steps(form.elements.by.value) : 0;
    becomes.textContent = amount ? `New quantity on hand: ${number(level.stock_count + amount)}` : "";
  }

  function entered() {
    const { count: at, by: amount, reason: why, threshold: alert, category: kind } = form.elements;
    const values = { count: at, by: amount, reason: why, threshold: alert, category: kind };
    const texts = Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value]));
    return { mode: change.checked ? "change" : "set", ...texts };
  }

  async function submit(event) {
    event.preventDefault();
    if (save.disabled) return;
    const { changes, problems } = changesFrom(level, entered());
    if (!mark(form, problems)) return;
    if (changes) await send(changes, level.version);
    else left(level, "There are no changes to save.");
  }

  async function send(changes, version) {
    busy(true);
    below.replaceChildren();
    const sent = { warehouse_id: level.warehouse_id, ...changes, expected_version: version };
    const idempotencyKey = attempts.keyOf(sent);
    try {
      saved(await client.update(level.product_id, sent, { idempotencyKey }));
    } catch (error) {
      attempts.failed(idempotencyKey, error);
      if (error.code === "VERSION_CONFLICT") await conflict(changes, error);
      else below.replaceChildren(errorBox(error, { ...attempts.outcomeOf(idempotencyKey), reauthenticate }));
    }
    busy(false);
  }

  function busy(is) {
    save.disabled = is;
    cancel.disabled = is;
    form.setAttribute("aria-busy", String(is));
  }

  async function conflict(changes, error) {
    known = await client
      .fullLevel(level.product_id, { warehouse_id: level.warehouse_id })
      .catch(() => ({ ...level, ...conflictingLevel(error.details) }));
    const id = newId("conflict");
    const row = ({ label, mine, theirs }) =>
      h("tr", {}, h("th", { scope: "row" }, label), h("td", {}, mine), h("td", {}, theirs));
    const there = known;
    const before = attempts.isUncertain ? "An earlier change of yours may have been saved." : "Your change was not saved.";
    const take = () => left(there, "The current values were kept.");
    const over = h("button", { type: "button", class: "danger", click: () => send(changes, there.version) });
    over.textContent = "Overwrite with my values";
    below.replaceChildren(
      h(
        "section",
        { class: "conflict", role: "alertdialog", "aria-labelledby": id, "aria-describedby": `${id}-text` },
        h("h3", { id }, "This item was changed while you were editing it"),
        h("p", { id: `${id}-text` }, `${before} Which values do you want to keep?`),
        h(
          "table",
          { class: "compare" },
          h(
            "thead",
            {},
            h("tr", {}, h("td", {}), h("th", { scope: "col" }, "Yours"), h("th", { scope: "col" }, "Current")),
          ),
          h("tbody", {}, ...sides(level, changes, there).map(row)),
        ),
        h(
          "div",
          { class: "actions" },
          h("button", { type: "button", class: "primary", click: take }, "Keep the current values"),
          over,
        ),
      ),
    );
    below.querySelector("button").focus();
  }
}
