/** DOM elements. Strings become text nodes and are never parsed as HTML. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Create an HTML element.
 * @param {string} tag
 * @param {Record<string, unknown>} [props] Attributes, and event listeners by event name.
 * @param {...(Node | string | number | null | undefined | false)} children
 */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** Create an SVG element. */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter(isRendered).map(toNode));
  return element;
}

const isRendered = (child) => child !== null && child !== undefined && child !== false;
const toNode = (child) => (child instanceof Node ? child : String(child));

let lastId = 0;

/** Return an unused element ID. */
export function newId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

const ICONS = new Map(Object.entries({
  IN_STOCK: "M3 8.5 6.5 12 13 4.5",
  LOW_STOCK: "M8 2 15 14H1ZM8 6.5v3.5M8 12v.1",
  OUT_OF_STOCK: "M4 4l8 8M12 4l-8 8",
  back: "M10 3 5 8l5 5",
  box: "M8 1.5 14 5v6l-6 3.5L2 11V5ZM2 5l6 3.5L14 5M8 8.5v6",
  cart: "M1.5 2h2l2 8.5h7l1.5-6H4.2M6.5 13.5v.1M11.5 13.5v.1",
  error: "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13M8 4.5v4M8 11v.1",
  clock: "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13M8 4.5V8l2.5 1.5",
  key: "M8 8a3 3 0 1 1-6 0 3 3 0 0 1 6 0h6v2.5M11.5 8v2",
  user: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6M2.5 14a5.5 5.5 0 0 1 11 0",
  plus: "M8 3v10M3 8h10",
}));

/** Create a decorative icon for use next to a text label. */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: ICONS.get(name) ?? "" }));
}

const STATUS = new Map([["IN_STOCK", "In stock"], ["LOW_STOCK", "Low stock"], ["OUT_OF_STOCK", "Out of stock"]]);

/** Show a stock status as an icon, a label, and a color. */
export function badge(status) {
  return h("span", { class: `badge ${status.toLowerCase()}` }, icon(status), STATUS.get(status) ?? status);
}

/** Create a loading indicator. */
export function loading(text) {
  return h("p", { class: "loading", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), text);
}

/** Create a form field with a label, an optional hint, and space for an error message. */
export function field(label, input, hint) {
  input.id ||= newId("field");
  const error = h("span", { class: "field-error", id: `${input.id}-error` });
  const hintElement = hint ? h("span", { class: "hint", id: `${input.id}-hint` }, hint) : null;
  input.setAttribute("aria-describedby", `${input.id}-error${hint ? ` ${input.id}-hint` : ""}`);
  return h("div", { class: "field" }, h("label", { for: input.id }, label), input, hintElement, error);
}

/**
 * Show the error messages of a form's fields by name, and clear all others. Focus the first invalid field, and return
 * whether all fields are valid.
 */
export function showFieldErrors(form, messages) {
  let first = null;
  for (const input of form.elements) {
    const error = input.id && form.querySelector(`#${CSS.escape(input.id)}-error`);
    if (!error) continue;
    const message = messages[input.name] ?? "";
    error.textContent = message;
    if (message) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    if (message) first ??= input;
  }
  first?.focus();
  return first === null;
}

/** Show a confirmation dialog. Resolve to true if the user confirms the action. */
export function confirmAction(title, text, action) {
  return new Promise((resolve) => {
    const id = newId("dialog");
    const dialog = h(
      "dialog",
      { "aria-labelledby": id, close: () => (dialog.remove(), resolve(dialog.returnValue === "confirm")) },
      h(
        "form",
        { method: "dialog", class: "stack" },
        h("h2", { id }, title),
        h("p", {}, text),
        h(
          "div",
          { class: "actions end" },
          h("button", { value: "cancel", class: "quiet" }, "Cancel"),
          h("button", { value: "confirm", class: "danger" }, action),
        ),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
