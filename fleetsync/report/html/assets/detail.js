// Shows one change in full, and writes the list that is printed.

const VALUE_CHARACTERS = 600;
const PRINTED = 1000;

function makeValue(text, absent) {
  if (absent) return make("td", { className: "absent", textContent: "\u2014" });
  const words = shown(text);
  const cell = make("td", {}, make("code", { textContent: cut(words, VALUE_CHARACTERS) }));
  if (words.length > VALUE_CHARACTERS) {
    const label = `Show all ${words.length.toLocaleString("en")} characters`;
    const button = make("button", { type: "button", className: "plain", textContent: label });
    button.addEventListener("click", () => {
      cell.firstChild.textContent = words;
      button.remove();
    });
    cell.append(button);
  }
  return cell;
}

function makeFields(data, row) {
  const { paths } = shapeOf(data, row);
  const heads = ["Field", data.labels.before, data.labels.after].map((words) => make("th", { scope: "col", textContent: words }));
  const lines = paths.map((path, field) => {
    const [before, after] = sidesOf(data, row, field);
    const name = make("th", { scope: "row", textContent: shown(path) });
    return make("tr", {}, name, makeValue(before, before === "null"), makeValue(after, after === "null"));
  });
  return make("table", { className: "fields" }, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...lines));
}

function nameOf(data, row) {
  const { type, kind } = shapeOf(data, row);
  return shown(kind === "device" ? `${type}/${deviceOf(data, row)}` : type);
}

function makeDetail(data, row, level) {
  const { action, kind, reason, status, note, paths } = shapeOf(data, row);
  const noun = kind === "device" ? "device" : "device type";
  const said = [status && (note ? `${status}: ${note}` : status), reason && `Because ${reason}`, sourceOf(data, row)];
  const title = make(level, {}, make("span", { className: `sign ${action}`, textContent: `${SIGNS[action]} ${data.labels[action]}` }), ` ${noun} ${cut(nameOf(data, row), 300)}`);
  const lines = said.filter(Boolean).map((words) => make("p", { textContent: shown(cut(words, 2000)) }));
  const fields = paths.length ? makeFields(data, row) : make("p", { className: "quiet", textContent: "No fields are told of." });
  return make("div", { className: "change" }, title, ...lines, fields);
}

// Writes the rows that are found now, so many that a browser can still print them.
function fillPrint(data, rows, place) {
  const many = Math.min(rows.length, PRINTED);
  const words = many < rows.length ? `The first ${many.toLocaleString("en")} of ${rows.length.toLocaleString("en")} changes found` : `All ${counted(rows.length, "change", "changes")} found`;
  const found = rows.slice(0, many).map((row) => makeDetail(data, row, "h3"));
  place.replaceChildren(make("h2", { textContent: words }), ...found);
}

