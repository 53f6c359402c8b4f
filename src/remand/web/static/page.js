// The page's own script: it asks the server for answers and puts them where they belong. All that
// it does can be done without it, by the form and the links; nothing is worked out here.

const page = crypto.randomUUID();
const $ = (what, within = document) => within.querySelector(what);
const $$ = (what, within = document) => [...within.querySelectorAll(what)];
const plan = $("#plan");
const stages = ["0", "20", "200"];
document.documentElement.classList.add("scripted");

// -- levers and the address ---------------------------------------------------------------------

function words(input) {
  const value = Number(input.value);
  switch ($(`output[for="${CSS.escape(input.id)}"]`).dataset.unit) {
    case "share": return `${Math.round(100 * value)} %`;
    case "points": {
      const points = Number((100 * value).toPrecision(3));
      return `${points < 0 ? "−" : "+"}${Math.abs(points)} points`;
    }
    case "factor": return `× ${value.toFixed(2)}`;
    case "days": return `${Math.round(value)} days`;
    default: return `${Math.round(value).toLocaleString("en")} places`;
  }
}

function query() {
  const now = new URLSearchParams(location.search);
  now.delete("set");
  now.delete("draws");
  const set = $$("input[type=range][data-touched]").map((i) => `${i.dataset.key}:${Number(i.value)}`);
  const rest = now.toString();
  const levers = set.sort().map((s) => `set=${encodeURIComponent(s).replaceAll("%3A", ":")}`);
  return [rest, ...levers].filter(Boolean).join("&");
}

// -- answers --------------------------------------------------------------------------------------

let going = null; // the request under way
let wanted = null; // what to ask for once it is back
let settling = 0;

