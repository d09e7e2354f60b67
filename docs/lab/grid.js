// A grid of bytes with a cursor, for the mouse, the keyboard and screen readers.
import { clear, count, el, said, shown } from "./words.js";

const longest = 96; // bytes of one part that are shown whole
const most = 4000; // cells in all
let grids = 0;

export class Grid {
	// Moved is called with an offset and how it came: "hover", "key", "click" or "set".
	constructor(root, label, moved, entered) {
		this.root = root;
		this.id = `lab-g${++grids}`;
		this.moved = moved;
		this.entered = entered;
		this.at = -1;
		this.bytes = new Uint8Array();
		this.order = [];
		root.setAttribute("role", "listbox");
		root.setAttribute("tabindex", "0");
		root.setAttribute("aria-label", label);
		root.addEventListener("keydown", (e) => this.#key(e));
		root.addEventListener("pointerover", (e) => this.#point(e, "hover"));
		root.addEventListener("click", (e) => this.#point(e, "click"));
	}

	// show shows bytes. Spans are parts in order, each {start, end, look}, a look being
	// classes; starts are {offset, words} where a request begins; pauses are offsets;
	// keep is offsets that must be seen.
	show(bytes, { spans, starts = [], pauses = [], keep = [], stop = -1 }) {
		this.bytes = bytes;
		this.spans = spans;
		const begins = new Map(starts.map((s) => [s.offset, s.words]));
		const paused = new Set(pauses);
		this.order = [];
		this.cells = new Map();
		const rows = [];
		let row = null;
		let last = -1;
		const newRow = (offset) => {
			row = el("div", { class: "lab-line", role: "presentation" }, el("span", { class: "lab-offset", "aria-hidden": "true" }, String(offset)));
			rows.push(row);
		};
		for (const [from, to] of visible(spans, keep, bytes.length)) {
			if (from > last + 1 && last >= -1 && from > 0) {
				if (!row) newRow(last + 1);
				row.append(el("span", { class: "lab-fold", "aria-hidden": "true" }, `… ${count(from - last - 1, "byte")} …`));
			}
			for (let i = from; i < to; i++) {
				if (begins.has(i)) {
					rows.push(el("div", { class: "lab-begin", role: "presentation", "aria-hidden": "true" }, begins.get(i)));
					row = null;
				}
				if (!row || i > 0 && bytes[i - 1] === 10) newRow(i);
				if (paused.has(i)) row.append(el("span", { class: "lab-pause", "aria-hidden": "true", title: "a pause: what follows arrives later" }, "pause"));
				const cell = this.#cell(i, i === stop);
				this.cells.set(i, cell);
				this.order.push(i);
				row.append(cell);
				last = i;
			}
		}
		if (last >= 0 && last < bytes.length - 1 && row) {
			row.append(el("span", { class: "lab-fold", "aria-hidden": "true" }, `… ${count(bytes.length - 1 - last, "byte")} …`));
		}
		if (stop >= bytes.length && row) row.append(el("span", { class: "lab-b lab-end", "aria-hidden": "true" }, "end"));
		clear(this.root, ...rows);
		this.at = -1;
		this.root.removeAttribute("aria-activedescendant");
	}

	#cell(i, stop) {
		const s = this.spanAt(i);
		let look = `lab-b ${s.look}`;
		if (i === s.start) look += " lab-first";
		if (i === s.end - 1) look += " lab-last";
		if (stop) look += " lab-stop";
		const b = this.bytes[i];
		if (b < 33 || b > 126) look += " lab-odd";
		const cell = el("span", { class: look, role: "option", id: `${this.id}-${i}`, "aria-selected": "false", "aria-label": shown(b).length > 1 ? `${shown(b)} ${said(b)}` : said(b) }, shown(b));
		cell.dataset.i = i;
		return cell;
	}

	spanAt(i) {
		let low = 0, high = this.spans.length - 1;
		while (low < high) {
			const middle = (low + high + 1) >> 1;
			if (this.spans[middle].start <= i) low = middle;
			else high = middle - 1;
		}
		return this.spans[low];
	}

	// go moves the cursor. Quiet means that nobody is told.
	go(i, how, quiet) {
		if (this.order.length === 0) return;
		if (!this.cells.has(i)) i = this.order.findLast((j) => j <= i) ?? this.order[0];
		const old = this.cells.get(this.at);
		old?.classList.remove("lab-cursor");
		old?.setAttribute("aria-selected", "false");
		const cell = this.cells.get(i);
		cell.classList.add("lab-cursor");
		cell.setAttribute("aria-selected", "true");
		this.root.setAttribute("aria-activedescendant", cell.id);
		this.at = i;
		if (how === "key") cell.scrollIntoView({ block: "nearest", inline: "nearest" });
		if (!quiet) this.moved(i, how);
	}

	#point(e, how) {
		const i = e.target.dataset?.i;
		if (i === undefined || how === "hover" && (e.pointerType === "touch" || Number(i) === this.at)) return;
		this.go(Number(i), how);
		if (how === "click") this.entered(Number(i), how);
	}

	#key(e) {
		if (e.altKey || e.metaKey || this.order.length === 0) return;
		const here = Math.max(0, this.order.indexOf(this.at));
		const to = (index) => this.order[Math.max(0, Math.min(this.order.length - 1, index))];
		let i;
		switch (e.key) {
		case "ArrowRight": i = to(this.at < 0 ? 0 : here + 1); break;
		case "ArrowLeft": i = to(here - 1); break;
		case "ArrowDown": i = this.#line(1); break;
		case "ArrowUp": i = this.#line(-1); break;
		case "Home": i = e.ctrlKey ? to(0) : this.#edge(false); break;
		case "End": i = e.ctrlKey ? to(Infinity) : this.#edge(true); break;
		case "PageDown": i = this.order.find((j) => j >= this.spanAt(Math.max(0, this.at)).end) ?? to(Infinity); break;
		case "PageUp": {
			const s = this.spanAt(Math.max(0, this.at));
			i = this.at > s.start ? s.start : this.spanAt(Math.max(0, s.start - 1)).start;
			break;
		}
		case "Enter":
		case " ":
			e.preventDefault();
			if (this.at >= 0) this.entered(this.at, "key");
			return;
		default: return;
		}
		e.preventDefault();
		this.go(i, "key");
	}

