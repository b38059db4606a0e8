import { field, h, showFieldErrors } from "../dom.js";
import { errorBox } from "../explain.js";
import { Attempts } from "./attempts.js";
import { parseNewLevel } from "./changes.js";

/**
 * Open the form for a new product in a dialog.
 * @param {import("./app.js").App} app
 */
export function createDialog(app) {
  const attempts = new Attempts();
  const problem = h("div", {});
  const input = (name, more = {}) => h("input", { name, autocomplete: "off", ...more });
  const save = h("button", { class: "primary" }, "Add product");
  const form = h(
    "form",
    { class: "stack", novalidate: true, submit },
    h("h2", { id: "create-title" }, "New product"),
    field("Product ID", input("product_id", { required: true, spellcheck: "false" }), "The ID used in the shop, such as desk-lamp"),
    field("Warehouse", input("warehouse_id", { placeholder: "main", spellcheck: "false" })),
    h(
      "div",
      { class: "pair" },
      field("On hand", input("stock_count", { required: true, inputmode: "numeric" })),
      field("Alert at", input("threshold_level", { placeholder: "10", inputmode: "numeric" })),
    ),
    field("Category", input("category", { maxlength: 100 })),
    problem,
    h(
      "div",
      { class: "actions end" },
      h("button", { type: "button", class: "quiet", click: () => dialog.close() }, "Cancel"),
      save,
    ),
  );
  const dialog = h("dialog", { "aria-labelledby": "create-title", close: () => dialog.remove() }, form);
  document.body.append(dialog);
  dialog.showModal();

  function reauthenticate() {
    dialog.close();
    app.reauthenticate();
  }

  async function submit(event) {
    event.preventDefault();
    if (save.disabled) return;
    const { level, problems } = parseNewLevel(Object.fromEntries(new FormData(form)));
    if (!showFieldErrors(form, problems)) return;
    save.disabled = true;
    problem.replaceChildren();
    const idempotencyKey = attempts.keyOf(level);
    try {
      const created = await app.client.create(level, { idempotencyKey });
      dialog.close();
      app.showMessage(`Added ${created.product_id} in ${created.warehouse_id}.`);
      app.navigate(`#/product/${encodeURIComponent(created.product_id)}`);
    } catch (error) {
      attempts.recordFailure(idempotencyKey, error);
      problem.replaceChildren(errorBox(error, { ...attempts.outcomeOf(idempotencyKey), reauthenticate }));
    }
    save.disabled = false;
  }
}
