// Returns what somebody who hears a page would miss: names of fields, tables, drawings and regions, and the order of headings.
(() => {
  const wrong = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const shown = (element) => element.outerHTML.slice(0, 80);

  const ids = all("[id]").map((element) => element.id);
  for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) wrong.push(`twice: ${id}`);
  for (const name of ["aria-labelledby", "aria-controls", "for"]) {
    for (const element of all(`[${name}]`)) {
      if (!document.getElementById(element.getAttribute(name))) wrong.push(`leads nowhere: ${shown(element)}`);
    }
  }
  for (const link of all("a")) {
    if (!document.querySelector(link.getAttribute("href"))) wrong.push(`leads nowhere: ${shown(link)}`);
  }
  for (const field of all("input, select")) if (!field.labels.length) wrong.push(`no label: ${shown(field)}`);
  for (const button of all("button")) if (!button.textContent.trim()) wrong.push(`no name: ${shown(button)}`);
  for (const table of all("table")) {
    if (!table.caption) wrong.push(`no caption: ${shown(table)}`);
    for (const cell of table.tHead.rows[0].cells) {
      if (!cell.textContent.trim() || cell.scope !== "col") wrong.push(`no head of a column: ${shown(cell)}`);
    }
  }
  for (const svg of all("svg")) {
    const isNamed = svg.getAttribute("role") === "img" && svg.getAttribute("aria-label");
    const isInner = svg.parentElement.closest("svg");
    if (!isNamed && !isInner && svg.getAttribute("aria-hidden") !== "true") wrong.push(`no name: ${shown(svg)}`);
  }
  const isNamed = (element) => element.hasAttribute("aria-label") || element.hasAttribute("aria-labelledby");
  for (const part of all("section, nav, [role=region]")) if (!isNamed(part)) wrong.push(`no name: ${shown(part)}`);
  for (const landmark of ["main", "header", "footer", "h1", "head > title"]) {
    if (all(landmark).length !== 1) wrong.push(`not one ${landmark}`);
  }
  let last = 0;
  for (const heading of all("h1, h2, h3")) {
    const level = Number(heading.localName[1]);
    if (level > last + 1) wrong.push(`out of order: ${shown(heading)}`);
    last = level;
  }
  if (!document.documentElement.lang) wrong.push("no language");
  return wrong;
})()
