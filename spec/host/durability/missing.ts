// What clients were told, compared with what is stored.

import type { ConfigValue } from "../../../host/core/config/config.ts";
import { start_storage } from "../storage_server.ts";
import { hall, type Known, service } from "./load.ts";

function table(value: unknown): Record<string, unknown> {
	return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

/**
 * What of the known is not in storage, of these messages by room.
 * @param options the global ones that lead to the storage
 * @param folder the folder of the data
 */
export function missing(
	known: Known,
	messages_by_room: Known["messages"],
	options: Record<string, ConfigValue>,
	folder: string,
): string[] {
	const server = start_storage({ "*": { ...options, storage_archive_item_limit: 1_000_000 }, [service]: {} }, { folder });
	const wrong = known.nowhere.map((message) => `${message}: delivered, and archived nowhere`);
	const archive = server.open("muc_log", "archive", service);
	for (const [room, messages] of messages_by_room) {
		const found = archive.find(room.split("@")[0] ?? "");
		if (!found.ok) {
			wrong.push(`${room}: ${found.error.text}`);
			continue;
		}
		const stored = new Map(found.value.items.map(({ id, stanza }) => [id, stanza.get_child_text("body")]));
		for (const [id, body] of messages) {
			if (stored.get(id) !== body) wrong.push(`${room}, message ${id}: ${stored.get(id) ?? "not there"} instead of ${body}`);
		}
		for (const body of stored.values()) {
			const beginning = /^\S+ \S+ /.exec(body ?? "")?.[0] ?? "";
			if (known.refused.has(beginning)) wrong.push(`${room}: there is the message ${body}, which was refused`);
		}
	}
	const configs = server.open("config", "keyval", service);
	for (const room of [hall, ...messages_by_room.keys()]) {
		const config = configs.get(room.split("@")[0] ?? "");
		if (!config.ok || config.value === undefined) {
			wrong.push(`${room}: ${config.ok ? "its settings are gone" : config.error.text}`);
			continue;
		}
		if (room !== hall) continue;
		const name = String(table(config.value["_data"])["name"] ?? "");
		const allowed = known.names.allowed();
		if (allowed?.includes(name) === false) wrong.push(`the hall is called ${name} instead of ${allowed.join(" or ")}`);
		for (const member of known.members) {
			if (config.value[member] !== "member") wrong.push(`${member} is ${config.value[member] ?? "nobody"} in the hall`);
		}
		for (const member of known.refused_members) {
			if (config.value[member] !== undefined) wrong.push(`${member} is ${config.value[member]} in the hall, which was refused`);
		}
	}
	server.stop(true);
	wrong.push(...server.log.filter((line) => line.startsWith("error")));
	return wrong;
}
