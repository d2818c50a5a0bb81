// No counterpart: a whole server with rooms, and clients that use them, for the specs of mod_muc.

import type { ConfigValue } from "../../host/core/configmanager.ts";
import type { ModuleApi, ModuleDefinition } from "../../host/core/types.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import * as uuid from "../../host/util/uuid.ts";
import type { MucExports } from "../../muc/mod_muc.ts";
import type { Room } from "../../muc/types.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { ask, expect_stanza, start_test_server, type TestServer } from "../helper.ts";

export const service = "conference.localhost";

export function room_of(name: string): string {
	return `${name}@${service}`;
}

/** A room that has to be there. */
export function live(muc: MucExports, name: string): Room {
	const room = muc.get_room_from_jid(room_of(name));
	if (!room) throw new Error(`there is no room ${name}`);
	return room;
}

/** A running service; `muc` is what other modules see of mod_muc, `module` a module beside it. */
export interface Service {
	readonly test: TestServer;
	readonly module: ModuleApi;
	readonly muc: MucExports;
	stop(): Promise<void>;
}

/** Starts a server whose room service has these options; those for `*` under that name. */
export async function start_service(
	options: Record<string, ConfigValue> = {},
	global: Record<string, ConfigValue> = {},
	data_path?: string,
): Promise<Service> {
	const loaded: { module: ModuleApi; muc: MucExports }[] = [];
	const probe: ModuleDefinition = {
		name: "spec_probe",
		load(module) {
			loaded.push({ module, muc: module.depends("muc") });
		},
	};
	const test = await start_test_server({
		config: { "*": global, [service]: { modules_enabled: ["spec_probe"], ...options } },
		modules: [probe],
		...(data_path === undefined ? {} : { data_path }),
	});
	const [first] = loaded;
	if (first === undefined) {
		await test.stop();
		throw new Error("the room service was not loaded");
	}
	return { test, ...first, stop: () => test.stop() };
}

/** Asks to enter a room; answers with the own presence, or the error that came instead. */
export function enter(client: Client, room: string, nick: string): Promise<Stanza> {
	const to = `${room_of(room)}/${nick}`;
	client.send(st.presence({ to }).tag("x", { xmlns: ns.muc }).reset());
	return expect_stanza(client, (stanza) => {
		const { type } = stanza.attr;
		return stanza.name === "presence" && (type === "error" || (type === undefined && codes(stanza).includes("110")));
	});
}

/** Creates a room, persistent or not, and opens it. */
export async function create(client: Client, room: string, fields: Record<string, string> = {}): Promise<void> {
	const own = await enter(client, room, "creator");
	if (own.attr["type"] === "error") throw new Error(`no room: ${own.toString()}`);
	await configure(client, room, fields);
}

/** Submits some fields of a room's configuration; answers with the reply. */
export function configure(client: Client, room: string, fields: Record<string, string>): Promise<Stanza> {
	const iq = st.iq({ to: room_of(room), type: "set", id: "configure" }).query(ns.muc_owner);
	iq.tag("x", { xmlns: ns.data, type: "submit" });
	for (const [name, value] of Object.entries({ FORM_TYPE: ns.muc_roomconfig, ...fields })) {
		iq.tag("field", { var: name }).text_tag("value", value).up();
	}
	return ask(client, iq.reset());
}

/** Destroys a room; answers with the reply. */
export function destroy(client: Client, room: string, jid?: string, reason?: string): Promise<Stanza> {
	const iq = st
		.iq({ to: room_of(room), type: "set", id: "destroy" })
		.query(ns.muc_owner)
		.tag("destroy", { jid });
	if (reason !== undefined) iq.text_tag("reason", reason);
	return ask(client, iq.reset());
}

/** Speaks in a room; answers with what comes back to the speaker. */
export function say(client: Client, room: string, body: string): Promise<Stanza> {
	// Others may say the same
	const id = uuid.generate();
	client.send(st.message({ to: room_of(room), type: "groupchat", id }, body));
	return expect_stanza(client, (stanza) => stanza.name === "message" && stanza.attr["id"] === id);
}

/** Status codes of a stanza. */
export function codes(stanza: Stanza): (string | undefined)[] {
	return [...(stanza.get_child("x", ns.muc_user)?.childtags("status") ?? [])].map(({ attr }) => attr["code"]);
}

/** `type/condition` of an error, or `ok`. */
export function outcome(stanza: Stanza): string {
	const error = stanza.get_error();
	return error ? `${error.type}/${error.condition}` : "ok";
}

/** The rooms that a client gets to see, as `jid` or `jid=name`, sorted. */
export async function list(client: Client): Promise<string[]> {
	const reply = await ask(client, st.iq({ to: service, type: "get", id: "list" }).query(ns.disco_items).reset());
	const items = [...(reply.get_child("query", ns.disco_items)?.childtags("item") ?? [])];
	return items.map(({ attr }) => (attr["name"] === undefined ? `${attr["jid"]}` : `${attr["jid"]}=${attr["name"]}`)).sort();
}
