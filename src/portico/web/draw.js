// Drawing helpers. Whatever somebody else wrote becomes text or the value of an attribute, never markup:
// nothing in these modules sets innerHTML.

const SVG = "http://www.w3.org/2000/svg";

/** The lines of each icon, in a square of 16. */
const ICONS = {
  close: "M4 4l8 8M12 4l-8 8",
  download: "M8 2.5v8M4.5 7.5L8 11l3.5-3.5M3 13.5h10",
  file: "M4 1.5h5l3.5 3.5v9.5H4zM9 1.5V5h3.5",
  folder: "M1.5 3.5h4l1.5 2h7.5v8h-13z",
  up: "M8 13V3M4 6.5L8 2.5l4 4",
};

/** Makes an element: attributes by name, listeners as functions, children as nodes or texts. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Makes an icon, which says nothing to those who listen: what carries it has a label. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Makes a button with a text. */
export function button(text, click, attributes = {}) {
  return el("button", { type: "button", click, ...attributes }, text);
}

/** Makes a button with an icon only; its label is for those who listen, and for the pointer. */
export function iconButton(name, label, click) {
  return el(
    "button",
    { type: "button", class: "quiet", "aria-label": label, title: label, click },
    icon(name),
  );
}

/** Makes a `time`: what is shown, and the whole instant for the pointer. */
export function timeOf(instant, shown, attributes = {}) {
  return el("time", { datetime: instant, title: new Date(instant).toLocaleString(), ...attributes }, shown);
}

/** Finds the one element of an id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Calls `work` soon, once, however often it is asked for meanwhile. */
export function gathered(work, milliseconds) {
  let timer = 0;
  return () => {
    timer ||= setTimeout(() => {
      timer = 0;
      work();
    }, milliseconds);
  };
}

/** Calls `work` before the next frame, once. */
export function inFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}

/** Copies a text; without the clipboard, which pages from plain http have not, by way of a field. */
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = el("textarea", { class: "unseen", readonly: true });
  field.value = text;
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

/** Makes a button that copies, and says so for a moment. */
export function copyButton(label, text) {
  const made = button(
    label,
    async () => {
      try {
        await copy(text());
        made.textContent = "Copied";
      } catch {
        made.textContent = "Could not copy";
      }
      setTimeout(() => (made.textContent = label), 1500);
    },
    { class: "plain" },
  );
  return made;
}
