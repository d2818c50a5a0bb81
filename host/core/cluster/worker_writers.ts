// No counterpart: several Prosody would wait for each other's locks on a file.

import type { Bus } from "../../util/cluster/types.ts";
import type { Writer, Writers } from "../sqlite/writers.ts";

/** Subjects by which processes ask for their turn and give it up, and by which they are told, each at its own. */
const subjects = { want: "writers.want", done: "writers.done", told: "writers.told" } as const;

/** What a process is told: that it is its turn, or that somebody else waits. */
type Word = "yours" | "wanted";

/** Two words in a message, of which the second one may be any text. */
function message(first: string, second: string): Buffer {
	return Buffer.from(`${first} ${second}`);
}

function words_of(data: Uint8Array): readonly [string, string] {
	const text = Buffer.from(data).toString();
	const end = text.indexOf(" ");
	return [text.slice(0, end), text.slice(end + 1)];
}

/** Has this process take turns with the others. Whoever has its turn keeps it until another one wants it. */
export function shared_writers(bus: Bus, node: string): Writers {
	const files = new Map<string, FileWriter>();
	bus.subscribe(`${subjects.told}.${node}`, (data) => {
		const [word, file] = words_of(data);
		if (word === "yours") files.get(file)?.begin();
		else files.get(file)?.wanted();
	});
	return {
		writer(file, on_turn) {
			const say = (subject: string): void => bus.publish(subject, message(node, file));
			const writer = new FileWriter(
				() => say(subjects.want),
				() => say(subjects.done),
				on_turn,
			);
			files.set(file, writer);
			return writer;
		},
	};
}

/**
 * How long a process that goes on writing keeps its turn where another one waits, in milliseconds: it takes a while until the next one
 * begins, and what it has to write meanwhile becomes one commit.
 */
const shortest_turn = 10;

class FileWriter implements Writer {
	may_write = false;
	private is_in_line = false;
	private is_wanted_elsewhere = false;
	private is_busy = false;
	private begun = 0;
	private end_of_turn: NodeJS.Timeout | undefined;

	constructor(
		private readonly stand_in_line: () => void,
		private readonly give_up: () => void,
		private readonly on_turn: () => void,
	) {}

	want(): boolean {
		this.is_busy = true;
		if (this.may_write || this.is_in_line) return this.may_write;
		this.is_in_line = true;
		this.stand_in_line();
		return false;
	}

	done(): void {
		this.is_busy = false;
		if (this.may_write && this.is_wanted_elsewhere) this.pass_on_in_time();
	}

	leave(): void {
		this.is_busy = false;
		if (this.may_write) this.pass_on();
	}

	begin(): void {
		this.is_in_line = false;
		this.may_write = true;
		this.begun = performance.now();
		if (this.is_busy) this.on_turn();
	}

	wanted(): void {
		this.is_wanted_elsewhere = true;
		if (this.may_write && !this.is_busy) this.pass_on_in_time();
	}

	private pass_on_in_time(): void {
		const left = this.begun + shortest_turn - performance.now();
		if (left <= 0) this.pass_on();
		else {
			this.end_of_turn ??= setTimeout(() => {
				this.end_of_turn = undefined;
				if (this.may_write && this.is_wanted_elsewhere && !this.is_busy) this.pass_on();
			}, left);
		}
	}

	private pass_on(): void {
		clearTimeout(this.end_of_turn);
		this.end_of_turn = undefined;
		this.may_write = false;
		this.is_wanted_elsewhere = false;
		this.give_up();
	}
}

interface Line {
	/** Whose turn it is; undefined where nobody wants to write. */
	holder: string | undefined;
	readonly waiting: string[];
}

/** The lines of those who want to write, in the process that has started them. */
export class WriterLines {
	private readonly lines = new Map<string, Line>();

	constructor(private readonly bus: Bus) {
		bus.subscribe(subjects.want, (data) => this.want(...words_of(data)));
		bus.subscribe(subjects.done, (data) => this.done(...words_of(data)));
	}

	/** A process has ended. */
	gone(node: string): void {
		for (const [file, line] of this.lines) {
			const at = line.waiting.indexOf(node);
			if (at >= 0) line.waiting.splice(at, 1);
			if (line.holder === node) this.next(file, line);
		}
	}

	private want(node: string, file: string): void {
		const line = this.lines.get(file) ?? { holder: undefined, waiting: [] };
		this.lines.set(file, line);
		line.waiting.push(node);
		if (line.holder === undefined) this.next(file, line);
		else this.tell(line.holder, "wanted", file);
	}

	private done(node: string, file: string): void {
		const line = this.lines.get(file);
		if (line?.holder === node) this.next(file, line);
	}

	private next(file: string, line: Line): void {
		line.holder = line.waiting.shift();
		if (line.holder === undefined) return;
		this.tell(line.holder, "yours", file);
		if (line.waiting.length > 0) this.tell(line.holder, "wanted", file);
	}

	private tell(node: string, word: Word, file: string): void {
		this.bus.publish(`${subjects.told}.${node}`, message(word, file));
	}
}
