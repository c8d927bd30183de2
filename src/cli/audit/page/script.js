"use strict";
// Sorts, filters and pages the table of workloads. All that it shows is on the page already; it puts text in by
// textContent alone. Rows beyond the page in view are kept out of the document, so a long table stays quick.
document.documentElement.classList.add("script-runs");

document.addEventListener("DOMContentLoaded", () => {
  const PAGE = 100;
  const byId = (id) => document.getElementById(id);
  const table = byId("table");
  const controls = document.querySelector("form.controls");
  const [text, namespace, change, finding] = ["text", "namespace", "change", "finding"].map(byId);
  const compare = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;

  const rows = [...table.tBodies].map((body, index) => {
    const cells = body.rows[0].cells;
    return {
      body,
      index,
      cells,
      namespace: cells[0].textContent,
      change: cells[7].textContent,
      findings: [...cells[8].querySelectorAll("i")].map((name) => name.textContent),
      keys: [],
    };
  });
  // All that a row and its details say, cell by cell. Nobody waits for it before the first search.
  const words = (row) => {
    row.words ??= [...row.body.querySelectorAll("tr:first-child > *, dt, dd")]
      .map((cell) => cell.textContent.toLowerCase())
      .join("\n");
    return row.words;
  };
  let found = rows;
  let page = 0;
  let sorted = { column: -1, isDown: false };

  const element = (name, content, attributes = {}) => {
    const made = document.createElement(name);
    made.textContent = content;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  // The choices of a filter, each with its number of workloads.
  const choose = (select, prefix, names) => {
    const counts = new Map();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const name of [...counts.keys()].sort(compare)) {
      select.append(element("option", `${name} (${counts.get(name)})`, { value: prefix + name }));
    }
  };
  choose(namespace, "=", rows.map((row) => row.namespace));
  choose(change, "=", rows.map((row) => row.change));
  choose(finding, "=", rows.flatMap((row) => [...new Set(row.findings)]));

  // The name of a row becomes a button once the row is first in view.
  const open = (row) => {
    const details = row.body.rows[1];
    details.id = `details-${row.index}`;
    const head = row.cells[1];
    const button = element("button", "", {
      type: "button",
      "aria-expanded": "false",
      "aria-controls": details.id,
    });
    button.addEventListener("click", () => {
      const isOpen = details.classList.toggle("open");
      button.setAttribute("aria-expanded", String(isOpen));
    });
    button.append(...head.childNodes);
    head.append(button);
    row.isReady = true;
  };

  const show = (shown) => {
    for (const row of shown) if (!row.isReady) open(row);
    for (const body of [...table.tBodies]) body.remove();
    table.append(...shown.map((row) => row.body));
  };

  const pagers = [...document.querySelectorAll("nav.pages")].map((nav) => {
    const back = element("button", "Previous", { type: "button" });
    const on = element("button", "Next", { type: "button" });
    const where = element("span", "");
    const go = (step, button) => {
      if (button.getAttribute("aria-disabled") === "true") return;
      page += step;
      draw();
      if (nav !== pagers[0].nav) byId("workloads").scrollIntoView();
    };
    back.addEventListener("click", () => go(-1, back));
    on.addEventListener("click", () => go(1, on));
    nav.append(back, where, on);
    return { nav, back, on, where };
  });

  const draw = () => {
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    page = Math.min(Math.max(page, 0), pages - 1);
    const first = page * PAGE;
    const shown = found.slice(first, first + PAGE);
    show(shown);
    const number = (count) => count.toLocaleString("en");
    const total = `${number(found.length)} of ${number(rows.length)} workloads`;
    const range = pages > 1 ? `, ${number(first + 1)} to ${number(first + shown.length)} in view` : "";
    const name = sorted.column < 0 ? "" : table.tHead.rows[0].cells[sorted.column].textContent;
    const order = name && `, by ${name}${sorted.isDown ? ", descending" : ""}`;
    byId("count").textContent = (found.length ? total + range : `No workload of ${number(rows.length)} fits`) + order;
    for (const { nav, back, on, where } of pagers) {
      nav.hidden = pages === 1;
      where.textContent = `Page ${page + 1} of ${pages}`;
      back.setAttribute("aria-disabled", String(page === 0));
      on.setAttribute("aria-disabled", String(page === pages - 1));
    }
  };

  // What a cell is sorted by: the number that it holds in words of its own, its first number, or its text.
  const key = (row, column, isNumber) => {
    if (row.keys[column] === undefined) {
      const cell = row.cells[column];
      const number = parseFloat(cell.dataset.by ?? cell.textContent.replaceAll(",", ""));
      row.keys[column] = isNumber ? (Number.isNaN(number) ? -Infinity : number) : cell.textContent;
    }
    return row.keys[column];
  };

  const update = () => {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (row) =>
      (!namespace.value || namespace.value === `=${row.namespace}`) &&
      (!change.value || change.value === `=${row.change}`) &&
      (!finding.value ||
        (finding.value === "any" && row.findings.length > 0) ||
        (finding.value === "none" && row.findings.length === 0) ||
        row.findings.some((name) => finding.value === `=${name}`)) &&
      wanted.every((word) => words(row).includes(word));
    found = rows.filter(fits);
    const { column, isDown } = sorted;
    if (column >= 0) {
      const isNumber = "number" in table.tHead.rows[0].cells[column].dataset;
      const order = isNumber ? (one, other) => (one < other ? -1 : one > other ? 1 : 0) : compare;
      const sign = isDown ? -1 : 1;
      found.sort(
        (one, other) =>
          sign * order(key(one, column, isNumber), key(other, column, isNumber)) || one.index - other.index,
      );
    }
    page = 0;
    draw();
  };

  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = element("button", head.textContent, { type: "button" });
    head.replaceChildren(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const isSame = sorted.column === column;
      // A first click shows the largest numbers, and texts from a to z.
      sorted = { column, isDown: isSame ? !sorted.isDown : "number" in head.dataset };
      for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", sorted.isDown ? "descending" : "ascending");
      update();
    });
  });

  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("input", update);
  // The fields have their first values again only after the event.
  controls.addEventListener("reset", () => setTimeout(update));

  for (const button of document.querySelectorAll("button.show")) {
    button.addEventListener("click", () => {
      controls.reset();
      if (button.dataset.change) change.value = `=${button.dataset.change}`;
      if (button.dataset.finding) finding.value = `=${button.dataset.finding}`;
      update();
      byId("workloads").scrollIntoView();
      byId("workloads").focus({ preventScroll: true });
    });
  }

  // Paper gets all that the filters leave.
  addEventListener("beforeprint", () => show(found));
  addEventListener("afterprint", draw);
  update();
});
