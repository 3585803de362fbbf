"use strict";
const PAGE = 20, CUT = 1500;
const lists = JSON.parse(document.getElementById("records").textContent);
const byId = (id) => document.getElementById(id);
const state = { list: "kept", find: "", only: "", first: 0 };
const FIELDS = { kept: ["instruction", "input", "output"], dropped: ["instruction", "input", "output"],
                 answers: ["prompt", "reference", "prediction"] };
const GROUP = { kept: "language", dropped: "reason", answers: "language" };

function element(tag, text, kind) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}
function chosen() {
  const fields = FIELDS[state.list], wanted = state.find.toLowerCase();
  return lists[state.list].filter((r) =>
    (!state.only || String(r[GROUP[state.list]]) === state.only) &&
    (!wanted || fields.some((f) => (r[f] || "").toLowerCase().includes(wanted))));
}
function about(r) {
  const line = element("div", undefined, "about");
  if (r.reason) { line.append(element("span", r.reason, "why"), ` in ${r.step}  `); if (r.detail) line.append(r.detail + "  "); }
  if (r.rouge_l !== undefined) line.append(element("span", r.exact_match ? "exact match" : `ROUGE-L ${r.rouge_l.toFixed(3)}`, r.exact_match ? "good" : "why"), "  ");
  line.append([r.split, r.language, r.source, r.license, r.task].filter(Boolean).join(" · "));
  return line;
}
function card(r) {
  const box = element("li"), terms = element("dl");
  for (const name of FIELDS[state.list]) {
    const text = r[name] || "";
    if (!text && name === "input") continue;
    terms.append(element("dt", name), element("dd", text.length > CUT ? text.slice(0, CUT) + " …" : text || "(empty)"));
  }
  box.append(about(r), terms);
  return box;
}
function show() {
  const found = chosen(), end = Math.min(found.length, state.first + PAGE);
  byId("list").replaceChildren(...found.slice(state.first, end).map(card));
  byId("found").textContent = found.length ? `${state.first + 1} to ${end} of ${found.length}` : "nothing found";
  byId("back").disabled = state.first === 0;
  byId("more").disabled = end >= found.length;
}
function options() {
  const names = [...new Set(lists[state.list].map((r) => String(r[GROUP[state.list]])))].sort();
  byId("only").replaceChildren(...["", ...names].map((n) => { const o = element("option", n || `any ${GROUP[state.list]}`); o.value = n; return o; }));
}
for (const button of document.querySelectorAll("[data-list]")) button.addEventListener("click", () => {
  state.list = button.dataset.list; state.only = ""; state.first = 0;
  for (const other of document.querySelectorAll("[data-list]")) other.setAttribute("aria-pressed", String(other === button));
  options(); show();
});
byId("find").addEventListener("input", (e) => { state.find = e.target.value; state.first = 0; show(); });
byId("only").addEventListener("change", (e) => { state.only = e.target.value; state.first = 0; show(); });
byId("back").addEventListener("click", () => { state.first = Math.max(0, state.first - PAGE); show(); });
byId("more").addEventListener("click", () => { state.first += PAGE; show(); });
options(); show();
