// The wire lab's program runs here, beside the page: a parser that loops for ever stops
// nobody but this worker, and the page ends it.
"use strict";
importScripts("wasm_exec.js");

const printed = [];
console.log = (...words) => { printed.push(words.join(" ")); };

async function start() {
	if (self.name === "mine") {
		// A learner's code may not compile; then the compiler's words are here.
		const wrong = await (await fetch("error.txt")).text();
		if (wrong) throw new Error(wrong);
	}
	const go = new Go();
	let program;
	const response = await fetch("lab.wasm");
	if (!response.ok) throw new Error(`lab.wasm: ${response.status}`);
	if ((response.headers.get("Content-Type") || "").startsWith("application/wasm")) {
		program = await WebAssembly.instantiateStreaming(response, go.importObject);
	} else {
		program = await WebAssembly.instantiate(await response.arrayBuffer(), go.importObject);
	}
	go.run(program.instance).then(() => {
		postMessage({ ended: printed.slice(-40).join("\n") });
	});
	postMessage({ ready: JSON.parse(globalThis.barewire.table) });
}

const begun = start().catch((e) => { postMessage({ failed: String(e.message || e) }); });

onmessage = async ({ data }) => {
	await begun;
	const done = (bytes, json) => {
		postMessage({ id: data.id, bytes, result: JSON.parse(json) }, [bytes.buffer]);
	};
	const lab = globalThis.barewire;
	if (!lab) return;
	switch (data.what) {
	case "take":
		lab.take(data.text, done);
		break;
	case "compare":
		lab.compare(data.text, data.left, data.right, done);
		break;
	case "format":
		postMessage({ id: data.id, text: lab.format(data.bytes, data.sizes, data.half) });
	}
};
