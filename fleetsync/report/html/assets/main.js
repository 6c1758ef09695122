// Puts the page's parts together and passes on what is selected, found and sorted.

function countBy(data, keys) {
  const perShape = new Uint32Array(data.shapes.length);
  for (const numbers of data.rows) perShape[numbers[0]] += 1;
  const counts = new Map();
  data.shapes.forEach((shape, place) => {
    for (const key of keys(shape)) counts.set(key, (counts.get(key) ?? 0) + perShape[place]);
  });
  return counts;
}

// A choice's value begins with a sign, so that an empty name is not taken for all of them.
function makeChoice(label, all, counts, { marked = true, sorted = true, words = {} } = {}) {
  const names = [...counts.keys()].filter((name) => name !== null);
  if (sorted) names.sort((a, b) => (a < b ? -1 : 1));
  const options = names.map((name) =>
    make("option", { value: marked ? `=${name}` : name, textContent: `${shown(cut(words[name] ?? name, 80))} (${counts.get(name).toLocaleString("en")})` }),
  );
  const select = make("select", {}, make("option", { value: "", textContent: all }), ...options);
  return { select, element: make("label", {}, make("span", { textContent: label }), select) };
}

function makeControls(data, onChange) {
  const search = make("input", { type: "search", autocomplete: "off", spellcheck: false, placeholder: "id, type, field, value, file" });
  const actions = countBy(data, ({ action }) => [action]);
  const ordered = new Map(ACTIONS.filter((name) => actions.has(name)).map((name) => [name, actions.get(name)]));
  const statuses = countBy(data, ({ status }) => [status]);
  const choices = {
    action: makeChoice("Action", "All actions", ordered, { marked: false, sorted: false, words: data.labels }),
    type: makeChoice("Type", "All types", countBy(data, ({ type }) => [type])),
    field: makeChoice("Field", "All fields", countBy(data, ({ paths }) => new Set(paths))),
    status: makeChoice(data.labels.status, data.labels.statuses, statuses, { marked: false, sorted: false }),
  };
  if (statuses.has(null)) delete choices.status;
  const clear = make("button", { type: "button", textContent: "Clear" });
  const all = Object.values(choices).map((choice) => choice.select);
  clear.addEventListener("click", () => {
    for (const element of [search, ...all]) element.value = "";
    onChange();
    search.focus();
  });
  search.addEventListener("input", onChange);
  for (const select of all) select.addEventListener("change", onChange);
  const found = make("output", { id: "found" });
  const element = make("div", { className: "controls", role: "search", "aria-label": "Changes" }, make("label", { className: "search" }, make("span", { textContent: "Search" }), search), ...Object.values(choices).map((choice) => choice.element), clear, found);
  const read = () => ({ words: search.value, ...Object.fromEntries(Object.entries(choices).map(([name, { select }]) => [name, select.value])) });
  return { element, read, found };
}

function addTheme(onChange) {
  const names = ["auto", "light", "dark"];
  const button = make("button", { type: "button", className: "theme" });
  let at = 0;
  const show = () => {
    document.documentElement.dataset.theme = names[at];
    button.textContent = `Theme: ${names[at]}`;
    onChange();
  };
  button.addEventListener("click", () => {
    at = (at + 1) % names.length;
    show();
  });
  document.querySelector("header").append(button);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onChange);
  show();
}

function startPage() {
  const data = readData();
  const place = document.getElementById("changes");
  const leftOut = document.getElementById("left-out");
  if (!data.rows.length) {
    addTheme(() => {});
    return;
  }
  const sort = { column: "", down: false };
  let rows = [];
  let selected = -1;
  const detail = make("section", { className: "detail", "aria-label": "Selected change", "aria-live": "polite", tabIndex: 0 }, make("p", { className: "quiet", textContent: "Select a change in the table or on the map to see its fields, before and after." }));
  const print = make("section", { id: "print", "aria-label": "Printed changes" });
  const select = (row, { fromTable }) => {
    selected = row;
    detail.replaceChildren(makeDetail(data, row, "h2"));
    detail.scrollTop = 0;
    showOnMap(map, row);
    if (!fromTable) {
      table.at = table.rows.indexOf(row);
      reveal(table);
      drawTable(table);
    }
  };
  const update = () => {
    rows = sortRows(data, findRows(data, controls.read()), sort);
    setRows(table, rows, sort, selected);
    setMapRows(map, rows);
    controls.found.textContent = rows.length === data.rows.length ? counted(rows.length, "change", "changes") : `${rows.length.toLocaleString("en")} of ${counted(data.rows.length, "change", "changes")}`;
  };
  const controls = makeControls(data, update);
  const map = makeMap(data, (row) => select(row, { fromTable: false }));
  const table = makeTable(data, {
    onSelect: (row) => select(row, { fromTable: true }),
    onSort: (column) => {
      const again = sort.column === column;
      [sort.column, sort.down] = again && sort.down ? ["", false] : [column, again];
      update();
    },
  });
  const side = make("div", { className: "side" }, map.element, detail);
  place.replaceChildren(...(leftOut ? [leftOut] : []), controls.element, make("div", { className: "panes" }, table.grid, side), print);
  addTheme(() => redraw(map));
  update();
  fit(map);
  const root = document.documentElement;
  let { theme } = root.dataset;
  addEventListener("beforeprint", () => {
    theme = root.dataset.theme;
    root.dataset.theme = "light"; // the map is drawn already when the print's own style applies
    fillPrint(data, rows, print);
    drawMap(map);
  });
  addEventListener("afterprint", () => {
    root.dataset.theme = theme;
    print.replaceChildren();
    redraw(map);
  });
  setTimeout(() => lowerTexts(data), 200);
}

startPage();
