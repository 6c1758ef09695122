// Shows a table of which only the rows in sight are elements.

const ROW_HEIGHT = 30;
const COLUMNS = { action: "Action", type: "Type", device: "Device", fields: "Fields", source: "Declared in" };
const SUMMARY_CHARACTERS = 160;

function cut(text, length) {
  return text.length > length ? `${text.slice(0, length)}...` : text;
}

function fieldWords(data, row) {
  const { paths, action } = shapeOf(data, row);
  if (!paths.length) return "";
  const [before, after] = sidesOf(data, row, 0).map((text) => cut(text, 60));
  const change = action === "create" ? after : action === "delete" ? before : `${before} \u2192 ${after}`;
  const more = paths.length > 1 ? `  +${paths.length - 1} more` : "";
  return shown(cut(`${paths[0]}: ${change}`, SUMMARY_CHARACTERS)) + more;
}

const CELLS = {
  status: (data, row) => shapeOf(data, row).status,
  action: (data, row) => `${SIGNS[shapeOf(data, row).action]} ${data.labels[shapeOf(data, row).action]}`,
  type: (data, row) => shown(cut(shapeOf(data, row).type, SUMMARY_CHARACTERS)),
  device: (data, row) => (shapeOf(data, row).kind === "device" ? shown(cut(deviceOf(data, row), SUMMARY_CHARACTERS)) : "(the type itself)"),
  fields: fieldWords,
  source: (data, row) => shown(cut(sourceOf(data, row).split("/").pop(), SUMMARY_CHARACTERS)),
};

function makeTable(data, { onSelect, onSort }) {
  const status = data.shapes.some((s) => s.status) ? { status: data.labels.status } : {};
  const titles = { ...status, ...COLUMNS };
  const columns = Object.keys(titles);
  const heads = columns.map((name) => makeHead(name, titles[name], onSort));
  const header = make("div", { role: "row", className: "row head", "aria-rowindex": "1" }, ...heads);
  const body = make("div", { role: "rowgroup", className: "body" });
  const grid = make(
    "div",
    { role: "grid", id: "grid", tabIndex: 0, "aria-label": "Changes", "aria-colcount": columns.length },
    make("div", { role: "rowgroup", className: "heads" }, header),
    body,
  );
  if (columns[0] === "status") grid.classList.add("with-status");
  const table = { data, columns, heads, body, grid, rows: [], at: -1, onSelect };
  let waiting = false;
  grid.addEventListener("scroll", () => {
    if (!waiting) requestAnimationFrame(() => { waiting = false; drawTable(table); });
    waiting = true;
  });
  new ResizeObserver(() => drawTable(table)).observe(grid);
  body.addEventListener("click", (event) => {
    const row = event.target.closest("[data-at]");
    if (row) goTo(table, Number(row.dataset.at));
  });
  grid.addEventListener("keydown", (event) => moveByKey(table, event));
  return table;
}

function makeHead(name, title, onSort) {
  const button = make("button", { type: "button", textContent: title });
  button.addEventListener("click", () => onSort(name));
  return make("div", { role: "columnheader", className: `cell ${name}`, "aria-sort": "none", "data-column": name }, button);
}

function makeRow(table, at) {
  const row = table.rows[at];
  const { action } = shapeOf(table.data, row);
  const cells = table.columns.map((name) =>
    make("div", { role: "gridcell", className: `cell ${name}`, textContent: CELLS[name](table.data, row) }),
  );
  const element = make(
    "div",
    { role: "row", id: `row-${at}`, className: `row ${action}`, "aria-rowindex": at + 2, "data-at": at, "aria-selected": String(at === table.at) },
    ...cells,
  );
  element.style.transform = `translateY(${at * ROW_HEIGHT}px)`;
  return element;
}

function drawTable(table) {
  const { grid, body, rows } = table;
  const first = Math.max(0, Math.floor(grid.scrollTop / ROW_HEIGHT) - 8);
  const last = Math.min(rows.length, first + Math.ceil(grid.clientHeight / ROW_HEIGHT) + 16);
  const made = [];
  for (let at = first; at < last; at += 1) made.push(makeRow(table, at));
  body.replaceChildren(...made);
  const active = table.at >= first && table.at < last;
  if (active) grid.setAttribute("aria-activedescendant", `row-${table.at}`);
  else grid.removeAttribute("aria-activedescendant");
}

function setRows(table, rows, sort, selected) {
  table.rows = rows;
  table.at = rows.indexOf(selected);
  table.body.style.height = `${Math.max(1, rows.length) * ROW_HEIGHT}px`;
  table.grid.setAttribute("aria-rowcount", rows.length + 1);
  for (const head of table.heads) {
    const sorted = head.dataset.column === sort.column;
    head.setAttribute("aria-sort", sorted ? (sort.down ? "descending" : "ascending") : "none");
  }
  if (table.at < 0) table.grid.scrollTop = 0;
  else reveal(table);
  drawTable(table);
}

function reveal({ grid, at }) {
  const top = at * ROW_HEIGHT;
  const room = grid.clientHeight - 2 * ROW_HEIGHT;
  if (top < grid.scrollTop) grid.scrollTop = top;
  else if (top > grid.scrollTop + room) grid.scrollTop = top - room;
}

function goTo(table, at) {
  if (!table.rows.length) return;
  table.at = Math.min(Math.max(at, 0), table.rows.length - 1);
  reveal(table);
  drawTable(table);
  table.onSelect(table.rows[table.at]);
}

function moveByKey(table, event) {
  if (event.target !== table.grid || event.ctrlKey || event.altKey || event.metaKey) return;
  const page = Math.max(1, Math.floor(table.grid.clientHeight / ROW_HEIGHT) - 2);
  const steps = {
    ArrowDown: table.at + 1, ArrowUp: table.at - 1, PageDown: table.at + page, PageUp: table.at - page,
    Home: 0, End: table.rows.length - 1, Enter: table.at,
  };
  if (event.key in steps) {
    event.preventDefault();
    goTo(table, steps[event.key]);
  }
}

