// Access to the document.

export const byId = (id) => document.getElementById(id);

export function element(name, attributes, ...children) {
  const created = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, value);
  created.append(...children);
  return created;
}

// The groups of a code are elements without spaces between them, so that a selection copies the ten characters.
export function codeElement(code, attributes = {}) {
  const groups = [code.slice(0, 3), code.slice(3, 6), code.slice(6)].map((group) => element("span", {}, group));
  return element("span", { class: "code", ...attributes }, ...groups);
}
