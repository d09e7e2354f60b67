// Makes the heads of a table with the class "sortable" into buttons that sort it. A cell
// is compared by its data-v, as a number where both are one, or by its text.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const key = (row, i) => row.cells[i].dataset.v ?? row.cells[i].textContent.trim();
  heads.forEach((head, i) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((h) => h.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows].sort((a, b) => {
        const x = key(a, i), y = key(b, i);
        const order = x === "" || y === "" ? (x === "") - (y === "") || 0
          : isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
        return x === "" || y === "" ? order : down ? -order : order;
      });
      table.tBodies[0].append(...rows);
    });
  });
}
