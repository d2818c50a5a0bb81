// No counterpart: several Prosody would wait for each other's locks on a file.

/** One process's part in writing to a file that others write to as well. */
export interface Writer {
	/** Whether it is this process's turn. */
	readonly may_write: boolean;
	/** This process wants to write. @returns whether it may at once; where not, it is told when it is its turn */
	want(): boolean;
	/** What it wanted to write is stored, or given up. */
	done(): void;
	/** It does not write any more. */
	leave(): void;
}

/** Processes of one server that take turns in writing to files, so that each of them gets its turn soon. */
export interface Writers {
	/** @param on_turn called when it has become the turn of this process, which wants to write */
	writer(file: string, on_turn: () => void): Writer;
}
