// No counterpart: what a supervisor and its workers say to each other beside what passes between the workers.

/** Told to workers: to end, to read the configuration again, that there was a signal, to answer. */
export type Order = "stop" | "reload" | "SIGUSR1" | "SIGUSR2" | "ping";
/**
 * Told by workers: that they serve (with what somebody sees who starts the server), that they cannot (with why), that the configuration
 * was read, that an administrator wants the server to end or the others to read the configuration, that they go on.
 */
export type Report = "ready" | "failed" | "reloaded" | "stop-wanted" | "reload-wanted" | "pong";

/** A message with a text, which many have no use for. */
export type Message<Word extends string> = readonly [word: Word, text: string];

const orders: ReadonlySet<string> = new Set<Order>(["stop", "reload", "SIGUSR1", "SIGUSR2", "ping"]);
const reports: ReadonlySet<string> = new Set<Report>(["ready", "failed", "reloaded", "stop-wanted", "reload-wanted", "pong"]);

function read<Word extends string>(message: unknown, is_word: (word: string) => word is Word): Message<Word> | undefined {
	const [word, text]: readonly unknown[] = Array.isArray(message) ? message : [];
	return typeof word === "string" && typeof text === "string" && is_word(word) ? [word, text] : undefined;
}

/** What a worker was told; undefined for messages of others. */
export function read_order(message: unknown): Message<Order> | undefined {
	return read(message, (word): word is Order => orders.has(word));
}

/** What a worker has said. */
export function read_report(message: unknown): Message<Report> | undefined {
	return read(message, (word): word is Report => reports.has(word));
}
