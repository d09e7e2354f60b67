// The first view: bytes taken apart, part by part, and what the server does.
import { Grid } from "./grid.js";
import * as code from "./code.js";
import { clear, count, el, escaped, rule, said, shown } from "./words.js";

const $ = (id) => document.getElementById(id);

export class Take {
	constructor(table, changed) {
		this.table = table;
		this.changed = changed;
		this.grid = new Grid($("lab-grid"), "Bytes", (i, how) => this.#moved(i, how), (i, how) => this.#code(i, how));
		$("lab-grid").setAttribute("aria-describedby", "lab-keys");
	}

	// show shows bytes and what became of them, with the cursor at a byte.
	show(bytes, result, at) {
		this.bytes = bytes;
		this.result = result;
		const spans = [];
		for (let i = 0; i < result.spans.length; i += 4) {
			const [start, end, part, note] = result.spans.slice(i, i + 4);
			spans.push({ start, end, part, note, look: `lab-p${part}` });
		}
		this.spans = spans;
		const last = result.messages.at(-1);
		this.stop = last?.stop;
		const starts = result.messages.map((m, n) => ({ offset: m.start, words: `Request ${n + 1}` }));
		const end = last?.end ?? 0;
		if (!this.stop && end < bytes.length) starts.push({ offset: end, words: "Not read" });
		const pauses = [];
		let sum = 0;
		for (const n of result.pieces.slice(0, -1)) pauses.push(sum += n);
		const stop = this.stop ? this.stop.offset : -1;
		const blamed = new Set(this.stop?.fields ?? []);
		for (const s of spans) if (this.#blames(blamed, s)) s.look += " lab-blamed";
		this.grid.show(bytes, { spans, starts: result.messages.length > 1 || starts.length > 1 ? starts : [], pauses, keep: stop >= 0 ? [stop, at] : [at], stop: blamed.size ? -1 : stop });
		this.#legend();
		clear($("lab-verdict"), ...this.#verdict());
		this.#messages();
		this.#events();
		$("lab-code").hidden = true;
		$("lab-live").textContent = "";
		if (bytes.length === 0) clear($("lab-detail"), el("p", {}, "No bytes yet."));
		else this.grid.go(Math.min(at >= 0 ? at : stop >= 0 ? stop : 0, bytes.length - 1), "set");
	}

	// #blames says whether a span is on one of the field lines to blame.
	#blames(lines, span) {
		for (const at of lines) {
			let end = this.bytes.indexOf(10, at);
			if (end < 0) end = this.bytes.length;
			if (span.start >= at && span.start < end) return true;
		}
		return false;
	}

	#legend() {
		const used = [...new Set(this.spans.map((s) => s.part))].sort((a, b) => a - b);
		clear($("lab-legend"), ...used.map((p) => {
			const item = el("li", {}, el("span", { class: `lab-swatch lab-p${p}`, "aria-hidden": "true" }), this.table.parts[p].name);
			const mark = (on) => $("lab-grid").querySelectorAll(`.lab-p${p}`).forEach((c) => c.classList.toggle("lab-marked", on));
			item.addEventListener("pointerenter", () => mark(true));
			item.addEventListener("pointerleave", () => mark(false));
			return item;
		}));
	}

	#verdict() {
		const { messages, open, requests } = this.result;
		const last = messages.at(-1);
		if (!last) return ["Nothing was sent."];
		const whole = messages.filter((m) => m.complete).length;
		const before = whole > 0 ? `${count(whole, "whole request")}${this.stop || !last.complete ? ", then " : ". "}` : "";
		if (this.stop) {
			const s = this.stop;
			const tail = [`${s.msg} (`, rule(s.rule || "no rule"), s.status ? `). The answer is ${s.status}, and the connection ends.` : ").", last.split ? ` The parser is not of one mind: ${last.split}.` : ""];
			if (!s.rule) return [`${before}The parser's code says: ${s.msg}.`];
			if (s.fields.length) return [before + (before ? "r" : "R") + "efused for the fields that are underlined: ", ...tail];
			const jump = el("button", { type: "button", class: "lab-jump", onclick: () => { $("lab-grid").focus(); this.grid.go(s.offset, "key"); } }, `byte ${s.offset}`);
			return [before + (before ? "r" : "R") + "efused at ", jump, ": ", ...tail];
		}
		const split = messages.find((m) => m.split);
		if (split) return [`The parser is not of one mind: ${split.split}.`];
		if (!last.complete) return [before + (before ? "t" : "T") + `he beginning of ${before ? "another" : "a request"}. So far nothing is wrong: the parser asks for more${open ? ", and the server waits" : ""}.`];
		const end = open ? ["The connection stays open for the next one."] : last.keepAlive ? ["The connection ends."] : ["The connection ends: ", ...why(last), "."];
		return [before, ...end, requests > 0 || open ? "" : " The server has not answered."];
	}

