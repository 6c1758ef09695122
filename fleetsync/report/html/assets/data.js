"use strict";
// Reads the data block; report/html/data.py says how it is written.

const ACTIONS = ["delete", "create", "update"];
const SIGNS = { delete: "\u2212", create: "+", update: "~" };
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\u{e0000}-\u{e0fff}]/gu;

// Escapes what would not show as itself, as fleetsync/escape.py does.
function shown(text) {
  return text.replace(UNSAFE, (letter) => {
    const code = letter.codePointAt(0);
    const [lead, width] = code <= 0xff ? ["\\x", 2] : code <= 0xffff ? ["\\u", 4] : ["\\U", 8];
    return lead + code.toString(16).padStart(width, "0");
  });
}

function readBlock(id) {
  const block = document.getElementById(id);
  const value = JSON.parse(block.textContent);
  block.remove();
  return value;
}

function readShape([action, kind, type, file, reason, sides, paths, status, note]) {
  const latitude = paths.indexOf("location.latitude");
  const longitude = paths.indexOf("location.longitude");
  const located = latitude >= 0 && longitude >= 0;
  return { action, kind, type, file, reason, sides, paths, status, note, latitude, longitude, located };
}

function readData() {
  const data = readBlock("data");
  data.shapes = data.shapes.map(readShape);
  return data;
}

function shapeOf(data, row) {
  return data.shapes[data.rows[row][0]];
}

function deviceOf(data, row) {
  const place = data.rows[row][1];
  return place < 0 ? "" : data.texts[place];
}

function sourceOf(data, row) {
  const { file } = shapeOf(data, row);
  return file === null ? "" : `${file}:${data.rows[row][2]}`;
}

// Gives [before, after] of a field as JSON texts.
function sidesOf(data, row, field) {
  const numbers = data.rows[row];
  const { sides } = shapeOf(data, row);
  if (sides === "both") return [data.texts[numbers[3 + 2 * field]], data.texts[numbers[4 + 2 * field]]];
  const value = data.texts[numbers[3 + field]];
  return sides === "after" ? ["null", value] : [value, "null"];
}

// Gives the places before and after as [latitude, longitude], null where unknown.
function placesOf(data, row) {
  const shape = shapeOf(data, row);
  if (!shape.located) return [null, null];
  const latitudes = sidesOf(data, row, shape.latitude).map(JSON.parse);
  const longitudes = sidesOf(data, row, shape.longitude).map(JSON.parse);
  return [0, 1].map((side) => {
    const place = [latitudes[side], longitudes[side]];
    return place.every((degrees) => typeof degrees === "number") ? place : null;
  });
}

function counted(count, one, many) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

// Makes an element; `given` are properties and attributes, `inside` texts and elements.
function make(tag, given = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name in element && !name.includes("-") && name !== "list") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...inside);
  return element;
}

