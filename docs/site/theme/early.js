// Runs before anything is painted: the theme that was chosen, and that there are scripts.
"use strict";
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("barewire:theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch { /* no storage: the system's theme */ }
