import { field, h, newId, showFieldErrors } from "../dom.js";
import { errorBox } from "../explain.js";
import { number } from "../format.js";
import { Attempts } from "./attempts.js";
import { compareVersions, parseAdjustment, parseChanges, parseConflict } from "./changes.js";

/**
 * Create the form that edits a level in its table. Enter saves, Esc cancels.
 * @param {object} options
 * @param {import("../api-client.js").Level} options.level
 * @param {import("../api-client.js").InventoryClient} options.client
 * @param {(level: import("../api-client.js").Level) => void} options.saved Close the form after saving.
 * @param {(level: import("../api-client.js").Level, message?: string) => void} options.closed Close the form without
 *   saving. `level` is the current level, which another user might have changed.
 * @param {() => void} options.reauthenticate
 */
export function editor({ level, client, saved, closed, reauthenticate }) {
  const mode = newId("mode");
  const attempts = new Attempts();
  let current = level;
  const input = (name, value, more = {}) => h("input", { name, value, autocomplete: "off", ...more });
  const replace = h("input", { type: "radio", name: "mode", value: "set", id: `${mode}-set`, checked: true });
  const adjust = h("input", { type: "radio", name: "mode", value: "change", id: `${mode}-change` });
  const count = field("On hand", input("count", level.stock_count, { inputmode: "numeric" }));
  const adjustment = field("Add or remove", input("adjustment", "", { placeholder: "+5 or -2", inputmode: "text" }));
  const reason = field("Reason", input("reason", "", { placeholder: "Delivery, damaged, counted…", maxlength: 200 }));
  const preview = h("output", { class: "becomes", "aria-live": "polite" });
  const threshold = field("Alert at", input("threshold", level.threshold_level, { inputmode: "numeric" }));
  const category = field("Category", input("category", level.category ?? "", { maxlength: 100 }));
  const save = h("button", { class: "primary" }, "Save");
  const cancel = h("button", { type: "button", class: "quiet", click: () => closed(current) }, "Cancel");
  const notice = h("div", { class: "editor-below" });
  const form = h(
    "form",
    {
      class: "editor-form",
      novalidate: true,
      "aria-label": `Edit ${level.product_id} in ${level.warehouse_id}`,
      submit,
      input: updateFields,
      keydown: (event) => {
        if (event.key !== "Escape" || save.disabled) return;
        event.preventDefault();
        closed(current);
      },
    },
    h(
      "fieldset",
      { class: "segments" },
      h("legend", {}, "Stock"),
      replace,
      h("label", { for: replace.id }, "Set to"),
      adjust,
      h("label", { for: adjust.id }, "Change by"),
    ),
    count,
    adjustment,
    reason,
    threshold,
    category,
    h("div", { class: "actions" }, save, cancel, preview),
    notice,
  );
  updateFields();
  return { element: form, focus: () => form.elements.count.select() };

  function updateFields() {
    const isAdjustment = adjust.checked;
    count.hidden = isAdjustment;
    adjustment.hidden = !isAdjustment;
    reason.hidden = !isAdjustment;
    const amount = isAdjustment ? parseAdjustment(form.elements.adjustment.value) : 0;
    preview.textContent = amount ? `New quantity on hand: ${number(level.stock_count + amount)}` : "";
  }

  function readValues() {
    const names = ["count", "adjustment", "reason", "threshold", "category"];
    const values = Object.fromEntries(names.map((name) => [name, form.elements[name].value]));
    return { mode: adjust.checked ? "change" : "set", ...values };
  }

  async function submit(event) {
    event.preventDefault();
    if (save.disabled) return;
    const { changes, problems } = parseChanges(level, readValues());
    if (!showFieldErrors(form, problems)) return;
    if (changes) await send(changes, level.version);
    else closed(level, "There are no changes to save.");
  }

  async function send(changes, version) {
    setBusy(true);
    notice.replaceChildren();
    const request = { warehouse_id: level.warehouse_id, ...changes, expected_version: version };
    const idempotencyKey = attempts.keyOf(request);
    try {
      saved(await client.update(level.product_id, request, { idempotencyKey }));
    } catch (error) {
      attempts.recordFailure(idempotencyKey, error);
      if (error.code === "VERSION_CONFLICT") await showConflict(changes, error);
      else notice.replaceChildren(errorBox(error, { ...attempts.outcomeOf(idempotencyKey), reauthenticate }));
    }
    setBusy(false);
  }

  function setBusy(isBusy) {
    save.disabled = isBusy;
    cancel.disabled = isBusy;
    form.setAttribute("aria-busy", String(isBusy));
  }

  async function showConflict(changes, error) {
    current = await client
      .fullLevel(level.product_id, { warehouse_id: level.warehouse_id })
      .catch(() => ({ ...level, ...parseConflict(error.details) }));
    const id = newId("conflict");
    const row = ({ label, mine, theirs }) =>
      h("tr", {}, h("th", { scope: "row" }, label), h("td", {}, mine), h("td", {}, theirs));
    const stored = current;
    const outcome = attempts.isUncertain ? "Your earlier change may have been saved." : "Your change was not saved.";
    const keepCurrent = () => closed(stored, "Your changes were discarded.");
    const overwrite = h("button", { type: "button", class: "danger", click: () => send(changes, stored.version) });
    overwrite.textContent = "Overwrite with my values";
    notice.replaceChildren(
      h(
        "section",
        { class: "conflict", role: "alertdialog", "aria-labelledby": id, "aria-describedby": `${id}-text` },
        h("h3", { id }, "This item was changed while you were editing it"),
        h("p", { id: `${id}-text` }, `${outcome} Which values do you want to keep?`),
        h(
          "table",
          { class: "compare" },
          h(
            "thead",
            {},
            h("tr", {}, h("td", {}), h("th", { scope: "col" }, "Yours"), h("th", { scope: "col" }, "Current")),
          ),
          h("tbody", {}, ...compareVersions(level, changes, stored).map(row)),
        ),
        h(
          "div",
          { class: "actions" },
          h("button", { type: "button", class: "primary", click: keepCurrent }, "Keep the current values"),
          overwrite,
        ),
      ),
    );
    notice.querySelector("button").focus();
  }
}