	#row() { return this.cells.get(Math.max(this.at, this.order[0]))?.parentElement; }

	#line(step) {
		const rows = [...this.root.querySelectorAll(".lab-line")];
		const row = this.#row();
		const column = [...row.querySelectorAll("[data-i]")].indexOf(this.cells.get(this.at));
		const next = rows[rows.indexOf(row) + step];
		if (!next) return this.at;
		const cells = [...next.querySelectorAll("[data-i]")];
		return Number(cells[Math.max(0, Math.min(column, cells.length - 1))].dataset.i);
	}

	#edge(end) {
		const cells = [...this.#row().querySelectorAll("[data-i]")];
		return Number(cells.at(end ? -1 : 0).dataset.i);
	}
}

// visible returns the ranges of bytes that get a cell: of a long part the beginning and
// the end, and of a long message what is around the bytes to keep.
function visible(spans, keep, size) {
	const ranges = [];
	let cells = 0;
	for (const s of spans) {
		if (cells > most) break;
		if (s.end - s.start <= longest) ranges.push([s.start, s.end]);
		else ranges.push([s.start, s.start + 48], [s.end - 16, s.end]);
		cells += Math.min(longest, s.end - s.start);
	}
	for (const k of keep) ranges.push([Math.max(0, k - 24), Math.min(size, k + 24)]);
	ranges.sort((a, b) => a[0] - b[0]);
	const merged = [];
	for (const r of ranges) {
		const last = merged.at(-1);
		if (r[0] >= r[1]) continue;
		if (last && r[0] <= last[1]) last[1] = Math.max(last[1], r[1]);
		else merged.push([...r]);
	}
	return merged;
}
