// What is on the screen, as the part of a link behind the #.
//
//	#case=host/two-host-fields         a case of the collection
//	#bytes=R0VUIC8.SFRUUA&half         pieces in base64url, and the client's end
//	#text=e2EqMTAwMH0                  the text, where there are many bytes
//	&at=12&view=readings&left=strict&right=lf+colon

const most = 4096; // bytes that are written out in a link

const encode = (bytes) => {
	let text = "";
	for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
	return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};

const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

const reader = (who, switches) => (who < 0 ? "strict" : switches.filter((s) => who & s.bit).map((s) => s.name).join("+") || "lax");

const switchesOf = (text, switches) => {
	if (text === "strict") return -1;
	return (text || "").split("+").reduce((sum, name) => sum | (switches.find((s) => s.name === name)?.bit ?? 0), 0);
};

// write returns the link's part for a state.
export function write(state, switches) {
	const out = [];
	if (state.caseId) out.push("case=" + state.caseId);
	else if (state.bytes.length > most) out.push("text=" + encode(new TextEncoder().encode(state.text)));
	else {
		const pieces = [];
		let at = 0;
		for (const n of state.pieces) pieces.push(encode(state.bytes.subarray(at, at += n)));
		out.push("bytes=" + pieces.join("."));
		if (state.half) out.push("half");
	}
	if (state.at > 0) out.push("at=" + state.at);
	if (state.view === "readings") out.push("view=readings", "left=" + reader(state.left, switches), "right=" + reader(state.right, switches));
	return "#" + out.join("&");
}

// read returns what a link says, or null if it says nothing.
export function read(hash, switches) {
	const all = {};
	for (const item of hash.replace(/^#/, "").split("&")) {
		const [key, value] = item.split(/=(.*)/s);
		all[key] = value ?? "";
	}
	if (!("case" in all || "bytes" in all || "text" in all)) return null;
	const state = { view: all.view === "readings" ? "readings" : "take", at: /^\d+$/.test(all.at) ? Number(all.at) : -1 };
	if ("left" in all) state.left = switchesOf(all.left, switches);
	if ("right" in all) state.right = switchesOf(all.right, switches);
	try {
		if ("case" in all) state.caseId = decodeURIComponent(all.case);
		else if ("text" in all) state.text = new TextDecoder().decode(decode(all.text));
		else {
			state.pieces = all.bytes.split(".").filter(Boolean).map(decode);
			state.half = "half" in all;
		}
	} catch {
		return { ...state, broken: true };
	}
	return state;
}
