// No counterpart: a session does not outlive a Prosody.

import type { StoreTable, StoreValue } from "../../core/types.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import * as xml from "../../util/xml.ts";

/** A stanza that the client may not have. */
export interface UnackedText {
	/** The stanza as XML. */
	readonly text: string;
	/** In seconds since 1970. */
	readonly sent_at: number;
}

/**
 * A session that waits for its client, as one plain value: another process, or another machine, can make a session of it that the
 * client goes on with as if nothing had been.
 */
export interface ResumeState {
	/** The name that the client asks for it by (XEP-0198 §5, `previd`). */
	readonly token: string;
	readonly username: string;
	readonly host: string;
	readonly resource: string;
	/** The namespace of its stream management. */
	readonly xmlns: string;
	/** How many of the client's stanzas were handled. */
	readonly handled: number;
	/** How many of all stanzas that were sent the client has. */
	readonly acked: number;
	/** Those after them, the oldest first. */
	readonly queue: readonly UnackedText[];
	/** Names of copies of some of them in the store `offline`, for a server that does not know of this value. */
	readonly offline: readonly string[];
	/** Since when and until when it waits, in seconds since 1970. */
	readonly since: number;
	readonly until: number;
	readonly ip: string;
	readonly secure: boolean;
	readonly role: string | undefined;
	/** The last available presence as XML, and its priority. */
	readonly presence: string | undefined;
	readonly priority: number | undefined;
	/** Whether the client asked for its roster. */
	readonly interested: boolean;
	/** Whom directed presence went to. */
	readonly directed: readonly string[];
	/** Whether somebody looks at the client (XEP-0352). */
	readonly csi: string | undefined;
	/** The namespace of copies that it wants (XEP-0280). */
	readonly carbons: string | undefined;
	readonly mam_requested: boolean;
	readonly blocklist_requested: boolean;
	/** What modules know of the session, each under its name. */
	readonly more: StoreTable;
}

/** The value as stores hold it. */
export function to_table(state: ResumeState): StoreTable {
	const { queue, offline, directed, more, ...plain } = state;
	return {
		...plain,
		queue: queue.map(({ text, sent_at }) => ({ text, sent_at })),
		offline: [...offline],
		directed: [...directed],
		more,
	};
}

type Problem = string;

/** Reads fields of a stored table, and remembers the first one that is not as expected. */
class Fields {
	problem: Problem | undefined;

	constructor(private readonly table: StoreTable) {}

	private wrong(name: string, expected: string, value: unknown): void {
		this.problem ??= `${name} is ${value === undefined ? "missing" : JSON.stringify(value)}: expected ${expected}`;
	}

	text(name: string): string {
		const value = this.table[name];
		if (typeof value === "string" && value !== "") return value;
		this.wrong(name, "text", value);
		return "";
	}

	optional_text(name: string): string | undefined {
		return this.table[name] === undefined ? undefined : this.text(name);
	}

	number(name: string): number {
		const value = this.table[name];
		if (typeof value === "number" && Number.isFinite(value)) return value;
		this.wrong(name, "a number", value);
		return 0;
	}

	optional_number(name: string): number | undefined {
		return this.table[name] === undefined ? undefined : this.number(name);
	}

	count(name: string): number {
		const value = this.number(name);
		if (!Number.isInteger(value) || value < 0) this.wrong(name, "a count", value);
		return value;
	}

	flag(name: string): boolean {
		const value = this.table[name];
		if (value !== undefined && typeof value !== "boolean") this.wrong(name, "true or false", value);
		return value === true;
	}

	/** A list; stores do not tell an empty one from an empty table. */
	list(name: string): readonly StoreValue[] {
		const value = this.table[name];
		if (Array.isArray(value)) return value;
		if (value !== undefined && !is_empty_table(value)) this.wrong(name, "a list", value);
		return [];
	}

	texts(name: string): readonly string[] {
		return this.list(name).filter((value) => {
			if (typeof value !== "string") this.wrong(name, "a list of texts", value);
			return typeof value === "string";
		});
	}
}

function is_table(value: StoreValue | undefined): value is StoreTable {
	return typeof value === "object" && !Array.isArray(value) && !(value instanceof Map);
}

function is_empty_table(value: StoreValue): boolean {
	return value instanceof Map ? value.size === 0 : is_table(value) && Object.keys(value).length === 0;
}

function queue_in(fields: Fields): readonly UnackedText[] {
	return fields.list("queue").flatMap((value) => {
		const item = new Fields(is_table(value) ? value : {});
		const read = { text: item.text("text"), sent_at: item.number("sent_at") };
		if (xml.parse(read.text) === undefined) item.problem ??= "text cannot be read: expected a stanza as XML";
		fields.problem ??= item.problem === undefined ? undefined : `an item of queue: ${item.problem}`;
		return [read];
	});
}

/** Reads what {@link to_table} made; an error says which field is wrong, and what was expected there. */
export function from_table(table: StoreTable): Result<ResumeState, Problem> {
	const fields = new Fields(table);
	const { more } = table;
	const state: ResumeState = {
		token: fields.text("token"),
		username: fields.text("username"),
		host: fields.text("host"),
		resource: fields.text("resource"),
		xmlns: fields.text("xmlns"),
		handled: fields.count("handled"),
		acked: fields.count("acked"),
		queue: queue_in(fields),
		offline: fields.texts("offline"),
		since: fields.number("since"),
		until: fields.number("until"),
		ip: fields.optional_text("ip") ?? "",
		secure: fields.flag("secure"),
		role: fields.optional_text("role"),
		presence: fields.optional_text("presence"),
		priority: fields.optional_number("priority"),
		interested: fields.flag("interested"),
		directed: fields.texts("directed"),
		csi: fields.optional_text("csi"),
		carbons: fields.optional_text("carbons"),
		mam_requested: fields.flag("mam_requested"),
		blocklist_requested: fields.flag("blocklist_requested"),
		more: is_table(more) ? more : {},
	};
	return fields.problem === undefined ? ok(state) : failed(fields.problem);
}
