/** Elements, made so that text stays text. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [props] Attributes; functions listen to the event they are named after.
 * @param {...(Node | string | number | null | undefined | false)} children
 */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG. */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter(shown).map(asNode));
  return element;
}

const shown = (child) => child !== null && child !== undefined && child !== false;
const asNode = (child) => (child instanceof Node ? child : String(child));

let ids = 0;

/** An id that is not used yet. */
export function newId(prefix) {
  ids += 1;
  return `${prefix}-${ids}`;
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
  person: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6M2.5 14a5.5 5.5 0 0 1 11 0",
  plus: "M8 3v10M3 8h10",
}));

/** A drawing beside a text that says the same. */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: ICONS.get(name) ?? "" }));
}

const STATUS = new Map([["IN_STOCK", "In stock"], ["LOW_STOCK", "Low stock"], ["OUT_OF_STOCK", "Out of stock"]]);

/** A status by shape, word and colour. */
export function badge(status) {
  return h("span", { class: `badge ${status.toLowerCase()}` }, icon(status), STATUS.get(status) ?? status);
}

/** While something is on its way. */
export function loading(text) {
  return h("p", { class: "loading", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), text);
}

/** A label with its field, and what is wrong with it. */
export function field(label, input, hint) {
  input.id ||= newId("field");
  const wrong = h("span", { class: "wrong", id: `${input.id}-wrong` });
  const told = hint ? h("span", { class: "hint", id: `${input.id}-hint` }, hint) : null;
  input.setAttribute("aria-describedby", `${input.id}-wrong${hint ? ` ${input.id}-hint` : ""}`);
  return h("div", { class: "field" }, h("label", { for: input.id }, label), input, told, wrong);
}

/** Say what is wrong with fields by their names, or that nothing is; the first wrong one gets the focus. */
export function mark(form, problems) {
  let first = null;
  for (const input of form.elements) {
    const wrong = input.id && form.querySelector(`#${CSS.escape(input.id)}-wrong`);
    if (!wrong) continue;
    const text = problems[input.name] ?? "";
    wrong.textContent = text;
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    if (text) first ??= input;
  }
  first?.focus();
  return first === null;
}

/** Ask before something is done; resolves to whether to do it. */
export function confirmed(title, text, action) {
  return new Promise((resolve) => {
    const id = newId("dialog");
    const dialog = h(
      "dialog",
      { "aria-labelledby": id, close: () => (dialog.remove(), resolve(dialog.returnValue === "yes")) },
      h(
        "form",
        { method: "dialog", class: "stack" },
        h("h2", { id }, title),
        h("p", {}, text),
        h(
          "div",
          { class: "actions end" },
          h("button", { value: "no", class: "quiet" }, "Cancel"),
          h("button", { value: "yes", class: "danger" }, action),
        ),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
