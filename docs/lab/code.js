// The code that decides about a byte, from source.json.
import { clear, el } from "./words.js";

let source;
const load = () => (source ??= fetch(new URL("source.json", import.meta.url)).then((r) => r.json()));

// pattern makes a string of the code, perhaps with verbs of fmt, into an expression.
const pattern = (text) => new RegExp("^" + text.split(/%[-+#.\d]*[a-zA-Z]/).map((s) => s.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*"));

// find returns where an error of the parser is made, or where a part is taken.
function find(s, { step, decl, msg }) {
	if (msg) {
		const found = s.texts.filter((t) => pattern(t.text).test(msg)).sort((a, b) => b.text.length - a.text.length)[0];
		if (found) return { ...s.decls[found.decl], name: found.decl.split("#")[1], line: found.line };
	}
	const d = s.decls[`${step}#${decl}`];
	return d && { ...d, name: decl };
}

// show shows the code in a box.
export async function show(box, what) {
	const s = await load();
	const found = find(s, what);
	box.hidden = false;
	if (!found) {
		clear(box, el("p", {}, `There is no ${what.decl} in ${s.tree}/${what.step}.`));
		return;
	}
	const lines = s.files[found.file].split("\n").slice(found.from - 1, found.to);
	const list = el("ol", { class: "lab-lines", tabindex: "0", "aria-label": `Code of ${found.name}` });
	let n = found.from;
	for (const line of lines) {
		const number = n++;
		if (/^\s*\/\/starter:/.test(line)) continue;
		const here = number === found.line;
		list.append(el("li", { value: number, class: here ? "lab-here" : null, "aria-current": here ? "true" : null }, el("code", {}, line || " ")));
	}
	// The line before a directive is an empty comment.
	for (const li of [...list.children]) if (/^\/\/\s*$/.test(li.textContent) && !/^\/\//.test(li.nextSibling?.textContent ?? "")) li.remove();
	const at = found.line ?? found.from;
	const whole = el("a", { class: "lab-path", href: `../source/${s.tree}/${found.file}/#L${at}` }, `${s.tree}/${found.file}:${at}`);
	clear(box, el("div", { class: "lab-row" }, el("p", {}, el("strong", {}, found.name), " ", whole),
		el("button", { type: "button", onclick: () => { box.hidden = true; } }, "Close")), list);
	const here = list.querySelector(".lab-here");
	if (here) list.scrollTop = here.offsetTop - 60;
}
