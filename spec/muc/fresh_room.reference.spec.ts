import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { create_full_library } from "../../muc/features.ts";
import type { Room } from "../../muc/types.ts";
import { find_prosody, type Reference, start_reference } from "../../tools/reference.ts";
import { Client } from "../../tools/scansion/client.ts";
import { not_installed } from "../needs.ts";
import { FakeSession } from "./fake_session.ts";
import { no_rooms, recorded_module } from "./recorded_module.ts";
import { parsed } from "./rig.ts";

// A room as it was just created, and as it was then configured, here and in a real Prosody

const no_prosody = not_installed(find_prosody(), "Prosody", "new rooms are not compared with its own");

const room_jid = "room@conference.localhost";
const patience = 10_000;

/** What Prosody 13 has and 0.12, which may be the one that is installed, has not. */
const newer_fields = new Set(["muc#roomconfig_allowpm", "{xmpp:prosody.im}muc#allow_modpm"]);

/** Whether Prosody 0.12 may have a field: those of features of our own are in namespaces of their own. */
function is_prosodys(field: string): boolean {
	return !newer_fields.has(field) && !/^\{(?!http:\/\/prosody\.im\/|xmpp:prosody\.im\})/.test(field);
}

const config = `
modules_enabled = { "saslauth", "disco", "ping" }
modules_disabled = { "s2s", "tls" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
storage = "memory"
VirtualHost "localhost"
Component "conference.localhost" "muc"
`;

const enter = (from?: string): Stanza =>
	st
		.presence({ from, to: `${room_jid}/Owner`, "xml:lang": "cy" })
		.tag("x", { xmlns: ns.muc })
		.reset();
const ask_form = (from?: string): Stanza => st.iq({ from, to: room_jid, type: "get", id: "form" }).query(ns.muc_owner).reset();
const ask_info = (from?: string): Stanza => st.iq({ from, to: room_jid, type: "get", id: "info" }).query(ns.disco_info).reset();

function submit(values: { [field: string]: string[] }, from?: string): Stanza {
	const iq = st.iq({ from, to: room_jid, type: "set", id: "submit" }).query(ns.muc_owner);
	iq.tag("x", { xmlns: ns.data, type: "submit" });
	for (const [name, texts] of Object.entries({ FORM_TYPE: [ns.muc_roomconfig], ...values })) {
		iq.tag("field", { var: name });
		for (const text of texts) iq.text_tag("value", text);
		iq.up();
	}
	return parsed(iq.reset());
}

/** An element without regard to the order of attributes, as lines. */
function lines(element: Stanza, indent = ""): string[] {
	const attributes = Object.entries(element.attr).filter(([name, value]) => name !== "xmlns" && value !== undefined);
	const head = [element.name, ...attributes.map(([name, value]) => `${name}=${value}`).sort()].join(" ");
	return [`${indent}${head}: ${element.get_text() ?? ""}`, ...element.tags.flatMap((tag) => lines(tag, `${indent}  `))];
}

/** A form in the order of its fields; chosen values of lists, which Lua has in no order, sorted. */
function form_lines(reply: Stanza): string[][] {
	const form = reply.get_child("query", ns.muc_owner)?.get_child("x", ns.data);
	return (form?.tags ?? [])
		.filter((tag) => is_prosodys(tag.attr["var"] ?? ""))
		.map((tag) => (tag.attr["type"] === "list-multi" ? lines(tag).sort() : lines(tag)));
}

/** What a room says about itself, sorted, as Prosody's handlers of one priority run in no order. */
function info_lines(reply: Stanza): string[] {
	const query = reply.get_child("query", ns.disco_info);
	const fields = [...(query?.get_child("x", ns.data)?.childtags("field") ?? [])].map((field) => lines(field).join("\n"));
	const others = (query?.tags ?? []).filter(({ name }) => name !== "x").map((tag) => lines(tag).join("\n"));
	return [...others, ...fields].sort();
}

