/* The page of a lot keeps itself up to date. Without this file it shows how things stood when it was asked for. */
const root = document.getElementById("live");
const words = root.dataset;
const line = document.getElementById("live-line");
const PARTS = ["live-banners", "live-price", "live-bids", "live-bar"];
const OFFLINE_AFTER = 4000, REST_AFTER = 60000, STREAM_AGAIN_AFTER = 60000;

/* The server's clock: what the page said, at the moment when its first byte came. */
const [arrival] = performance.getEntriesByType("navigation");
let skew = Number(words.now) - (performance.timeOrigin + (arrival?.responseStart ?? performance.now()));
const serverNow = () => Date.now() + skew;

let version = words.version, phase = words.phase, endsAt = Number(words.ends);
let heardAt = Date.now(), asking = false, again = false, stream = null, poll = 0, hiddenAt = 0, tag = null;

const jitter = (milliseconds) => milliseconds * (0.8 + 0.4 * Math.random());

/* ---- time left ---- */

function left(seconds) {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const text = hours ? words.hours : words.minutes;
  return text.replace("{h}", hours).replace("{m}", hours ? String(minutes).padStart(2, "0") : minutes)
    .replace("{s}", String(Math.floor(seconds % 60)).padStart(2, "0"));
}

function tick() {
  for (const time of document.querySelectorAll("time[data-until]")) {
    const seconds = (Date.parse(time.dataset.until) - serverNow()) / 1000;
    if (seconds < 86400) time.textContent = seconds > 0 ? left(seconds) : words.over;
  }
  if (phase === "running" && serverNow() > endsAt + 300) refresh();
}
setInterval(tick, 1000);

/* ---- what changed ---- */

function keepsTyping() {
  const field = document.getElementById("maximum");
  return field && (field === document.activeElement || field.value !== field.defaultValue);
}

function swap(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const state = fresh.getElementById("live").dataset;
  skew = Number(state.now) - Date.now();
  [version, endsAt] = [state.version, Number(state.ends)];
  if (state.phase !== phase && !keepsTyping()) return location.reload();
  for (const id of PARTS) {
    const [old, part] = [document.getElementById(id), fresh.getElementById(id)];
    const place = old?.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    if (old && part) old.replaceWith(part);
    if (place) [...part.querySelectorAll("a")].find((link) => link.getAttribute("href") === place)?.focus();
  }
  tick();
}

async function refresh() {
  if (asking) { again = true; return; }
  asking = true;
  try {
    /* Nothing of it is kept by the browser; what the page shows carries its tag. */
    const headers = tag ? { "If-None-Match": tag } : {};
    const answer = await fetch(words.parts, { cache: "no-store", credentials: "same-origin", headers });
    if (answer.status === 304) return heard();
    if (answer.status === 404 || answer.status === 403) return location.reload();
    if (!answer.ok) throw new Error(answer.status);
    tag = answer.headers.get("ETag");
    swap(await answer.text());
    heard();
  } catch {
    if (Date.now() - heardAt > OFFLINE_AFTER) offline();
  } finally {
    asking = false;
    if (again) { again = false; setTimeout(refresh, 250); }
  }
}

/* ---- hearing of it: a line that stays open, else asking again and again ---- */

function heard() {
  heardAt = Date.now();
  line.hidden = true;
  line.textContent = "";
}

function offline() {
  if (!line.hidden) return;
  const time = new Date(heardAt).toLocaleTimeString(document.documentElement.lang.replace("_", "-"));
  line.textContent = words.offline.replace("{time}", time);
  line.hidden = false;
}

function listen() {
  stream?.close();
  stream = new EventSource(words.stream);
  stream.onopen = () => { clearTimeout(poll); poll = 0; heard(); };
  stream.onmessage = (event) => {
    const [theirs, now] = event.data.split(" ");
    skew = Number(now) - Date.now();  /* the browser may have kept the page, and with it what time it was */
    heard();
    if (theirs !== version) refresh();
  };
  stream.onerror = () => {
    setTimeout(() => { if (stream?.readyState === EventSource.CONNECTING) offline(); }, OFFLINE_AFTER);
    if (stream.readyState !== EventSource.CLOSED) return;
    ask();
    setTimeout(() => { if (!document.hidden) listen(); }, jitter(STREAM_AGAIN_AFTER));
  };
}

function ask() {
  clearTimeout(poll);
  const soon = endsAt - serverNow() < 300000;
  poll = setTimeout(async () => { if (!document.hidden) await refresh(); if (poll) ask(); }, jitter(soon ? 2000 : 15000));
}

addEventListener("offline", offline);
addEventListener("online", () => { refresh(); listen(); });
addEventListener("pageshow", (event) => { if (event.persisted) { refresh(); listen(); } });
addEventListener("pagehide", () => stream?.close());
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    hiddenAt = Date.now();
    setTimeout(() => { if (document.hidden && Date.now() - hiddenAt >= REST_AFTER) stream?.close(); }, REST_AFTER);
  } else {
    refresh();
    if (stream?.readyState !== EventSource.OPEN) listen();
  }
});

if (["running", "over", "scheduled"].includes(phase)) listen();
tick();
