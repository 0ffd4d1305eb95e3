// The page of the fake. Texts come from alerts and requests, so they only ever become text.

const token = document.querySelector("meta[name=token]").content;
const byId = (id) => document.getElementById(id);
const toggles = {
  acknowledge: { on: "acknowledged", off: "Acknowledge", undo: "unacknowledge" },
  resolve: { on: "resolved", off: "Resolve", undo: "unresolve" },
  silence: { on: "silenced", off: "Silence 1 h", undo: "unsilence" },
};
let now = Date.now();
let known = {};

// --- What people do

/** Ask the server to do something, and return whether it did; if not, say why. */
async function send(action, details = {}) {
  try {
    const response = await fetch("/_page/do", {
      method: "POST",
      headers: { "X-Page-Token": token },
      body: JSON.stringify({ do: action, as: byId("as").value, ...details }),
    });
    say(response.ok ? "" : (await response.json()).detail);
    return response.ok;
  } catch {
    say("The server did not do it: see whether it runs.");
    return false;
  }
}

function say(text) {
  byId("said").textContent = text;
}

function onForm(id, action, details) {
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    send(action, details(new FormData(event.target)));
  });
}

onForm("alert", "alert", (data) => Object.fromEntries(data));
onForm("storm", "storm", (data) => ({ groups: Number(data.get("groups")) }));

byId("settings").addEventListener("change", (event) => {
  const form = event.currentTarget;
  if (form.reportValidity()) {
    const values = [...new FormData(form)].map(([name, text]) => [name, Number(text)]);
    send("settings", { ...Object.fromEntries(values), window: known.window });
  }
});

byId("faults").addEventListener("change", ({ target }) => {
  send("fault", { name: target.value, on: target.checked });
});

byId("skips").addEventListener("click", ({ target }) => {
  if (target.dataset.seconds) send("skip", { seconds: Number(target.dataset.seconds) });
});

byId("groups").addEventListener("click", async ({ target }) => {
  const { action } = target.dataset;
  const row = target.closest("#groups > li");
  if (action === "label") {
    openLabelling(row);
  } else if (action) {
    const name = target.textContent;
    if (await send(action, { group: row.dataset.id })) say(`${name}: done`);
  }
});

byId("groups").addEventListener("keydown", (event) => {
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  const row = step && event.target.closest("#groups > li");
  if (row?.[step]) {
    event.preventDefault();
    focusLike(event.target, row[step]);
  }
});

function focusLike(button, row) {
  row.querySelectorAll("button")[[...button.parentElement.children].indexOf(button)]?.focus();
}

// --- Labels

function openLabelling(row) {
  const dialog = byId("labelling");
  dialog.dataset.group = row.dataset.id;
  dialog.querySelector("p").textContent = row.querySelector("h3").textContent;
  dialog.querySelector("form").reset();
  offer("keys", Object.keys(known.known_labels));
  dialog.showModal();
}

function offer(id, texts) {
  byId(id).replaceChildren(...texts.map((text) => new Option(text)));
}

byId("labelling").addEventListener("input", ({ target }) => {
  if (target.name === "key") offer("values", known.known_labels[target.value] ?? []);
});

byId("labelling").addEventListener("click", ({ target }) => {
  if (target.value === "cancel") byId("labelling").close();
});

byId("labelling").addEventListener("submit", ({ target }) => {
  const { key, value } = Object.fromEntries(new FormData(target));
  send("label", { group: byId("labelling").dataset.group, key, value });
});

// --- What is shown

/** Make the children of a list those of these items, newest first, and move no row that stays. */
function fill(list, items, make, update) {
  const rows = new Map([...list.children].map((row) => [row.dataset.id, row]));
  const kept = new Set(items.map((item) => String(item.id)));
  for (const [id, row] of rows) {
    if (!kept.has(id)) remove(row);
  }
  let place = list.firstElementChild;
  for (const item of items) {
    const row = rows.get(String(item.id)) ?? make(item);
    row.dataset.id = item.id;
    if (row === place) place = place.nextElementSibling;
    else list.insertBefore(row, place);
    update(row, item);
  }
}

function remove(row) {
  const neighbour = row.nextElementSibling ?? row.previousElementSibling;
  if (neighbour && row.contains(document.activeElement)) focusLike(document.activeElement, neighbour);
  row.remove();
}

function copy(id) {
  return byId(id).content.firstElementChild.cloneNode(true);
}

