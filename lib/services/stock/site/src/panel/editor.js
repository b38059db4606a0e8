import { field, h, mark, newId } from "../dom.js";
import { errorBox, explain, saidNo } from "../explain.js";
import { number } from "../format.js";
import { changesFrom, sides, steps, told } from "./changes.js";

/**
 * Changes one level, in its own place: Enter saves, Esc leaves everything as it is.
 * @param {object} options
 * @param {import("../api-client.js").Level} options.level
 * @param {import("../api-client.js").InventoryClient} options.client
 * @param {(level: import("../api-client.js").Level) => void} options.saved
 * @param {(level: import("../api-client.js").Level, text?: string) => void} options.left Nothing was changed here, but
 *   the level may be another than before.
 * @param {() => void} options.enterAgain
 */
export function editor({ level, client, saved, left, enterAgain }) {
  const mode = newId("mode");
  const keys = new Map(); // of what is sent: the same content again is the same request
  const unsure = new Set(); // keys whose content may be saved
  let known = level;
  const input = (name, value, more = {}) => h("input", { name, value, autocomplete: "off", ...more });
  const set = h("input", { type: "radio", name: "mode", value: "set", id: `${mode}-set`, checked: true });
  const change = h("input", { type: "radio", name: "mode", value: "change", id: `${mode}-change` });
  const count = field("On hand", input("count", level.stock_count, { inputmode: "numeric" }));
  const by = field("Add or take away", input("by", "", { placeholder: "+5 or -2", inputmode: "text" }));
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
    becomes.textContent = amount ? `makes ${number(level.stock_count + amount)} on hand` : "";
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
    else left(level, "Nothing to change");
  }

  async function send(changes, version) {
    busy(true);
    below.replaceChildren();
    const sent = { warehouse_id: level.warehouse_id, ...changes, expected_version: version };
    const idempotencyKey = keyOf(sent);
    try {
      saved(await client.update(level.product_id, sent, { idempotencyKey }));
    } catch (error) {
      if (saidNo(error)) unsure.delete(idempotencyKey);
      else if (!explain(error).wrongKey) unsure.add(idempotencyKey);
      if (error.code === "VERSION_CONFLICT") await conflict(changes, error);
      else below.replaceChildren(errorBox(error, { ...outcome(idempotencyKey), enterAgain }));
    }
    busy(false);
  }

  function keyOf(sent) {
    const text = JSON.stringify(sent);
    if (!keys.has(text)) keys.set(text, crypto.randomUUID());
    return keys.get(text);
  }

  function outcome(key) {
    if (!unsure.has(key)) return { doing: "Not saved" };
    return { doing: "It may have been saved", instead: "Save it again as it is: it counts once." };
  }

  function busy(is) {
    save.disabled = is;
    cancel.disabled = is;
    form.setAttribute("aria-busy", String(is));
  }

  async function conflict(changes, error) {
    known = await client
      .level(level.product_id, { warehouse_id: level.warehouse_id })
      .catch(() => ({ ...level, ...told(error.details) }));
    const id = newId("conflict");
    const row = ({ label, mine, theirs }) =>
      h("tr", {}, h("th", { scope: "row" }, label), h("td", {}, mine), h("td", {}, theirs));
    const there = known;
    const before = unsure.size ? "What you sent before may have been saved: see what is there." : "Nothing of yours is saved yet.";
    const take = () => left(there, "Their values stay");
    const over = h("button", { type: "button", class: "danger", click: () => send(changes, there.version) });
    over.textContent = "Save mine over it";
    below.replaceChildren(
      h(
        "section",
        { class: "conflict", role: "alertdialog", "aria-labelledby": id, "aria-describedby": `${id}-text` },
        h("h3", { id }, "Somebody changed this while you were editing"),
        h("p", { id: `${id}-text` }, `${before} Which values are right?`),
        h(
          "table",
          { class: "compare" },
          h(
            "thead",
            {},
            h("tr", {}, h("td", {}), h("th", { scope: "col" }, "Yours"), h("th", { scope: "col" }, "There now")),
          ),
          h("tbody", {}, ...sides(level, changes, there).map(row)),
        ),
        h(
          "div",
          { class: "actions" },
          h("button", { type: "button", class: "primary", click: take }, "Take theirs"),
          over,
        ),
      ),
    );
    below.querySelector("button").focus();
  }
}
