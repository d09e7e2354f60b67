// The dialog in which one finds a conformance case.
import { clear, count, el } from "./words.js";

const $ = (id) => document.getElementById(id);
const most = 300; // cases that are listed at a time

let groups;

// cases returns the collection, which is loaded when somebody first asks for it.
export const cases = () => (groups ??= fetch(new URL("cases.json", import.meta.url)).then((r) => r.json()));

// find returns a case by its id.
export async function find(id) {
	for (const g of await cases()) for (const c of g.cases) if (c.id === id) return { ...c, group: g.name };
	return null;
}

// unjudged says how many cases the lab does not judge, since they ask for a file.
export async function unjudged() {
	const all = (await cases()).flatMap((g) => g.cases);
	return `${count(all.filter((c) => c.needs).length, "case")} of ${count(all.length, "case").replace(/ .*/, "")}`;
}

export class Picker {
	constructor(chosen) {
		this.chosen = chosen;
		this.at = -1;
		$("lab-pick").addEventListener("click", () => this.open());
		$("lab-dialog-close").addEventListener("click", () => $("lab-dialog").close());
		$("lab-search").addEventListener("input", () => this.list());
		$("lab-search").addEventListener("keydown", (e) => this.#key(e));
		$("lab-cases").addEventListener("click", (e) => {
			const option = e.target.closest("[role=option]");
			if (option) this.#choose(option.dataset.id);
		});
	}

	async open() {
		$("lab-dialog").showModal();
		$("lab-search").select();
		await this.list();
	}

	async list() {
		const words = $("lab-search").value.toLowerCase().split(/\s+/).filter(Boolean);
		const all = await cases();
		const boxes = [];
		let found = 0;
		const has = (text) => words.every((w) => text.toLowerCase().includes(w));
		// First those with such a name, then those in which the words stand elsewhere.
		const named = all.map((g) => [g.name, g.cases.filter((c) => has(`${g.name} ${c.name}`))]);
		const others = all.map((g, i) => [`${g.name}, in the bytes or sections`, g.cases.filter((c) => !named[i][1].includes(c) && has(`${g.name} ${c.name} ${c.section} ${c.verb} ${c.want} ${c.text}`))]);
		for (const [title, hits] of [...named, ...others]) {
			if (hits.length === 0) continue;
			const shown = hits.slice(0, words.length === 0 ? 12 : Math.max(0, most - found));
			found += hits.length;
			if (shown.length === 0) continue;
			const box = el("div", { role: "group", "aria-label": title }, el("p", { class: "lab-group", "aria-hidden": "true" }, title, " ", el("span", {}, shown.length < hits.length ? `${shown.length} of ${hits.length}` : String(hits.length))));
			for (const c of shown) {
				const option = el("div", { role: "option", id: `lab-case-${c.id.replace("/", "-")}`, "aria-selected": "false" }, el("span", {}, c.name), " ", el("span", { class: "lab-section" }, `${c.section}, ${c.verb}${c.needs ? ", not judged here" : ""}`));
				option.dataset.id = c.id;
				box.append(option);
			}
			boxes.push(box);
		}
		clear($("lab-cases"), ...boxes);
		const rest = words.length === 0 ? ` ${await unjudged()} ask for a file, which the lab does not have: they are not judged here. Type to see more; the name of a group shows all of it.` : "";
		$("lab-found").textContent = `${count(found, "case")}.${rest}`;
		this.#mark(boxes.length > 0 ? 0 : -1);
	}

	#options() { return [...$("lab-cases").querySelectorAll("[role=option]")]; }

	#mark(i) {
		const options = this.#options();
		options[this.at]?.setAttribute("aria-selected", "false");
		this.at = Math.max(-1, Math.min(i, options.length - 1));
		$("lab-cases").querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
		const option = options[this.at];
		if (!option) return $("lab-search").removeAttribute("aria-activedescendant");
		option.setAttribute("aria-selected", "true");
		option.scrollIntoView({ block: "nearest" });
		$("lab-search").setAttribute("aria-activedescendant", option.id);
	}

	#key(e) {
		const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[e.key];
		if (step) {
			e.preventDefault();
			this.#mark(Math.max(0, this.at + step));
		} else if (e.key === "Enter") {
			e.preventDefault();
			const option = this.#options()[this.at];
			if (option) this.#choose(option.dataset.id);
		}
	}

	async #choose(id) {
		$("lab-dialog").close();
		this.chosen(await find(id));
	}
}
