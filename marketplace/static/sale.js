/* The page of a sale keeps itself up to date. Without this file it shows how things stood when it was asked for. */
const line = document.getElementById("sale-line");
const CLOSING = 2000, ELSE = 15000, OFFLINE_AFTER = 4000;
const DONE = ["over", "called off"];

let words = document.getElementById("sale").dataset;
let tag = `"${words.tag}"`, heardAt = Date.now(), asking = false, timer = 0;

/* The server's clock: what the page said, at the moment when its first byte came. */
const [arrival] = performance.getEntriesByType("navigation");
let skew = Number(words.now) - (performance.timeOrigin + (arrival?.responseStart ?? performance.now()));
const serverNow = () => Date.now() + skew;
const jitter = (milliseconds) => milliseconds * (0.8 + 0.4 * Math.random());

/* ---- time left ---- */

function left(seconds) {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return (hours ? words.hours : words.minutes).replace("{h}", hours)
    .replace("{m}", hours ? String(minutes).padStart(2, "0") : minutes)
    .replace("{s}", String(Math.floor(seconds % 60)).padStart(2, "0"));
}

function tick() {
  for (const time of document.querySelectorAll("time[data-until]")) {
    const seconds = (Date.parse(time.dataset.until) - serverNow()) / 1000;
    if (seconds < 86400) time.textContent = seconds > 0 ? left(seconds) : words.over;
  }
  if (words.turns && serverNow() > Number(words.turns) + 300 && !document.hidden) refresh();
}
setInterval(tick, 1000);

/* ---- what changed: each lot stays where it is, and those that are as they were are left alone ---- */

function put(old, part) {
  const place = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  old.replaceWith(part);
  if (place) [...part.querySelectorAll("a")].find((link) => link.getAttribute("href") === place)?.focus();
}

function swap(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const [lots, theirs] = [document, fresh].map((page) => [...page.querySelectorAll("#sale-lots > li")]);
  put(document.getElementById("sale-now"), fresh.getElementById("sale-now"));
  put(document.getElementById("sale"), fresh.getElementById("sale"));
  words = document.getElementById("sale").dataset;
  skew = Number(words.now) - Date.now();
  if (lots.map((lot) => lot.id).join() !== theirs.map((lot) => lot.id).join()) return say(words.changed);
  theirs.forEach((lot, at) => { if (lot.dataset.version !== lots[at].dataset.version) put(lots[at], lot); });
  tick();
}

async function refresh() {
  if (asking) return;
  asking = true;
  try {
    const headers = { "If-None-Match": tag };
    const answer = await fetch(words.parts, { cache: "no-store", credentials: "same-origin", headers });
    if (answer.status === 404 || answer.status === 403) return location.reload();
    if (!answer.ok && answer.status !== 304) throw new Error(answer.status);
    if (line.dataset.why === "offline") line.hidden = true;
    heardAt = Date.now();
    if (answer.status === 304) return;
    tag = answer.headers.get("ETag");
    swap(await answer.text());
  } catch {
    if (Date.now() - heardAt > OFFLINE_AFTER) offline();
  } finally {
    asking = false;
  }
}

function say(text, why = "") {
  line.dataset.why = why;
  if (line.textContent !== text) line.textContent = text;
  line.hidden = false;
}

function offline() {
  const time = new Date(heardAt).toLocaleTimeString(document.documentElement.lang.replace("_", "-"));
  say(words.offline.replace("{time}", time), "offline");
}

/* ---- asking again and again, oftener while lots end ---- */

function ask() {
  clearTimeout(timer);
  if (DONE.includes(words.state)) return;
  timer = setTimeout(async () => { if (!document.hidden) await refresh(); ask(); },
    jitter(words.state === "closing now" ? CLOSING : ELSE));
}

addEventListener("offline", offline);
addEventListener("online", refresh);
addEventListener("pageshow", (event) => { if (event.persisted) { refresh(); ask(); } });
document.addEventListener("visibilitychange", () => { if (!document.hidden && !DONE.includes(words.state)) refresh(); });

ask();
tick();
