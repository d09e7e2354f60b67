// The wire lab's page: what is typed, what is shown, and the link that says both.
import { Program } from "./program.js";
import { Picker, find, unjudged } from "./picker.js";
import { Readings, strict } from "./readings.js";
import { Take } from "./take.js";
import * as link from "./link.js";
import { clear, count, el, rule } from "./words.js";

const $ = (id) => document.getElementById(id);
const text = $("lab-text");
let program, take, readings, table;
let state = { view: "take", at: -1, caseId: "", bytes: new Uint8Array(), pieces: [], half: false, left: strict, right: 0 };
let shownCase = null, famous = null, asked = 0, timer = 0, written = "";

function start() {
	if (!globalThis.WebAssembly || !globalThis.Worker) {
		broken("The wire lab is a program in WebAssembly, which this browser does not have or does not allow here.");
		return;
	}
	program = new Program(ready, (why, printed) => broken(why, printed, true));
}

// broken says that the program is gone, and offers to start it again.
function broken(why, printed, again) {
	const box = $("lab-broken");
	clear(box, el("p", {}, why), again ? el("p", {}, table ? "Start it again, and change the bytes. " : "", el("button", { type: "button", onclick: () => program.start() }, "Start it again")) : null,
		printed ? el("pre", { tabindex: "0" }, printed) : null);
	box.hidden = false;
	$("lab-app").hidden = !table; // what ended the program can be changed
}

function ready(parts) {
	if (table) {
		// Started again: the bytes that ended it are still there.
		clear($("lab-broken"), el("p", {}, "The program runs again. Change the bytes, and it reads them."));
		text.focus();
		return;
	}
	$("lab-broken").hidden = true;
	table = parts;
	take = new Take(table, (at) => { state.at = at; remember(); });
	readings = new Readings(table, () => { state.left = readings.left; state.right = readings.right; run(); }, openFamous);
	new Picker(openCase);
	wire();
	if (!open(location.hash)) openExample(table.examples[0]);
}

function wire() {
	clear($("lab-examples"), el("option", { value: "" }, "choose …"), ...table.examples.map((e, i) => el("option", { value: i }, e.name)));
	$("lab-examples").addEventListener("change", (e) => { if (e.target.value !== "") openExample(table.examples[e.target.value]); });
	text.addEventListener("input", () => edited(150));
	text.addEventListener("beforeinput", (e) => {
		if (e.inputType !== "insertLineBreak") return;
		e.preventDefault();
		insert("\\r\\n\n");
	});
	for (const b of document.querySelectorAll("[data-insert]")) {
		b.addEventListener("click", () => {
			const line = text.value.slice(0, text.selectionStart).endsWith("\n") || text.selectionStart === 0 ? "" : "\n";
			insert({ "…": line + "...\n", EOF: line + "EOF\n" }[b.dataset.insert] ?? b.dataset.insert + "\n");
		});
	}
	$("lab-ends").addEventListener("click", () => {
		text.value = text.value.split("\n").map((l, i, all) => (i === all.length - 1 && l === "" || /\\n\s*$/.test(l) || /^(\.\.\.|EOF)\s*$/.test(l) ? l : l.trimEnd() + "\\r\\n")).join("\n");
		edited(0);
	});
	$("lab-share").addEventListener("click", share);
	const tabs = [$("lab-tab-take"), $("lab-tab-readings")];
	tabs.forEach((tab, n) => {
		tab.addEventListener("click", () => view(n ? "readings" : "take"));
		tab.addEventListener("keydown", (e) => {
			if (e.key !== "ArrowLeft" && e.key !== "ArrowRight") return;
			tabs[1 - n].focus();
			view(n ? "take" : "readings");
		});
	});
	addEventListener("hashchange", () => { if (location.hash !== written) open(location.hash); });
}

function insert(what) {
	text.focus();
	// execCommand keeps the browser's undo; there is nothing newer that does.
	if (!document.execCommand("insertText", false, what)) {
		text.setRangeText(what, text.selectionStart, text.selectionEnd, "end");
		edited(0);
	}
}

function edited(wait) {
	if (shownCase && text.value !== shownCase.text) showCase(null);
	if (famous && text.value !== famous.text) famous = null;
	state.at = -1;
	$("lab-examples").value = "";
	clearTimeout(timer);
	timer = setTimeout(run, wait);
}

// open shows what a link says, and returns whether it says anything.
function open(hash) {
	const said = link.read(hash, table.switches);
	if (!said) return false;
	if (said.broken) {
		$("lab-wrong").textContent = "This link is damaged: its bytes cannot be read.";
		return false;
	}
	openSaid(said);
	return true;
}

async function openSaid(said) {
	let c = null;
	if (said.caseId) {
		c = await find(said.caseId);
		if (!c) {
			openExample(table.examples[0]);
			$("lab-wrong").textContent = `The collection has no case ${said.caseId}.`;
			return;
		}
		text.value = c.text;
	} else if (said.pieces) {
		const all = new Uint8Array(said.pieces.reduce((n, p) => n + p.length, 0));
		said.pieces.reduce((n, p) => { all.set(p, n); return n + p.length; }, 0);
		const answer = await program.ask({ what: "format", bytes: all, sizes: said.pieces.map((p) => p.length), half: said.half });
		text.value = answer.text;
	} else text.value = said.text;
	state.at = said.at;
	if (said.left !== undefined) state.left = said.left;
	if (said.right !== undefined) state.right = said.right;
	famous = table.famous.find((f) => f.text === text.value) ?? null;
	showCase(c);
	view(said.view);
}

