// Search in the pages, from an index that the generator wrote: parts of pages with their headings.
"use strict";

const up = new URL(document.body.dataset.up, location.href);
const dialog = document.getElementById("search");
const input = dialog.querySelector("input");
const list = document.getElementById("found");
const status = dialog.querySelector(".status");
const most = 12;
let parts = null; // [{page, address, heading, text, words}]
let at = -1;

// open shows the dialog, and fetches the index the first time.
export async function open() {
  if (!dialog.open) dialog.showModal();
  input.select();
  if (parts) return;
  status.textContent = "Loading the index…";
  try {
    const answer = await fetch(new URL("search.json", up));
    parts = (await answer.json()).map(([page, address, heading, text]) => (
      { page, address, heading, text, title: page.toLowerCase(), head: heading.toLowerCase(), low: text.toLowerCase() }));
    find();
  } catch (e) {
    status.textContent = "The index could not be loaded: " + e.message;
  }
}

// score says how well a part fits a word: 0 if not at all.
function score(part, word) {
  let n = 0;
  if (part.head.includes(word)) n += starts(part.head, word) ? 12 : 6;
  if (part.title.includes(word)) n += part.heading ? 3 : 10;
  for (let i = part.low.indexOf(word), hits = 0; i >= 0 && hits < 4; i = part.low.indexOf(word, i + word.length), hits++) n += hits ? 0.5 : 2;
  return n;
}

// starts says whether a word of text begins with word.
function starts(text, word) {
  const i = text.indexOf(word);
  return i === 0 || i > 0 && !/[\p{L}\p{N}]/u.test(text[i - 1]);
}

// find shows what fits all the words that are typed.
function find() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = [];
  for (const part of words.length && parts || []) {
    let sum = 0;
    for (const word of words) {
      const n = score(part, word);
      if (!n) { sum = 0; break; }
      sum += n;
    }
    if (sum) hits.push([sum, part]);
  }
  hits.sort((a, b) => b[0] - a[0]);
  list.replaceChildren(...hits.slice(0, most).map(([, part], i) => item(part, i, words)));
  input.setAttribute("aria-expanded", hits.length > 0);
  status.textContent = !words.length ? "↑ ↓ to choose, Enter to go there, Escape to close"
    : hits.length > most ? `${most} of ${hits.length} places` : hits.length === 1 ? "1 place" : hits.length ? `${hits.length} places` : "Nothing found";
  select(hits.length ? 0 : -1);
}

// item is one line of what was found.
function item(part, i, words) {
  const li = document.createElement("li");
  li.id = "found-" + i;
  li.role = "option";
  const a = document.createElement("a");
  a.href = new URL(part.address, up);
  a.tabIndex = -1;
  const small = document.createElement("small");
  mark(small, (part.heading ? part.page + " · " : "") + excerpt(part, words), words);
  const head = document.createElement("span");
  mark(head, part.heading || part.page, words);
  a.append(head, small);
  li.append(a);
  li.addEventListener("mousemove", () => select(i));
  return li;
}

// excerpt is the text around the first of the words.
function excerpt(part, words) {
  const first = Math.min(...words.map((w) => part.low.indexOf(w)).filter((i) => i >= 0), part.text.length);
  const from = first === part.text.length || first < 40 ? 0 : part.text.indexOf(" ", first - 40) + 1;
  return (from ? "… " : "") + part.text.slice(from, from + 130) + (part.text.length > from + 130 ? " …" : "");
}

// mark puts text into a node, with the words marked.
function mark(node, text, words) {
  const pattern = new RegExp(words.map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "gi");
  let last = 0;
  for (const m of text.matchAll(pattern)) {
    if (!m[0]) break;
    const b = document.createElement("mark");
    b.textContent = m[0];
    node.append(text.slice(last, m.index), b);
    last = m.index + m[0].length;
  }
  node.append(text.slice(last));
}

// select chooses the i-th of what was found.
function select(i) {
  list.children[at]?.setAttribute("aria-selected", "false");
  at = i;
  const li = list.children[at];
  if (!li) {
    input.removeAttribute("aria-activedescendant");
    return;
  }
  li.setAttribute("aria-selected", "true");
  input.setAttribute("aria-activedescendant", li.id);
  li.scrollIntoView({ block: "nearest" });
}

input.addEventListener("input", find);
input.addEventListener("keydown", (e) => {
  const n = list.children.length;
  if (e.key === "ArrowDown" && n) select((at + 1) % n);
  else if (e.key === "ArrowUp" && n) select((at + n - 1) % n);
  else if (e.key === "Escape") dialog.close(); // and does not empty the field first
  else if (e.key === "Enter" && at >= 0) { list.children[at].querySelector("a").click(); dialog.close(); }
  else return;
  e.preventDefault();
});
dialog.addEventListener("click", (e) => { if (e.target === dialog || e.target.closest(".close, a")) dialog.close(); });