/** Set a text only if it changes, so that selections and screen readers are left alone. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function showGroup(row, group) {
  row.className = group.state;
  row.dataset.startedAt = group.started_at;
  row.dataset.words = words(group);
  write(row.querySelector("h3"), group.title ?? "Wiped");
  writeAge(row);
  const labels = group.labels.map(([key, value]) => ({ id: `${key}:${value}` }));
  fill(row.querySelector(".labels"), labels, () => document.createElement("li"), (item, label) => write(item, label.id));
  for (const button of row.querySelectorAll("[data-action]")) showButton(button, group);
}

function words(group) {
  const state = group.by ? `${group.state} by ${group.by}` : group.state;
  const until = group.state === "silenced" && group.silenced_until ? ` until ${clockTime(group.silenced_until)}` : "";
  const alerts = group.alerts === 1 ? "1 alert" : `${group.alerts} alerts`;
  return `${state}${until} · ${alerts} · ${group.integration}`;
}

function writeAge(row) {
  write(row.querySelector("p"), `${age(row.dataset.startedAt)} · ${row.dataset.words}`);
}

function showButton(button, group) {
  const name = Object.keys(toggles).find((each) => button.dataset.action.endsWith(each));
  if (!name) return;
  const { on, off, undo } = toggles[name];
  const isOn = group.state === on;
  button.dataset.action = isOn ? undo : name;
  write(button, isOn ? undo[0].toUpperCase() + undo.slice(1) : off);
}

function age(moment) {
  const seconds = Math.max(0, Math.floor((now - Date.parse(moment)) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} d`;
}

function clockTime(moment) {
  return `${moment.slice(11, 19)}`;
}

function showEntry(row, { at, subject, mark, detail, tone }) {
  row.className = tone ?? "";
  write(row.querySelector("time"), clockTime(at));
  write(row.querySelector(".subject"), subject);
  write(row.querySelector(".mark"), mark);
  write(row.querySelector(".detail"), detail);
}

function entries(id, items, describe) {
  fill(byId(id), items, () => copy("entry"), (row, item) => showEntry(row, { at: item.at, ...describe(item) }));
}

function result(status, otherwise) {
  return { mark: status === null ? otherwise : String(status), tone: status !== null && status < 400 ? "good" : "bad" };
}

const show = {
  clock({ now: text, advances }) {
    now = Date.parse(text);
    write(byId("now"), text.replace("T", " ").replace("Z", " UTC"));
    byId("skips").hidden = !advances;
    byId("groups").querySelectorAll(":scope > li").forEach(writeAge);
  },
  groups({ counts, groups, labels }) {
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    for (const input of document.getElementsByName("state")) {
      write(input.nextElementSibling.querySelector("b"), String(input.value ? (counts[input.value] ?? 0) : all));
    }
    byId("groups").classList.toggle("without-labels", !labels);
    fill(byId("groups"), groups, () => copy("group"), showGroup);
    const shown = chosenState() ? (counts[chosenState()] ?? 0) : all;
    write(byId("more"), shown === 0 ? "None." : shown > groups.length ? `The newest ${groups.length} of ${shown}.` : "");
  },
  settings(settings) {
    known = settings;
    options(byId("as"), settings.people);
    options(byId("alert").elements.integration, settings.integrations);
    for (const name of ["every", "latency", "requests"]) setValue(byId("settings").elements[name], settings[name]);
    write(byId("window"), settings.window === 60 ? "minute" : `${settings.window} s`);
    const faults = Object.entries(settings.faults).map(([id, on]) => ({ id, on }));
    fill(byId("faults"), faults, makeFault, (label, { on }) => { label.firstChild.checked = on; });
  },
  quota(users) {
    const items = users.map((user) => ({ id: user.who, ...user }));
    fill(byId("quota"), items, makeMeter, showMeter);
    byId("quota").dataset.none = known.requests ? "Nobody has used any." : "There is no rate limit.";
  },
  pages({ pages, unmodelled }) {
    byId("unmodelled").hidden = unmodelled === null;
    write(byId("unmodelled"), `Escalations have come to what the fake does not model: ${unmodelled}`);
    entries("pages", pages, ({ user, how, group }) => ({ subject: user, mark: how.replaceAll("_", " "), detail: group }));
  },
  webhooks(webhooks) {
    entries("webhooks", webhooks, ({ name, what, status, reason }) => (
      { subject: name, detail: reason === null ? what : `${what}: ${reason}`, ...result(status, "no response") }
    ));
  },
  calls(calls) {
    entries("calls", calls, ({ who, what, status, fault }) => {
      const outcome = result(status, fault ?? "none");
      return { subject: who, detail: what, ...outcome, mark: fault && status !== null ? `${status} ${fault}` : outcome.mark };
    });
  },
};

function options(select, names) {
  const wanted = Object.entries(names);
  const current = [...select.options].map((option) => [option.value, option.text]);
  if (JSON.stringify(wanted) === JSON.stringify(current)) return;
  const { value } = select;
  select.replaceChildren(...wanted.map(([id, name]) => new Option(name, id)));
  if (value in names) select.value = value;
}

function setValue(input, value) {
  if (input !== document.activeElement) input.value = value;
}

function makeFault({ id }) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  Object.assign(input, { type: "checkbox", value: id });
  label.append(input, ` ${id}`);
  return label;
}

function makeMeter({ who }) {
  const item = document.createElement("li");
  const label = document.createElement("label");
  const meter = document.createElement("meter");
  label.append(document.createElement("span"), meter);
  item.append(label);
  write(label.firstChild, who);
  return item;
}

function showMeter(item, { who, used, of }) {
  Object.assign(item.querySelector("meter"), { max: of, high: of * 0.9, optimum: 0, value: used });
  write(item.querySelector("span"), `${who}: ${used} of ${of}`);
}

// --- The stream

function chosenState() {
  return document.querySelector("input[name=state]:checked").value;
}

let stream = null;

function connect() {
  stream?.close();
  stream = null;
  if (document.hidden) return;
  stream = new EventSource(`/_page/events?${new URLSearchParams({ token, state: chosenState() })}`);
  stream.onopen = () => connected(true);
  stream.onerror = () => {
    connected(false);
    if (stream.readyState === EventSource.CLOSED) setTimeout(reload, 1000);
  };
  for (const [name, render] of Object.entries(show)) {
    stream.addEventListener(name, ({ data }) => render(JSON.parse(data)));
  }
}

function connected(isLive) {
  write(byId("connection"), isLive ? "Live" : "Disconnected: start the server again");
  byId("connection").className = isLive ? "live" : "";
}

/** Load the page again when the server is back, because it has another token then. */
async function reload() {
  try {
    await fetch("/_page/page.css");
    location.reload();
  } catch {
    setTimeout(reload, 1000);
  }
}

byId("states").addEventListener("change", connect);
document.addEventListener("visibilitychange", connect);
connect();