function openCase(c) {
	text.value = c.text;
	state.at = -1;
	famous = null;
	$("lab-examples").value = "";
	showCase(c);
	run();
	$("lab-pick").focus();
}

function openExample(e) {
	text.value = e.text;
	state.at = -1;
	famous = null;
	showCase(null);
	run();
}

function openFamous(f) {
	famous = f;
	text.value = f.text;
	state.at = -1;
	state.left = f.left;
	state.right = f.right;
	showCase(null);
	run();
}

function view(which) {
	state.view = which;
	for (const name of ["take", "readings"]) {
		$(`lab-${name}`).hidden = name !== which;
		$(`lab-tab-${name}`).setAttribute("aria-selected", String(name === which));
		$(`lab-tab-${name}`).tabIndex = name === which ? 0 : -1;
	}
	$("lab").dataset.view = which;
	run();
}

// run has the program read the text, and shows what it says.
async function run() {
	clearTimeout(timer);
	text.rows = Math.max(4, Math.min(8, text.value.trimEnd().split("\n").length));
	const id = ++asked;
	const question = state.view === "take" ? { what: "take" } : { what: "compare", left: state.left, right: state.right };
	let answer;
	try {
		answer = await program.ask({ ...question, text: text.value });
	} catch {
		return; // broken has said why
	}
	if (id !== asked) return;
	const { bytes, result } = answer;
	$("lab-wrong").textContent = result.error ? capital(result.error) + "." : "";
	text.setAttribute("aria-invalid", String(Boolean(result.error)));
	if (result.error) {
		shown(id);
		return;
	}
	if (result.panic) {
		broken("The parser's code has panicked at these bytes: " + result.panic, result.stack);
		return;
	}
	$("lab-broken").hidden = true;
	state.bytes = bytes;
	if (state.view === "take") {
		state.pieces = result.pieces;
		state.half = result.half;
		take.show(bytes, result, state.at);
		judge(result);
	} else {
		state.pieces = result.pieces;
		state.half = result.half;
		readings.set(state.left, state.right);
		readings.show(bytes, result, famous, state.at);
	}
	$("lab-size").textContent = count(bytes.length, "byte") + (state.pieces.length > 1 ? ` in ${state.pieces.length} pieces` : "");
	shown(id);
	remember();
}

// shown is called when an answer stands there. The first one brings all else with it, so
// that nothing moves which somebody reads.
function shown(id) {
	$("lab-app").hidden = false;
	$("lab").dataset.shown = String(id); // for whoever waits for it
}

// remember makes the address of the page a link to what is shown.
function remember() {
	written = link.write({ ...state, text: text.value, caseId: shownCase?.id }, table.switches);
	history.replaceState(null, "", written);
}

async function share() {
	remember();
	try {
		await navigator.clipboard.writeText(location.href);
		$("lab-share").textContent = "Copied";
	} catch {
		$("lab-share").textContent = "It is in the address bar";
	}
	setTimeout(() => { $("lab-share").textContent = "Copy link"; }, 2000);
}

// showCase shows what the collection says about the bytes.
function showCase(c) {
	shownCase = c;
	const box = $("lab-case");
	box.hidden = !c;
	if (!c) return clear(box);
	clear(box, el("p", {}, el("strong", {}, `${c.group}: ${c.name}`), " ", el("span", { class: "lab-section" }, rule(c.section), `, ${c.verb}`)),
		el("p", {}, c.why), c.reason ? el("p", {}, "Why the reference does not give the strictest answer: " + c.reason) : null,
		el("p", {}, "Allowed: ", ...c.want.split(" | ").flatMap((w, i) => [i ? " or " : "", el("code", {}, w)]), ". ", el("span", { id: "lab-judged" })));
}

// judge compares what the server did with what the case allows.
function judge(result) {
	const out = $("lab-judged");
	if (!out) return;
	if (shownCase.needs) {
		unjudged().then((n) => { out.textContent = `The case asks for a file, and the lab has none: what it answers here is not judged. That is so for ${n}; go tool checker conformance judges them all.`; });
		return;
	}
	const end = result.ended ? "close" : "open";
	const got = [...(result.statuses.length ? result.statuses : ["nothing"]), end].join(" ");
	const allowed = shownCase.want.split(" | ").some((w) => {
		const words = w.split(" ");
		const last = words.pop();
		const statuses = words.filter((s) => s !== "nothing");
		return (last === "either" || last === end) && statuses.length === result.statuses.length &&
			statuses.every((s, i) => new RegExp("^" + s.replace(/x/g, "\\d") + "$").test(result.statuses[i]));
	});
	clear(out, "Here: ", el("code", {}, got), allowed ? ", which is allowed." : ", which is not allowed.");
	out.className = allowed ? "lab-good" : "lab-bad";
}

const capital = (s) => s.charAt(0).toUpperCase() + s.slice(1);

start();