const settings: [string, { [field: string]: string[] }][] = [
	[
		"other settings",
		{
			"muc#roomconfig_roomname": ["The room"],
			"muc#roomconfig_roomdesc": ["Where we are"],
			"muc#roomconfig_lang": ["de"],
			"muc#roomconfig_persistentroom": ["1"],
			"muc#roomconfig_publicroom": ["0"],
			"muc#roomconfig_roomsecret": ["secret"],
			"muc#roomconfig_membersonly": ["1"],
			"{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites": ["1"],
			"muc#roomconfig_changesubject": ["1"],
			"muc#roomconfig_moderatedroom": ["1"],
			"muc#roomconfig_whois": ["anyone"],
			"muc#roomconfig_historylength": ["5"],
			"muc#roomconfig_defaulthistorymessages": ["3"],
			"muc#roomconfig_presencebroadcast": ["moderator", "none"],
		},
	],
	[
		"some of them taken back",
		{ "muc#roomconfig_roomname": [""], "muc#roomconfig_publicroom": ["true"], "muc#roomconfig_historylength": ["20"] },
	],
	[
		"values that cannot be read",
		{
			"muc#roomconfig_membersonly": ["perhaps"],
			"muc#roomconfig_historylength": ["many"],
			"muc#roomconfig_roomdesc": [],
			"muc#roomconfig_defaulthistorymessages": ["99"],
		},
	],
];

describe.skipIf(no_prosody)("a new room, beside Prosody's", () => {
	let reference: Reference;
	let client: Client;
	let room: Room;
	let origin: FakeSession;

	beforeAll(async () => {
		const started = await start_reference({ config });
		if (!started.ok) throw new Error(started.error);
		reference = started.value;
		const { host, port } = reference;
		const connected = await Client.connect({ host, port, jid: "owner@localhost", password: "x", timeout: patience });
		if (!connected.ok) throw new Error(connected.error);
		client = connected.value;
		client.send(enter());
		await client.take(({ name }) => name === "message", patience);

		const module = recorded_module({ host: "conference.localhost", options: { muc_vcard: false } });
		const library = create_full_library(module, no_rooms);
		room = library.new_room(room_jid);
		origin = new FakeSession(client.full_jid);
		module.hook("muc-room-pre-create", (event) => library.set_defaults(event.room, event.stanza.attr["xml:lang"]), 1);
		room.handle_first_presence(origin, enter(client.full_jid));
	});

	afterAll(async () => {
		await client?.disconnect();
		await reference?.stop();
	});

	async function theirs(iq: Stanza): Promise<Stanza> {
		client.send(iq);
		const reply = await client.take(({ name, attr }) => name === "iq" && attr["id"] === iq.attr["id"], patience);
		if (reply === undefined) throw new Error(`Prosody does not answer: ${client.ended ?? iq.toString()}`);
		return reply;
	}

	function ours(handle: () => void): Stanza {
		origin.take();
		handle();
		const [reply] = origin.take();
		if (reply === undefined) throw new Error("no answer of ours");
		return parsed(reply);
	}

	async function compare(): Promise<void> {
		const form = form_lines(await theirs(ask_form()));
		expect(form.length).toBeGreaterThan(15);
		expect(form_lines(ours(() => room.handle_owner_query_get_to_room(origin, ask_form(client.full_jid))))).toEqual(form);
		const info = info_lines(await theirs(ask_info()));
		expect(info.length).toBeGreaterThan(15);
		expect(info_lines(ours(() => room.handle_disco_info_get_query(origin, ask_info(client.full_jid))))).toEqual(info);
	}

	it("has the same configuration form, field by field, and says the same about itself", compare);

	it.each(settings)("still has with %s", async (_, values) => {
		expect((await theirs(submit(values))).attr["type"]).toBe("result");
		const reply = ours(() => room.handle_owner_query_set_to_room(origin, submit(values, client.full_jid)));
		expect(reply.attr["type"]).toBe("result");
		await compare();
	});
});