async function parts(address, signal) {
  const answer = await fetch(address, { headers: { "x-page": page }, signal });
  if (answer.status === 204) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function place(found) {
  const open = $$("details[open][id]").map((d) => d.id);
  const wrong = $("[data-part=wrong]", found);
  $("#wrong")?.remove();
  if (wrong) {
    wrong.id = "wrong";
    $("#answer")?.prepend(wrong);
    return;
  }
  for (const part of $$("[data-part]", found)) $(`[data-part=${part.dataset.part}]`)?.replaceWith(part);
  const answer = $("#answer", found);
  if (answer && $("#answer")) $("#answer").dataset.stage = answer.dataset.stage;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
}

async function quick() {
  if (going) { wanted = query(); return; }
  const asked = query();
  going = new AbortController();
  try {
    const found = await parts(`/answer?${asked}`, going.signal);
    if (found) place(found);
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
  going = null;
  if (wanted !== null && wanted !== asked) { wanted = null; await quick(); }
  wanted = null;
}

let refining = null;

async function refine() {
  refining?.abort();
  const mine = (refining = new AbortController());
  const asked = query();
  const shown = $("[data-part=chart]");
  const from = shown.dataset.stage === "quick" || !shown.dataset.draws ? -1 : stages.indexOf(shown.dataset.draws);
  document.body.classList.add("refining");
  try {
    for (const draws of stages.slice(from + 1)) {
      const found = await parts(`${$("#answer").dataset.at}?${asked}${asked ? "&" : ""}draws=${draws}`, mine.signal);
      if (mine.signal.aborted || !found) return;
      if ($("[data-part=wrong]", found) && draws !== "0") break; // no worlds: the answer stands
      place(found);
      if (draws === "0") $("#heard").textContent = $("[data-part=sentence]")?.textContent ?? "";
    }
    document.body.classList.remove("refining");
    document.body.dataset.settled = asked;
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

if (plan) {
  plan.addEventListener("input", (event) => {
    const input = event.target;
    if (input.type !== "range") return;
    input.dataset.touched = "";
    input.closest(".lever").classList.add("touched");
    $(`output[for="${CSS.escape(input.id)}"]`).value = words(input);
    refining?.abort();
    clearTimeout(settling);
    delete document.body.dataset.settled;
    if ($("#answer")) quick();
  });
  plan.addEventListener("change", (event) => {
    if (event.target.id === "which") { plan.requestSubmit(); return; }
    if (event.target.type !== "range") return;
    const now = query();
    history.replaceState(null, "", `${location.pathname}${now ? "?" : ""}${now}`);
    clearTimeout(settling);
    settling = setTimeout(async () => {
      while (going) await new Promise((done) => setTimeout(done, 10));
      if ($("#answer")) refine();
      else location.reload();
    }, 150); // a key held down moves on before this
  });
}
if ($("#answer") && !new URLSearchParams(location.search).has("draws")) requestAnimationFrame(() => setTimeout(refine, 0));

// -- what takes a while -----------------------------------------------------------------------------

for (const later of $$("[data-later]")) {
  const at = later.dataset.later;
  parts(`${at}${at.includes("?") ? "&" : "?"}part=1`).then((found) => {
    const part = $("[data-part]", found) ?? found.body;
    later.replaceWith(...(part === found.body ? part.childNodes : [part]));
    $("#heard").textContent = "Done.";
  });
}

async function again(at) {
  await new Promise((done) => setTimeout(done, 700));
  const found = await parts(at.dataset.again);
  const done = $("[data-done]", found);
  if (done) { at.replaceWith(done); $("#heard").textContent = "Done."; return; }
  const said = $("[data-again] span", found);
  if (said) $("span", at).textContent = said.textContent;
  again(at);
}
for (const at of $$("[data-again]")) again(at);

$("form.load")?.addEventListener("submit", (event) => {
  $(".wait", event.target).hidden = false;
  $("button", event.target).disabled = true;
});

// -- copying, and the plan as text --------------------------------------------------------------------

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (!copy) return;
  event.preventDefault();
  const code = await (await fetch(copy.href)).text();
  try {
    await navigator.clipboard.writeText(code);
    copy.textContent = "Copied";
    $("#heard").textContent = "Copied as Python.";
    setTimeout(() => { copy.textContent = "Copy as Python"; }, 2000);
  } catch {
    location.assign(copy.href); // no clipboard: the code itself
  }
});

const yaml = $("#yaml");
if (yaml) {
  const gutter = $(".gutter");
  const number = () => {
    const lines = yaml.value.split("\n").length;
    while (gutter.children.length < lines) gutter.append(document.createElement("li"));
    while (gutter.children.length > lines) gutter.lastChild.remove();
    const bad = new Set($$("#problems [data-line]").map((a) => Number(a.dataset.line)));
    [...gutter.children].forEach((li, i) => li.classList.toggle("bad", bad.has(i + 1)));
  };
  let waiting = 0;
  const check = async () => {
    const body = new FormData();
    body.set("text", yaml.value);
    const answer = await fetch(yaml.form.action, { method: "POST", body });
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    const list = $("[data-part=problems]", found);
    if (list) $("#problems").replaceChildren(...list.childNodes);
    number();
  };
  yaml.addEventListener("input", () => { number(); clearTimeout(waiting); waiting = setTimeout(check, 300); });
  yaml.addEventListener("scroll", () => { gutter.scrollTop = yaml.scrollTop; });
  document.addEventListener("click", (event) => {
    const at = event.target.closest("[data-line]");
    if (!at) return;
    event.preventDefault();
    const before = yaml.value.split("\n").slice(0, at.dataset.line - 1).join("\n").length;
    yaml.focus();
    yaml.setSelectionRange(before + 1, before + 1);
    yaml.scrollTop = (at.dataset.line - 6) * 20;
  });
  $("[data-download]")?.addEventListener("click", (event) => {
    event.preventDefault();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([yaml.value], { type: "application/yaml" }));
    link.download = "edited-plan.yaml";
    link.click();
    URL.revokeObjectURL(link.href);
  });
  number();
}
