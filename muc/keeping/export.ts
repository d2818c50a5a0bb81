// No counterpart: Prosody has no export of its own.

import type { ArchiveItem, ArchivePart, ArchiveStore, ExportFormat } from "../../host/core/types.ts";
import { date, datetime } from "../../host/util/datetime.ts";
import { html_escape } from "../../host/util/html.ts";
import { node, resource } from "../../host/util/jid.ts";
import { ns } from "../../host/util/ns.ts";
import { xmlns as moderation } from "../moderation/stanzas.ts";
import { pages_of } from "./slices.ts";

/** One archived thing, as people read it. */
interface Entry {
	readonly item: ArchiveItem;
	readonly nick: string | undefined;
	/** What was said or done; undefined for what nobody would see. */
	readonly text: string | undefined;
	/** It was said; otherwise the text tells what happened. */
	readonly is_said: boolean;
}

/** A name and a text, in the form of one format. */
interface Writer {
	head(room_jid: string): string;
	entry(entry: Entry, is_new_day: boolean): string;
	tail(): string;
}

function is_retracted({ stanza }: ArchiveItem): boolean {
	if (stanza.get_child("retracted", moderation.retract_1) !== undefined) return true;
	return stanza.get_child("moderated", moderation.moderate_0)?.get_child("retracted", moderation.retract_0) !== undefined;
}

function entry_of(item: ArchiveItem): Entry {
	const { stanza } = item;
	const nick = resource(stanza.attr["from"]);
	const happened = (text: string | undefined): Entry => ({ item, nick, text, is_said: false });
	if (stanza.name === "presence") return happened(stanza.attr["type"] === "unavailable" ? "left the room" : "entered the room");
	if (is_retracted(item)) return happened("message retracted");
	const body = stanza.get_child_text("body");
	if (body !== undefined) return { item, nick, text: body, is_said: true };
	const subject = stanza.get_child_text("subject");
	return happened(subject === undefined ? undefined : `set the subject: ${subject}`);
}

/** Control characters that XML allows, which terminals take as commands; and those that turn the direction of text around. */
const tricky = /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

const text_writer: Writer = {
	head: () => "",
	tail: () => "",
	entry({ item, nick, text, is_said }) {
		if (text === undefined) return "";
		const name = (nick ?? "").replaceAll(tricky, "\ufffd").replaceAll(/\s+/g, " ");
		const lines = text.replaceAll(tricky, "\ufffd").replaceAll(/\r\n?|\u2028|\u2029/g, "\n");
		const who = is_said ? `<${name}> ` : `*** ${name === "" ? "" : `${name} `}`;
		return `[${datetime(Math.floor(item.when))}] ${who}${lines.replaceAll("\n", "\n\t")}\n`;
	},
};

const json_writer: Writer = {
	head: () => "",
	tail: () => "",
	entry({ item: { id, when, stanza }, nick }) {
		const line = {
			id,
			time: datetime(when),
			type: stanza.name === "presence" ? (stanza.attr["type"] ?? "available") : "message",
			nick,
			jid: stanza.get_child("x", ns.muc_user)?.get_child("item")?.attr["jid"],
			occupant_id: stanza.get_child_attr("occupant-id", ns.occupant_id, "id"),
			subject: stanza.get_child_text("subject"),
			body: stanza.get_child_text("body"),
			stanza: String(stanza),
		};
		return `${JSON.stringify(line)}\n`;
	},
};

const style = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1rem; border-bottom: 1px solid; margin-top: 2rem; }
p { margin: .2rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
time { opacity: .6; font-variant-numeric: tabular-nums; margin-right: .5rem; }
.event { opacity: .7; font-style: italic; }`;

const html_writer: Writer = {
	head: (room_jid) =>
		`<!DOCTYPE html>\n<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
		`<meta name="robots" content="noindex"><title>${html_escape(room_jid)}</title>\n<style>${style}</style></head>\n` +
		`<body><h1>${html_escape(room_jid)}</h1>\n`,
	tail: () => "</body></html>\n",
	entry({ item: { id, when }, nick, text, is_said }, is_new_day) {
		const day = is_new_day ? `<h2>${date(when)}</h2>\n` : "";
		if (text === undefined) return day;
		const stamp = datetime(Math.floor(when));
		const time = `<time datetime="${stamp}">${stamp.slice(11, 16)}</time>`;
		const name = nick === undefined ? "" : `<b><bdi>${html_escape(nick)}</bdi></b>${is_said ? ": " : " "}`;
		return `${day}<p id="${html_escape(id)}"${is_said ? "" : ` class="event"`}>${time}${name}<bdi>${html_escape(text)}</bdi></p>\n`;
	},
};

const writers: { readonly [Format in ExportFormat]: Writer } = { html: html_writer, text: text_writer, jsonl: json_writer };

/** Whether that is a format in which archives are written down. */
export function is_export_format(name: string): name is ExportFormat {
	return Object.hasOwn(writers, name);
}

/**
 * The archive of a room as text, piece by piece: a page to look at (`html`, in UTC), lines to read (`text`), or JSON lines with whole stanzas
 * (`jsonl`). Throws an Error where the archive cannot be read on.
 */
export async function* export_archive(
	store: ArchiveStore,
	room_jid: string,
	format: ExportFormat,
	part: ArchivePart = {},
): AsyncGenerator<string, void> {
	const writer = writers[format];
	yield writer.head(room_jid);
	let day = "";
	for await (const items of pages_of(store, node(room_jid), part)) {
		let text = "";
		for (const item of items) {
			const own_day = date(item.when);
			text += writer.entry(entry_of(item), own_day !== day);
			day = own_day;
		}
		yield text;
	}
	yield writer.tail();
}
