// Counterpart: plugins/mod_mam/mod_mam.lua, plugins/mod_muc_mam.lua (queries, XEP-0313): what archives of accounts and of rooms share.

import { type Form, get_type, new_form, type ParsedValue, type ParsedValues } from "../dataforms.ts";
import { datetime } from "../datetime.ts";
import { failed, ok, type Result, type StanzaError, stanza_error } from "../error.ts";
import { ns } from "../ns.ts";
import type { PlainStanza } from "../plain_xml.ts";
import * as rsm from "../rsm.ts";
import type { AddressableText, Stanza } from "../stanza.ts";
import * as st from "../stanza.ts";
import { type Waiting, waiting_for } from "../waiting.ts";

const default_page_size = 20;

/** What a client may ask an archive for. */
export interface Wanted {
	/** A bare JID. */
	readonly with?: string;
	/** In seconds since 1970. */
	readonly start?: number;
	readonly end?: number;
	readonly before?: string;
	readonly after?: string;
	readonly ids?: readonly string[];
	readonly reverse: boolean;
	/** One more than the page has, to see whether it is the last. */
	readonly limit: number;
}

/** What a client asks for. */
export interface Asked {
	readonly query: Wanted;
	/** The longest page that it wants, or may have. */
	readonly page_size: number;
	/** Go backward from the newest message. */
	readonly reverse: boolean;
	/** Send the page in the opposite order of that in which it is found. */
	readonly flip: boolean;
}

/** A message of an archive. */
export interface Found {
	readonly id: string;
	readonly stanza: Stanza;
	/** The stanza's text, where it can go out as it is; then {@link stanza} is only made when somebody reads it. */
	readonly plain?: PlainStanza;
	/** Seconds since 1970. */
	readonly when: number;
}

/** How an archive shows its messages to whoever asks. */
export interface Shown {
	/** Sends finished text to whoever asks; undefined where something has to see stanzas. */
	readonly send_text: ((text: AddressableText) => boolean) | undefined;
	/** The text of a message as it may be shown; undefined where the message has to be changed first, or has no such text. */
	plain(item: Found): PlainStanza | undefined;
	/** Changes a message as it may be shown. */
	change?(stanza: Stanza): void;
}

/** The fields of a query, by what the archive can do. */
export function query_form(caps: { readonly full_id_range: boolean; readonly ids: boolean }): Form {
	const form = new_form({
		fields: [
			{ name: "FORM_TYPE", type: "hidden", value: ns.mam },
			{ name: "with", type: "jid-single" },
			{ name: "start", type: "text-single", datatype: "xs:dateTime" },
			{ name: "end", type: "text-single", datatype: "xs:dateTime" },
		],
	});
	if (caps.full_id_range) {
		form.fields.push({ name: "before-id", type: "text-single" }, { name: "after-id", type: "text-single" });
	}
	if (caps.ids) form.fields.push({ name: "ids", type: "list-multi" });
	return form;
}

function is_text(value: ParsedValue | undefined): value is string {
	return typeof value === "string";
}

/** Reads the submitted form; nothing where there is none. */
function read_form(form: Form, submitted: Stanza | undefined): Result<ParsedValues, StanzaError> {
	if (submitted === undefined) return ok({});
	const type = get_type(submitted);
	if (!type.ok) return failed(stanza_error("modify", "bad-request", `Invalid dataform: ${type.error}`));
	if (type.value !== ns.mam) {
		return failed(stanza_error("modify", "bad-request", `Unexpected FORM_TYPE, expected '${ns.mam}'`));
	}
	const { data, errors } = form.data(submitted);
	const [problem] = Object.values(errors ?? {});
	return problem === undefined ? ok(data) : failed(stanza_error("modify", "bad-request", problem));
}

/**
 * Reads a query: form and result set management (XEP-0059) together.
 * @param longest_page how many messages a page has at most
 */
export function read_query(query: Stanza, form: Form, longest_page: number): Result<Asked, StanzaError> {
	const submitted = read_form(form, query.get_child("x", ns.data));
	if (!submitted.ok) return submitted;
	const values = submitted.value;
	const set = rsm.get(query);
	// Divergence: a negative number is 0, and fractions are cut off
	const page_size = Math.max(0, Math.floor(Math.min(set?.max ?? default_page_size, longest_page)));
	const reverse = set?.before !== undefined;
	// PARITY: `<before/>` without an id, which asks for the last page, overrides the form's before-id
	const before = set?.before ?? values["before-id"];
	const after = set?.after ?? values["after-id"];
	const { with: with_whom, start, end, ids } = values;
	return ok({
		page_size,
		reverse,
		flip: reverse !== (query.get_child("flip-page") !== undefined),
		query: {
			limit: page_size + 1,
			reverse,
			...(is_text(with_whom) ? { with: with_whom } : {}),
			...(typeof start === "number" ? { start } : {}),
			...(typeof end === "number" ? { end } : {}),
			...(is_text(before) ? { before } : {}),
			...(is_text(after) ? { after } : {}),
			...(Array.isArray(ids) ? { ids } : {}),
		},
	});
}

