// Elements of the document. Text from data reaches them as text nodes and attributes only.

const $ = (id) => document.getElementById(id);

// What would reorder or hide the text around it is shown as an escape.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
const LETTERS = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };
const shown = (text) => String(text).replace(UNSAFE, (c) => LETTERS[c] ?? `\\u{${c.charCodeAt(0).toString(16)}}`);

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value !== null) element.setAttribute(name, value);
  }
  for (const child of children) element.append(child instanceof Node ? child : shown(child));
  return element;
}

const html = (tag, attributes = {}, ...children) => build(document.createElement(tag), attributes, children);

const svg = (tag, attributes = {}, ...children) =>
  build(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// A drawing of 100 by 100 that is stretched to its place; lines keep their widths.
const drawing = (label, ...shapes) =>
  svg(
    "svg",
    { viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img", "aria-label": shown(label) },
    ...shapes,
  );

const definition = (name, value, attributes = {}) =>
  html("div", attributes, html("dt", {}, name), html("dd", {}, value));
