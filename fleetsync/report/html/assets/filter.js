// Finds and orders rows. A search looks at each distinct text once, then only at numbers.

function lowerTexts(data) {
  data.lower ??= data.texts.map((text) => text.toLowerCase());
  return data.lower;
}

function shapeWords({ action, kind, type, file, reason, paths, status, note }) {
  return [action, kind, type, file, reason, status, note, ...paths].join("\n").toLowerCase();
}

function marksOf(texts, word) {
  const marks = new Uint8Array(texts.length);
  for (let place = 0; place < texts.length; place += 1) marks[place] = texts[place].includes(word) ? 1 : 0;
  return marks;
}

// Tells for each shape whether the chosen filters let it pass.
function passing(data, chosen) {
  return data.shapes.map(
    (shape) =>
      (!chosen.action || shape.action === chosen.action) &&
      (!chosen.type || shape.type === chosen.type.slice(1)) &&
      (!chosen.field || shape.paths.includes(chosen.field.slice(1))) &&
      (!chosen.status || shape.status === chosen.status),
  );
}

function seeker(data, word) {
  data.words ??= data.shapes.map(shapeWords);
  const inTexts = marksOf(lowerTexts(data), word);
  const inShapes = marksOf(data.words, word);
  const slash = word.indexOf("/");
  const named = (row) =>
    slash >= 0 && `${shapeOf(data, row).type}/${deviceOf(data, row)}`.toLowerCase().includes(word);
  return (row) => {
    const numbers = data.rows[row];
    if (inShapes[numbers[0]] || (numbers[1] >= 0 && inTexts[numbers[1]])) return true;
    for (let at = 3; at < numbers.length; at += 1) if (inTexts[numbers[at]]) return true;
    return named(row);
  };
}

// Gives the rows that pass every filter and hold every word.
function findRows(data, chosen) {
  const pass = passing(data, chosen);
  const seekers = chosen.words.toLowerCase().split(/\s+/).filter(Boolean).map((word) => seeker(data, word));
  const found = [];
  for (let row = 0; row < data.rows.length; row += 1) {
    if (pass[data.rows[row][0]] && seekers.every((seek) => seek(row))) found.push(row);
  }
  return found;
}

const SORT_KEYS = {
  status: (data, row) => shapeOf(data, row).status,
  action: (data, row) => ACTIONS.indexOf(shapeOf(data, row).action),
  type: (data, row) => shapeOf(data, row).type,
  device: deviceOf,
  fields: (data, row) => shapeOf(data, row).paths.length,
  source: (data, row) => `${shapeOf(data, row).file ?? ""}:${String(data.rows[row][2]).padStart(9, "0")}`,
};

// Gives each row's rank by a column, worked out once.
function ranksBy(data, column) {
  data.ranks ??= {};
  if (!data.ranks[column]) {
    const keys = data.rows.map((_, row) => SORT_KEYS[column](data, row));
    const distinct = [...new Set(keys)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const places = new Map(distinct.map((key, place) => [key, place]));
    data.ranks[column] = Int32Array.from(keys, (key) => places.get(key));
  }
  return data.ranks[column];
}

function sortRows(data, rows, { column, down }) {
  if (!column) return rows;
  const ranks = ranksBy(data, column);
  const sign = down ? -1 : 1;
  return rows.sort((a, b) => sign * (ranks[a] - ranks[b]) || a - b);
}

