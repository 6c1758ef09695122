// Draws the devices on the outline of the world: by colour and by shape, what is done to each.

const SIZE = 5;
const NEAR = 14;
const HIDDEN_BELOW = 2;
const INSET_FROM = 60; // pixels a degree

function readWorld() {
  const { unit, rings } = readBlock("world");
  return rings.map((deltas) => {
    const ring = new Float32Array(deltas.length);
    let x = 0;
    let y = 0;
    for (let at = 0; at < deltas.length; at += 2) {
      x += deltas[at];
      y += deltas[at + 1];
      ring[at] = x * unit;
      ring[at + 1] = y * unit;
    }
    return ring;
  });
}

// Gives for each row where it is and, if it moves, where it was; NaN where unknown.
function readPlaces(data) {
  const places = new Float64Array(4 * data.rows.length).fill(NaN);
  data.rows.forEach((_, row) => {
    const [before, after] = placesOf(data, row);
    const now = after ?? before;
    if (now) places.set([now[1], now[0]], 4 * row);
    if (before && after) places.set([before[1], before[0]], 4 * row + 2);
  });
  return places;
}

function makeMap(data, onSelect) {
  const help = make("p", { id: "map-help", className: "quiet", textContent: "Drag, pinch or use the arrow keys to move, + and \u2212 to zoom, 0 to see all, N and P for the next and previous device. The wheel zooms once the map is clicked." });
  const canvas = make("canvas", { id: "map", tabIndex: 0, role: "application", "aria-label": "Map of the changed devices", "aria-describedby": "map-help map-count" });
  const map = {
    data, onSelect, canvas, world: readWorld(), places: readPlaces(data), rows: [], order: [], selected: -1,
    x: 0, y: 0, scale: 1, squeeze: 1, fingers: new Map(), moved: 0, waiting: false, fitted: false,
  };
  canvas.addEventListener("keydown", (event) => keyOnMap(map, event));
  canvas.addEventListener("wheel", (event) => wheelOnMap(map, event), { passive: false });
  for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => fingerOnMap(map, event));
  new ResizeObserver(() => (map.fitted ? redraw(map) : fit(map))).observe(canvas);
  const buttons = [["+", "Zoom in", () => zoom(map, 1.6)], ["\u2212", "Zoom out", () => zoom(map, 1 / 1.6)], ["All", "Show all devices", () => fit(map)]].map(([sign, label, act]) => {
    const button = make("button", { type: "button", textContent: sign, title: label, "aria-label": sign === "All" ? "All: show all devices" : label });
    button.addEventListener("click", act);
    return button;
  });
  const legend = make("ul", { className: "legend", "aria-label": "Legend" }, ...ACTIONS.map((action) => legendEntry(action, data.labels[action])), make("li", {}, legendLine(), " moved"));
  const count = make("p", { id: "map-count", className: "quiet" });
  map.count = count;
  map.element = make("section", { className: "map", "aria-label": "Map" }, canvas, make("div", { className: "under" }, legend, make("div", { className: "zooms" }, ...buttons)), count, help);
  return map;
}

function legendEntry(action, words) {
  const canvas = make("canvas", { width: 28, height: 28, className: "key", "aria-hidden": "true", "data-action": action });
  return make("li", {}, canvas, ` ${words}`);
}

function legendLine() {
  return make("canvas", { width: 44, height: 28, className: "key line", "aria-hidden": "true", "data-action": "move" });
}

function drawLegend(map) {
  for (const canvas of map.element.querySelectorAll(".key")) {
    const pen = canvas.getContext("2d");
    pen.setTransform(2, 0, 0, 2, 0, 0);
    pen.clearRect(0, 0, 22, 14);
    if (canvas.dataset.action !== "move") drawSign(pen, canvas.dataset.action, 7, 7, colorOf(map, canvas.dataset.action), map.colors.paper);
    else {
      drawMove(pen, 3, 7, 15, 7, colorOf(map, "update"));
      drawSign(pen, "update", 16, 7, colorOf(map, "update"), map.colors.paper);
    }
  }
}

function colorOf(map, name) {
  return map.colors[name];
}