/** An archive that can be asked in two ways. */
interface Askable<User, Query, Page> {
	readonly is_far?: true;
	takes_long?(user: User): boolean;
	find(user: User, query: Query): Page;
	find_later(user: User, query: Query): Promise<Page>;
}

/** Finds messages: at once, or between turns where the whole server would have to wait for the answer. */
export function find_page<User, Query, Page>(store: Askable<User, Query, Page>, user: User, query: Query): Page | Waiting<Page> {
	return store.is_far || store.takes_long?.(user) ? waiting_for(store.find_later(user, query)) : store.find(user, query);
}

/** Deletes messages: a part at a time between turns, where the archive can do that. */
export async function delete_between_turns<User, Query, Done>(
	store: { delete(user: User, query: Query): Done; delete_later?(user: User, query: Query): Promise<Done> },
	user: User,
	query: Query,
): Promise<Done> {
	return store.delete_later === undefined ? store.delete(user, query) : store.delete_later(user, query);
}

/** Puts the results of one query around messages. */
class Wrapper {
	private readonly query_id: string | undefined;
	/** What stands before an id, in finished text. */
	private readonly before_id: string;
	private readonly is_ascii: boolean;

	constructor(private readonly asker: Stanza) {
		this.query_id = asker.first_tag?.attr["queryid"];
		const { to } = asker.attr;
		const from = to === undefined ? "" : ` from='${st.escape_attribute(to)}'`;
		const query_id = this.query_id === undefined ? "" : ` queryid='${st.escape_attribute(this.query_id)}'`;
		this.before_id = `${from}><result xmlns='${ns.mam}'${query_id} id='`;
		this.is_ascii = is_ascii(this.before_id);
	}

	stanza({ id, stanza: item, when }: Found): Stanza {
		const { asker, query_id } = this;
		item.attr["xmlns"] = ns.client;
		return st
			.message({ to: asker.attr["from"], from: asker.attr["to"] })
			.tag("result", { xmlns: ns.mam, queryid: query_id, id })
			.tag("forwarded", { xmlns: ns.forward })
			.tag("delay", { xmlns: ns.delay, stamp: datetime(when) })
			.up()
			.add_child(item)
			.reset();
	}

	text(id: string, when: number, { name, to, attributes, rest, ...plain }: PlainStanza): AddressableText {
		const head = "<message";
		const forwarded = `'><forwarded xmlns='${ns.forward}'><delay xmlns='${ns.delay}' stamp='${datetime(when)}'/>`;
		const item = `<${name} xmlns='${ns.client}'${to}${attributes}${rest}`;
		const tail = `${this.before_id}${st.escape_attribute(id)}${forwarded}${item}</forwarded></result></message>`;
		return { head, tail, size: head.length + tail.length, is_ascii: plain.is_ascii && this.is_ascii && is_ascii(id) };
	}
}

function is_ascii(text: string): boolean {
	return Buffer.byteLength(text) === text.length;
}

/**
 * Answers a query with the messages that were found, and with what follows them.
 * @param total how many there are in all, where that was counted
 */
export function send_page(
	origin: { send(stanza: Stanza): unknown },
	stanza: Stanza,
	asked: Asked,
	found: { readonly items: readonly Found[]; readonly total?: number },
	shown: Shown,
): void {
	const { page_size, reverse, flip } = asked;
	const items = found.items.slice(0, page_size);
	const wrapper = new Wrapper(stanza);
	for (const item of flip ? items.toReversed() : items) {
		const plain = shown.send_text === undefined ? undefined : shown.plain(item);
		if (plain !== undefined && shown.send_text?.(wrapper.text(item.id, item.when, plain))) continue;
		shown.change?.(item.stanza);
		origin.send(wrapper.stanza(item));
	}
	const ids = [items[0]?.id, items.at(-1)?.id];
	const [first, last] = reverse ? ids.reverse() : ids;
	const complete = found.items.length > page_size ? undefined : "true";
	const set = rsm.generate({ first, last, count: found.total });
	origin.send(st.reply(stanza).tag("fin", { xmlns: ns.mam, complete }).add_child(set).reset());
}

/** The answer to who asks for the first and the last message of an archive (XEP-0313 §7). */
export function metadata_reply(
	stanza: Stanza,
	first: Omit<Found, "stanza"> | undefined,
	last: Omit<Found, "stanza"> | undefined,
): Stanza {
	const reply = st.reply(stanza).tag("metadata", { xmlns: ns.mam });
	for (const [name, item] of [
		["start", first],
		["end", last],
	] as const) {
		if (item) reply.tag(name, { id: item.id, timestamp: datetime(item.when) }).up();
	}
	return reply.reset();
}
