// Words and small pieces of HTML that the views share.

export function el(name, attributes = {}, ...children) {
	const e = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) {
		if (value === false || value === null || value === undefined) continue;
		if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
		else e.setAttribute(key, value === true ? "" : value);
	}
	e.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
	return e;
}

export const count = (n, what) => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;

// shown returns how a byte is shown in a cell.
export function shown(b) {
	if (b === 32) return "·";
	if (b === 13) return "\\r";
	if (b === 10) return "\\n";
	if (b === 9) return "\\t";
	if (b < 32 || b > 126) return "\\x" + b.toString(16).padStart(2, "0");
	return String.fromCharCode(b);
}

const names = { 32: "space", 13: "CR", 10: "LF", 9: "tab", 0: "NUL", 127: "DEL", 58: "colon", 44: "comma", 46: "dot", 47: "slash", 59: "semicolon", 34: "quote" };

// said returns how a byte is said aloud.
export function said(b) {
	if (names[b]) return names[b];
	if (b < 32 || b > 126) return "byte " + b.toString(16).padStart(2, "0");
	const c = String.fromCharCode(b);
	return b >= 65 && b <= 90 ? "capital " + c : c;
}

// escaped returns text with a character for each byte as one would type it.
export function escaped(text) {
	let out = "";
	for (const c of text) {
		const b = c.charCodeAt(0);
		out += b === 32 || b === 92 ? c : shown(b);
	}
	return out;
}

// rule returns text with a link for each "RFC 9112 §5.1" in it.
export function rule(text) {
	const out = el("span");
	let at = 0;
	for (const m of (text || "").matchAll(/RFC (\d+) §([\d.]*\d)/g)) {
		out.append(text.slice(at, m.index), el("a", { href: `https://www.rfc-editor.org/rfc/rfc${m[1]}#section-${m[2]}` }, m[0]));
		at = m.index + m[0].length;
	}
	out.append((text || "").slice(at));
	return out;
}

export const clear = (e, ...children) => e.replaceChildren(...children.filter((c) => c !== null && c !== undefined && c !== false));