function readColors() {
  const style = getComputedStyle(document.documentElement);
  const names = ["delete", "create", "update", "paper", "land", "shore", "water", "ink", "quiet"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

// A create is a disc, an update a diamond, a delete a cross: they differ without their colours.
function drawSign(pen, action, x, y, color, paper) {
  pen.beginPath();
  if (action === "create") pen.arc(x, y, SIZE - 0.5, 0, 7);
  else if (action === "update") {
    pen.moveTo(x, y - SIZE);
    pen.lineTo(x + SIZE, y);
    pen.lineTo(x, y + SIZE);
    pen.lineTo(x - SIZE, y);
    pen.closePath();
  } else {
    for (const side of [-1, 1]) {
      pen.moveTo(x - SIZE + 1, y - side * (SIZE - 1));
      pen.lineTo(x + SIZE - 1, y + side * (SIZE - 1));
    }
    pen.lineWidth = 2.5;
    pen.strokeStyle = color;
    pen.stroke();
    return;
  }
  pen.fillStyle = color;
  pen.fill();
  pen.lineWidth = 1;
  pen.strokeStyle = paper;
  pen.stroke();
}

function drawMove(pen, x, y, toX, toY, color) {
  pen.strokeStyle = color;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(toX, toY);
  pen.moveTo(x + 2.5, y);
  pen.arc(x, y, 2.5, 0, 7);
  pen.stroke();
}

function toScreen(map, longitude, latitude) {
  const { clientWidth, clientHeight } = map.canvas;
  return [clientWidth / 2 + (longitude - map.x) * map.squeeze * map.scale, clientHeight / 2 - (latitude - map.y) * map.scale];
}

function boundsOf(map) {
  const bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const row of map.rows) {
    for (let at = 4 * row; at < 4 * row + 4; at += 2) {
      const x = map.places[at];
      const y = map.places[at + 1];
      if (Number.isNaN(x)) continue;
      bounds[0] = Math.min(bounds[0], x);
      bounds[1] = Math.min(bounds[1], y);
      bounds[2] = Math.max(bounds[2], x);
      bounds[3] = Math.max(bounds[3], y);
    }
  }
  return bounds[0] > bounds[2] ? [-180, -60, 180, 80] : bounds;
}

// Shows all devices that are found; near them, a kilometre is as long to the east as to the north.
function fit(map) {
  const { clientWidth, clientHeight } = map.canvas;
  if (!clientWidth) return;
  const [west, south, east, north] = boundsOf(map);
  map.fitted = true;
  map.x = (west + east) / 2;
  map.y = (south + north) / 2;
  map.squeeze = Math.cos((Math.min(Math.abs(map.y), 60) * Math.PI) / 180);
  const wide = Math.max((east - west) * map.squeeze, 0.0002);
  const high = Math.max(north - south, 0.0002);
  map.scale = Math.min((clientWidth - 48) / wide, (clientHeight - 48) / high);
  redraw(map);
}

function zoom(map, by, x = map.canvas.clientWidth / 2, y = map.canvas.clientHeight / 2) {
  const scale = Math.min(Math.max(map.scale * by, 0.4), 5e7);
  const right = (x - map.canvas.clientWidth / 2) / map.squeeze;
  const down = y - map.canvas.clientHeight / 2;
  map.x += right / map.scale - right / scale;
  map.y -= down / map.scale - down / scale;
  map.scale = scale;
  redraw(map);
}

function pan(map, right, down) {
  map.x = Math.min(Math.max(map.x - right / map.squeeze / map.scale, -180), 180);
  map.y = Math.min(Math.max(map.y + down / map.scale, -90), 90);
  redraw(map);
}

function redraw(map) {
  if (map.waiting) return;
  map.waiting = true;
  requestAnimationFrame(() => {
    map.waiting = false;
    drawMap(map);
  });
}

function drawMap(map) {
  const { canvas } = map;
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth, clientHeight } = canvas;
  if (!clientWidth) return;
  if (canvas.width !== Math.round(clientWidth * ratio) || canvas.height !== Math.round(clientHeight * ratio)) {
    canvas.width = Math.round(clientWidth * ratio);
    canvas.height = Math.round(clientHeight * ratio);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  map.colors = readColors();
  pen.fillStyle = map.colors.water;
  pen.fillRect(0, 0, clientWidth, clientHeight);
  drawLand(map, pen, (x, y) => toScreen(map, x, y));
  drawDevices(map, pen);
  if (map.selected >= 0) drawSelected(map, pen);
  drawInset(map, pen);
  drawScale(map, pen);
  drawLegend(map);
}

function drawLand(map, pen, project) {
  pen.save();
  const [left, top] = project(-180, 90);
  const [right, bottom] = project(180, -90);
  pen.beginPath();
  pen.rect(left, top, right - left, bottom - top);
  pen.clip();
  pen.beginPath();
  for (const ring of map.world) {
    for (let at = 0; at < ring.length; at += 2) {
      const [x, y] = project(ring[at], ring[at + 1]);
      if (at) pen.lineTo(x, y);
      else pen.moveTo(x, y);
    }
    pen.closePath();
  }
  pen.fillStyle = map.colors.land;
  pen.fill("evenodd");
  pen.strokeStyle = map.colors.shore;
  pen.lineWidth = 0.75;
  pen.stroke();
  pen.restore();
}

// Where the outline is too coarse to tell the place, a small world in the corner does.
function drawInset(map, pen) {
  const [wide, high] = [108, 54];
  const left = map.canvas.clientWidth - wide - 8;
  const top = map.canvas.clientHeight - high - 8;
  if (map.scale < INSET_FROM || left < wide) return;
  const project = (x, y) => [left + ((x + 180) / 360) * wide, top + ((90 - y) / 180) * high];
  pen.fillStyle = map.colors.water;
  pen.fillRect(left, top, wide, high);
  drawLand(map, pen, project);
  pen.strokeStyle = map.colors.shore;
  pen.lineWidth = 1;
  pen.strokeRect(left + 0.5, top + 0.5, wide, high);
  const [x, y] = project(map.x, map.y);
  pen.strokeStyle = map.colors.ink;
  pen.lineWidth = 1.5;
  pen.strokeRect(x - 4, y - 4, 8, 8);
}

// Draws no sign over another of its kind: what cannot be seen costs nothing.
function drawDevices(map, pen) {
  const { clientWidth, clientHeight } = map.canvas;
  const wide = Math.ceil(clientWidth / HIDDEN_BELOW) + 1;
  const taken = new Uint8Array(wide * (Math.ceil(clientHeight / HIDDEN_BELOW) + 1));
  for (const row of map.rows) {
    const x = (map.places[4 * row] - map.x) * map.squeeze * map.scale + clientWidth / 2;
    const y = (map.y - map.places[4 * row + 1]) * map.scale + clientHeight / 2;
    if (!(x >= 0 && y >= 0 && x <= clientWidth && y <= clientHeight)) continue;
    const { action } = shapeOf(map.data, row);
    const cell = Math.floor(y / HIDDEN_BELOW) * wide + Math.floor(x / HIDDEN_BELOW);
    const bit = 1 << ACTIONS.indexOf(action);
    if (taken[cell] & bit) continue;
    taken[cell] |= bit;
    if (!Number.isNaN(map.places[4 * row + 2])) drawMove(pen, ...toScreen(map, map.places[4 * row + 2], map.places[4 * row + 3]), x, y, map.colors[action]);
    drawSign(pen, action, x, y, map.colors[action], map.colors.paper);
  }
}

function drawSelected(map, pen) {
  const at = 4 * map.selected;
  if (Number.isNaN(map.places[at])) return;
  const [x, y] = toScreen(map, map.places[at], map.places[at + 1]);
  pen.beginPath();
  pen.arc(x, y, 10, 0, 7);
  pen.strokeStyle = map.colors.ink;
  pen.lineWidth = 2.5;
  pen.stroke();
}

function drawScale(map, pen) {
  const metres = 111195 / map.scale;
  const power = 10 ** Math.floor(Math.log10(metres * 90));
  const length = [5, 2, 1].map((n) => n * power).find((n) => n <= metres * 90);
  const words = length >= 1000 ? `${length / 1000} km` : `${length >= 1 ? length : length.toPrecision(1)} m`;
  const bottom = map.canvas.clientHeight - 12;
  pen.strokeStyle = map.colors.ink;
  pen.fillStyle = map.colors.ink;
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.moveTo(12, bottom - 4);
  pen.lineTo(12, bottom);
  pen.lineTo(12 + length / metres, bottom);
  pen.lineTo(12 + length / metres, bottom - 4);
  pen.stroke();
  pen.font = "12px system-ui, sans-serif";
  pen.fillText(words, 16, bottom - 5);
}

function nearest(map, x, y) {
  let best = NEAR * NEAR;
  let found = -1;
  for (const row of map.rows) {
    const right = (map.places[4 * row] - map.x) * map.squeeze * map.scale + map.canvas.clientWidth / 2 - x;
    const down = (map.y - map.places[4 * row + 1]) * map.scale + map.canvas.clientHeight / 2 - y;
    const distance = right * right + down * down;
    if (distance <= best) {
      best = distance;
      found = row;
    }
  }
  return found;
}

function keyOnMap(map, event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const step = 60;
  const acts = {
    ArrowLeft: () => pan(map, step, 0), ArrowRight: () => pan(map, -step, 0), ArrowUp: () => pan(map, 0, step), ArrowDown: () => pan(map, 0, -step),
    "+": () => zoom(map, 1.6), "=": () => zoom(map, 1.6), "-": () => zoom(map, 1 / 1.6), 0: () => fit(map),
    n: () => nextOnMap(map, 1), p: () => nextOnMap(map, -1),
  };
  const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function nextOnMap(map, step) {
  const located = map.order.filter((row) => !Number.isNaN(map.places[4 * row]));
  if (!located.length) return;
  const at = located.indexOf(map.selected);
  const next = at < 0 ? 0 : (at + step + located.length) % located.length;
  map.onSelect(located[next]);
}

function wheelOnMap(map, event) {
  if (document.activeElement !== map.canvas && !event.ctrlKey) return;
  event.preventDefault();
  const { left, top } = map.canvas.getBoundingClientRect();
  zoom(map, Math.exp(-event.deltaY / 400), event.clientX - left, event.clientY - top);
}

// Follows mouse and fingers: one moves the map, two zoom it, a tap selects.
function fingerOnMap(map, event) {
  const { fingers, canvas } = map;
  const { left, top } = canvas.getBoundingClientRect();
  const now = [event.clientX - left, event.clientY - top];
  if (event.type === "pointerdown") {
    canvas.setPointerCapture(event.pointerId);
    if (!fingers.size) map.moved = 0;
    fingers.set(event.pointerId, now);
    return;
  }
  const before = fingers.get(event.pointerId);
  if (!before) return;
  if (event.type === "pointermove") {
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) pinch(map, other, before, now);
    else pan(map, now[0] - before[0], now[1] - before[1]);
    map.moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    fingers.set(event.pointerId, now);
    return;
  }
  fingers.delete(event.pointerId);
  if (event.type === "pointerup" && map.moved < 5) {
    const found = nearest(map, ...now);
    if (found >= 0) map.onSelect(found);
  }
}

function pinch(map, other, before, now) {
  const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
  const is = Math.hypot(now[0] - other[0], now[1] - other[1]);
  if (was > 1) zoom(map, is / was, (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
}

function showOnMap(map, row) {
  map.selected = row;
  const at = 4 * row;
  if (row >= 0 && !Number.isNaN(map.places[at])) {
    const [x, y] = toScreen(map, map.places[at], map.places[at + 1]);
    const { clientWidth, clientHeight } = map.canvas;
    if (x < 16 || y < 16 || x > clientWidth - 16 || y > clientHeight - 16) [map.x, map.y] = map.places.slice(at, at + 2);
  }
  redraw(map);
}

function setMapRows(map, rows) {
  map.order = rows;
  map.rows = rows.slice().sort((a, b) => b - a); // what is deleted is drawn last, over the rest
  const devices = rows.filter((row) => shapeOf(map.data, row).kind === "device");
  const located = devices.filter((row) => !Number.isNaN(map.places[4 * row])).length;
  const none = devices.length - located;
  const without = `; ${none.toLocaleString("en")} ${none === 1 ? "has" : "have"} no known location, since the change does not tell it`;
  map.count.textContent = `${counted(located, "device", "devices")} on the map${none ? without : ""}.`;
  redraw(map);
}

