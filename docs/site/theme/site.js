// What the pages do when there are scripts: theme, copy buttons, tabs, ticks, and where the reader
// is. Search is in search.js, which is loaded when somebody searches. Everything else works without.
"use strict";

const root = document.documentElement;
const up = document.body.dataset.up;

// A store that forgets, where the browser lets nothing be kept.
const store = {
  get(key) { try { return localStorage.getItem("barewire:" + key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem("barewire:" + key, value); } catch { /* forgotten */ } },
};

// Theme: the system's, until the button is pressed.
{
  const button = document.querySelector(".theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
  const show = () => button.setAttribute("aria-pressed", dark());
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    store.set("theme", root.dataset.theme);
    show();
  });
  system.addEventListener("change", show);
  show();
}

// Copy buttons: code as it is; of a terminal, the command.
for (const block of document.querySelectorAll(".code, .wire, .terminal")) {
  const button = document.createElement("button");
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    const command = block.querySelector(".command");
    const text = command ? command.textContent.replace(/^\$ /, "") : block.querySelector("code").textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not copied";
    }
    button.classList.add("done");
    setTimeout(() => { button.textContent = "Copy"; button.classList.remove("done"); }, 1500);
  });
  block.append(button);
}

// What can be scrolled can be focused, and nothing else needs to be.
{
  const look = () => {
    for (const e of document.querySelectorAll("pre, .table, .drawing")) {
      if (e.scrollWidth > e.clientWidth || !e.clientWidth) e.tabIndex = 0; else e.removeAttribute("tabindex");
    }
  };
  addEventListener("resize", look);
  look();
}

// Tabs: what is chosen in one place is chosen in all, and on the next page.
{
  const all = [...document.querySelectorAll(".tabs")];
  const choose = (title) => {
    for (const tabs of all) {
      const buttons = [...tabs.querySelectorAll(".tablist button")];
      if (!buttons.some((b) => b.textContent === title)) continue;
      buttons.forEach((b, i) => {
        const on = b.textContent === title;
        b.setAttribute("aria-selected", on);
        b.tabIndex = on ? 0 : -1;
        tabs.querySelectorAll(".tab")[i].classList.toggle("on", on);
      });
    }
  };
  for (const tabs of all) {
    const buttons = [...tabs.querySelectorAll(".tablist button")];
    buttons.forEach((b, i) => {
      b.addEventListener("click", () => {
        const before = b.getBoundingClientRect().top;
        choose(b.textContent);
        scrollBy(0, b.getBoundingClientRect().top - before); // other tabs above may have changed
        store.set("tab", b.textContent);
      });
      b.addEventListener("keydown", (e) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
        if (!step) return;
        const next = buttons[(i + step + buttons.length) % buttons.length];
        next.focus();
        next.click();
        e.preventDefault();
      });
    });
  }
  const last = store.get("tab");
  if (last) choose(last);
}

// Ticks: which tasks are done, as the reader says. The menu counts them.
{
  const done = new Set((store.get("done") || "").split(" ").filter(Boolean));
  const count = () => {
    for (const a of document.querySelectorAll(".menu [data-step]")) {
      const n = [...done].filter((id) => id.startsWith(a.dataset.step + ".")).length;
      a.dataset.done = n ? `${n}/${a.dataset.tasks}` : "";
    }
  };
  for (const task of document.querySelectorAll(".task")) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    label.className = "tick";
    box.type = "checkbox";
    box.checked = done.has(task.dataset.task);
    box.addEventListener("change", () => {
      if (box.checked) done.add(task.dataset.task); else done.delete(task.dataset.task);
      store.set("done", [...done].join(" "));
      count();
    });
    label.append(box, "Done");
    task.querySelector(".facts").append(label);
  }
  count();
}

// Where the reader is, in "on this page".
{
  const links = new Map([...document.querySelectorAll(".toc.wide a")].map((a) => [a.hash.slice(1), a]));
  const heads = [...document.querySelectorAll("article :is(h2, h3)[id]")].filter((h) => links.has(h.id));
  let here = null;
  const look = () => {
    const edge = innerHeight / 4;
    const at = heads.findLast((h) => h.getBoundingClientRect().top < edge);
    if (at === here) return;
    here = at;
    for (const [id, a] of links) {
      if (at && id === at.id) a.setAttribute("aria-current", "true"); else a.removeAttribute("aria-current");
    }
  };
  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; look(); });
  }, { passive: true });
  look();
}

// The menu shows the page that is open, and what is folded is printed too.
document.querySelector(".menu [aria-current]")?.scrollIntoView({ block: "nearest" });
addEventListener("beforeprint", () => {
  for (const d of document.querySelectorAll("article details:not(.tests, .wrongs)")) d.open = true;
});

// A link to something that is folded opens it.
const unfold = () => {
  const at = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let d = at && at.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
};
addEventListener("hashchange", unfold);
unfold();

// Search begins with / or Ctrl+K, or the button.
{
  let search = null;
  const open = async () => {
    search ??= import(new URL(up + "search.js", location.href));
    (await search).open();
  };
  document.querySelector(".search").addEventListener("click", open);
  addEventListener("keydown", (e) => {
    const writes = e.target.closest("input, textarea, select, [contenteditable]");
    if (e.key === "/" && !writes && !e.ctrlKey && !e.metaKey && !e.altKey || e.key.toLowerCase() === "k" && (e.ctrlKey || e.metaKey)) {
      e.preventDefault();
      open();
    }
  });
}
