// The second view: two readings of the same bytes.
import { Grid } from "./grid.js";
import { clear, count, el, escaped, rule, said, shown } from "./words.js";

const $ = (id) => document.getElementById(id);
export const strict = -1;

export class Readings {
	// Changed is called when somebody chooses other readers, opened with a famous example.
	constructor(table, changed, opened) {
		this.table = table;
		this.changed = changed;
		this.sides = [this.#side($("lab-left"), "In front", 0), this.#side($("lab-right"), "Behind it", 1)];
		clear($("lab-famous"), ...table.famous.map((f) => el("button", { type: "button", onclick: () => opened(f) }, f.name)));
	}

	get left() { return this.sides[0].who; }
	get right() { return this.sides[1].who; }

	// set chooses the readers, without a word to anybody.
	set(left, right) {
		[left, right].forEach((who, n) => {
			const side = this.sides[n];
			side.who = who;
			side.select.value = who === strict ? "strict" : "lax";
			side.switches.hidden = who === strict;
			const mistakes = this.table.switches.filter((s) => who & s.bit);
			side.summary.textContent = mistakes.length ? "Its mistakes: " + mistakes.map((s) => s.text).join("; ") : "No mistake chosen; it refuses nothing all the same";
			for (const box of side.boxes) box.checked = who !== strict && (who & box.dataset.bit) !== 0;
		});
	}

	#side(root, name, n) {
		const side = { who: n === 0 ? strict : 0, boxes: [] };
		const id = `lab-reader-${n}`;
		side.select = el("select", { id }, el("option", { value: "strict" }, "the reference, strict"), el("option", { value: "lax" }, "a careless reader"));
		for (const s of this.table.switches) {
			const box = el("input", { type: "checkbox" });
			box.dataset.bit = s.bit;
			side.boxes.push(box);
		}
		side.summary = el("summary");
		side.switches = el("details", {}, side.summary, ...this.table.switches.map((s, i) => el("label", { class: "lab-switch" }, side.boxes[i], " ", s.text, " ", el("span", { class: "lab-section" }, s.rule))));
		const read = () => {
			side.who = side.select.value === "strict" ? strict : side.boxes.reduce((sum, b) => sum | (b.checked ? b.dataset.bit : 0), 0);
			this.changed();
		};
		side.select.addEventListener("change", read);
		side.boxes.forEach((b) => b.addEventListener("change", read));
		side.list = el("ol", { class: "lab-reading" });
		const grid = el("div", { class: "lab-grid" });
		side.grid = new Grid(grid, `Bytes as the reader ${n === 0 ? "in front" : "behind"} sees them`, (i, how) => this.#moved(n, i, how), () => {});
		root.append(el("p", { class: "lab-row" }, el("label", { for: id }, name), side.select), grid, side.list, side.switches);
		return side;
	}

	show(bytes, result, famous, at) {
		this.bytes = bytes;
		this.result = result;
		const d = result.difference;
		const part = d && d.offset < bytes.length ? d.offset : -1;
		this.sides.forEach((side, n) => {
			const messages = result.readings[n];
			const spans = [];
			const add = (start, end, look) => { if (start < end) spans.push({ start, end, look }); };
			messages.forEach((m, k) => {
				const head = m.headEnd || m.end;
				add(m.start, head, `lab-m${k % 4}`);
				add(head, m.end, `lab-m${k % 4} lab-content`);
			});
			const end = messages.at(-1)?.end ?? 0;
			add(end, bytes.length, "lab-unread");
			const starts = messages.map((m, k) => ({ offset: m.start, words: `Request ${k + 1}` }));
			if (end < bytes.length) starts.push({ offset: end, words: "Not read" });
			side.grid.show(bytes, { spans, starts, keep: part >= 0 ? [part] : [], stop: part });
			clear(side.list, ...messages.slice(0, 20).map((m, k) => el("li", {}, el("span", { class: `lab-swatch lab-m${k % 4}`, "aria-hidden": "true" }), el("code", {}, escaped(m.line).slice(0, 80) || "an unfinished head"), ` bytes ${m.start} to ${m.end - 1}. ${capital(m.why)}.`)));
		});
		$("lab-story").textContent = famous?.story ?? "";
		$("lab-story").hidden = !famous;
		clear($("lab-difference"), ...this.#difference(d));
		$("lab-difference").classList.toggle("lab-smuggled", Boolean(d?.smuggled));
		clear($("lab-strict"), ...this.#strict(result.strict));
		const i = at >= 0 ? at : Math.max(part, 0);
		if (bytes.length) this.sides.forEach((s) => s.grid.go(i, "set", true));
	}

	#difference(d) {
		if (!d) return ["Both readers agree: the same requests, with the same ends."];
		const who = d.by === 0 ? "The reader in front" : "The reader behind";
		const text = `${who} ${d.words}.`;
		if (!d.smuggled) return [text];
		return [el("strong", {}, "Smuggled: "), text, " It reads ", el("code", {}, escaped(d.line).slice(0, 80)), ", which the other one has taken for something else."];
	}

	#strict(messages) {
		const m = messages.at(-1);
		if (!m) return [];
		if (m.stop) return ["The reference refuses this at byte ", String(m.stop.offset), `: ${m.stop.msg} (`, rule(m.stop.rule), `). It answers ${m.stop.status} and closes, so nobody reads what follows.`];
		return [`The reference reads ${count(messages.filter((m) => m.complete).length, "whole request")} here and refuses nothing.`];
	}

	#moved(n, i, how) {
		const other = this.sides[1 - n].grid;
		if (other.cells?.has(i)) other.go(i, "set", true);
		if (how !== "key" && how !== "click") return;
		const words = this.sides.map((side, k) => {
			const at = this.result.readings[k].findIndex((m) => m.start <= i && i < m.end);
			const m = this.result.readings[k][at];
			const where = !m ? "not read" : `request ${at + 1}, ${i < (m.headEnd || m.end) ? "head" : "content"}`;
			return `${k === 0 ? "in front" : "behind"}: ${where}`;
		});
		$("lab-live-readings").textContent = `Byte ${i}, ${said(this.bytes[i])} ${shown(this.bytes[i])}. ${words.join("; ")}.`;
	}
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