	#messages() {
		const box = $("lab-messages");
		clear(box, ...this.result.messages.slice(0, 50).map((m, n) => {
			const facts = [];
			const add = (name, ...value) => facts.push(el("div", {}, el("dt", {}, name), el("dd", {}, ...value)));
			add("bytes", `${m.start} to ${m.end - 1}`);
			if (m.host) add("host", el("code", {}, escaped(m.host)));
			if (m.headEnd) {
				add("head", count(m.headEnd - m.start, "byte"));
				add("content", m.framing);
				add("another request", ...(m.keepAlive ? ["may follow"] : ["does not follow: ", ...why(m)]));
			} else if (!m.stop) add("head", "has no end yet");
			if (m.stop?.rule) add("refused", `${m.stop.msg} (`, rule(m.stop.rule), `), answer ${m.stop.status}`);
			else if (m.stop) add("stopped", m.stop.msg);
			else if (m.headEnd && !m.complete) add("so far", "not all of the content has arrived");
			const line = m.method ? `${escaped(m.method)} ${cut(escaped(m.target))} ${m.version}` : m.stop ? "no request line that anybody could act on" : "the beginning of a head";
			return el("div", { class: "lab-card" }, el("p", {}, el("strong", {}, `${n + 1}. `), el("code", {}, line)), el("dl", {}, ...facts));
		}));
		if (this.result.messages.length > 50) box.append(el("p", {}, `And ${this.result.messages.length - 50} more.`));
	}

	#events() {
		let piece = 0;
		clear($("lab-events"), ...this.result.events.slice(0, 200).map((e) => {
			switch (e.kind) {
			case "sent": return el("li", { class: "lab-sent" }, `The client sends ${count(e.size, "byte")}${this.result.pieces.length > 1 ? `, piece ${++piece} of ${this.result.pieces.length}` : ""}.`);
			case "ended": return el("li", { class: "lab-sent" }, "The client closes its sending side.");
			case "got": return el("li", { class: "lab-got" }, "The server answers:", raw(e.bytes), e.size > e.bytes.length ? el("p", {}, `… and ${count(e.size - e.bytes.length, "byte")} more.`) : null);
			case "waits": return el("li", { class: "lab-waits" }, `The server waits for more, ${seconds(e.wait)} at most. Then:`);
			case "half": return el("li", { class: "lab-closed" }, "The server closes its sending side, and drops what still comes for a moment, so that the answer is not lost (", rule("RFC 9112 §9.6"), ").");
			case "closed": return el("li", { class: "lab-closed" }, "The server closes the connection.");
			case "broken": return el("li", { class: "lab-broken" }, "The server's code panics:", raw(e.bytes));
			}
			return el("li", {}, e.kind);
		}));
		if (this.result.events.length === 0) $("lab-events").append(el("li", {}, "The server's code returns without reading anything."));
	}

	#moved(i, how) {
		const d = this.#about(i);
		const s = d.span;
		const entry = this.table.parts[s.part];
		const b = this.bytes[i];
		const hex = b.toString(16).padStart(2, "0");
		const facts = [];
		const add = (name, ...value) => facts.push(el("div", {}, el("dt", {}, name), el("dd", {}, ...value)));
		add("byte", `${i} of ${this.bytes.length}: `, el("code", {}, shown(b)), ` ${b < 33 || b > 126 || b === 127 ? said(b) + ", " : ""}0x${hex}`);
		if (d.piece) add("arrives", d.piece);
		if (d.note) add("means", d.note);
		add("afterwards", d.state);
		const stopHere = d.stop;
		const button = el("button", { type: "button", onclick: () => this.#code(i, "click") }, stopHere ? "The line that decides" : `Code: ${entry.decl}`);
		clear($("lab-detail"),
			el("p", { class: "lab-part" }, el("span", { class: `lab-swatch lab-p${s.part}`, "aria-hidden": "true" }), el("strong", {}, stopHere ? `${stopHere.msg}` : entry.name)),
			stopHere && !stopHere.rule ? el("p", {}, "No rule of HTTP: this is what the code returns.") :
				el("p", {}, rule(stopHere ? stopHere.rule : entry.rule), stopHere ? `. The answer is ${stopHere.status}.` : `. ${entry.text}`),
			el("dl", {}, ...facts), el("p", {}, button));
		if (how === "key" || how === "click") {
			$("lab-live").textContent = `Byte ${i}, ${said(b)}: ${stopHere ? `${stopHere.msg}, ${stopHere.rule}, answer ${stopHere.status}` : `${entry.name}${d.note ? ", " + d.note : ""}, ${entry.rule}`}. ${d.state}.`;
		}
		if (how !== "set") this.changed(i);
	}

	// #about says what there is to say about a byte.
	#about(i) {
		const span = this.grid.spanAt(i);
		const messages = this.result.messages;
		const n = messages.findLastIndex((m) => m.start <= i);
		const m = messages[n];
		const d = { span };
		if (this.result.pieces.length > 1) {
			let sum = 0;
			const piece = this.result.pieces.findIndex((size) => i < (sum += size)) + 1;
			d.piece = `with piece ${piece} of ${this.result.pieces.length}`;
		}
		const note = escaped(span.note);
		if (note) d.note = /^(field|trailer field) value$/.test(this.table.parts[span.part].name) ? `the value of ${note}` : note;
		const s = m?.stop;
		if (s && (s.offset === i || this.#blames(new Set(s.fields), { start: i }))) d.stop = s;
		d.state = this.#state(m, n, span, i, s);
		return d;
	}

	// #state says how things stand once byte i has arrived.
	#state(m, n, span, i, s) {
		const unread = "nobody reads it any more";
		if (!m || i >= m.end && !s) return unread;
		if (s && i + 1 === s.knew) return `the parser knows that it refuses${s.status ? " with " + s.status : ""}`;
		if (s && i + 1 > s.knew) return unread;
		if (s && i >= s.offset && !s.fields.length) return `the parser waits for the end of the line, byte ${s.knew - 1}, and then refuses`;
		if (!m.headEnd || i < m.headEnd - 1) return "the head is not complete: the parser asks for more";
		const ends = m.complete && i === m.end - 1 ? `; request ${n + 1} is complete` : "";
		if (i === m.headEnd - 1) return `the head is complete. Content: ${m.framing}${ends}`;
		const name = this.table.parts[span.part].name;
		if (name === "content") return `${count(i - m.headEnd + 1, "byte")} of the content ${i === m.headEnd ? "is" : "are"} here${ends}`;
		if (name === "chunk data") return `${i - span.start + 1} of ${count(span.end - span.start, "byte")} of this chunk ${i === span.start ? "is" : "are"} here`;
		if (ends) return ends.slice(2);
		return this.bytes[i] === 10 ? "the line is complete" : "the decoder waits for the end of this line";
	}

	#code(i, how) {
		const { span, stop } = this.#about(i);
		const entry = this.table.parts[span.part];
		code.show($("lab-code"), { step: entry.step, decl: entry.decl, msg: stop?.msg }).then(() => {
			if (how === "key") $("lab-code").querySelector("button").focus();
		});
	}
}

// why says why no request may follow this one.
const why = (m) => [m.version === "HTTP/1.0" ? "the request is HTTP/1.0 and does not ask for more" : "the request says close", " (", rule("RFC 9112 §9.3"), ")"];

const cut = (text) => (text.length > 80 ? text.slice(0, 77) + "…" : text);

function seconds(n) {
	if (n <= 0) return "for a moment";
	return count(n, "second");
}

// raw shows bytes of a response, with line ends to be seen.
function raw(text) {
	const pre = el("pre", { tabindex: "0" });
	for (const line of text.match(/[^\n]*\n|[^\n]+/g) ?? []) {
		const m = /^(.*?)(\r?\n)?$/s.exec(line);
		pre.append(escaped(m[1]));
		if (m[2]) pre.append(el("span", { class: "lab-eol" }, m[2] === "\r\n" ? "\\r\\n" : "\\n"), "\n");
	}
	return pre;
}
