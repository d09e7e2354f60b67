// The page's end of the worker in which the lab's program runs.

const patience = 5000; // milliseconds after which an answer will not come

export class Program {
	#worker = null;
	#waiting = new Map();
	#id = 0;
	#timer = 0;

	// onready gets the table of parts; onbroken gets a sentence and what was printed.
	constructor(onready, onbroken) {
		this.onready = onready;
		this.onbroken = onbroken;
		this.start();
	}

	start() {
		this.stop();
		this.#worker = new Worker(new URL("worker.js", import.meta.url), { name: document.getElementById("lab").dataset.who });
		this.#worker.onmessage = ({ data }) => this.#heard(data);
		this.#worker.onerror = (e) => this.#break("The program of the lab could not be started.", e.message);
	}

	stop() {
		clearTimeout(this.#timer);
		this.#worker?.terminate();
		this.#worker = null;
		for (const { reject } of this.#waiting.values()) reject(new Error("stopped"));
		this.#waiting.clear();
	}

	#break(why, printed) {
		this.stop();
		this.onbroken(why, printed || "");
	}

	#heard(data) {
		if (data.ready) return this.onready(data.ready);
		if (data.failed) return this.#break(document.getElementById("lab").dataset.who === "mine" ? "Your code could not be loaded." : "The program of the lab could not be loaded.", data.failed);
		if ("ended" in data) return this.#break("The program has ended: the parser's code has panicked, or has left.", data.ended);
		const waiting = this.#waiting.get(data.id);
		if (!waiting) return;
		this.#waiting.delete(data.id);
		if (this.#waiting.size === 0) clearTimeout(this.#timer);
		waiting.resolve(data);
	}

	// ask sends a question and returns a promise of its answer.
	ask(question) {
		return new Promise((resolve, reject) => {
			if (!this.#worker) return reject(new Error("stopped"));
			const id = ++this.#id;
			this.#waiting.set(id, { resolve, reject });
			clearTimeout(this.#timer);
			this.#timer = setTimeout(() => {
				this.#break("The parser did not come back within five seconds: these bytes make it loop for ever.", "");
			}, patience);
			this.#worker.postMessage({ ...question, id });
		});
	}
}
