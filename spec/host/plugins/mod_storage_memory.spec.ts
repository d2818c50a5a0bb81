import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import { FakeStream } from "../accounts_server.ts";
import { type StorageServer, start_storage } from "../storage_server.ts";
import { message, storage_cases, value } from "./storage.common.ts";

storage_cases("memory", { storage_archive_item_limit: 10_000 });

describe("storage_memory_temporary", () => {
	const host = "chat.example";
	let running: StorageServer | undefined;
	afterEach(() => running?.stop());

	/** Fills two stores of two users, lets a session of one of them go, and says what is left. */
	function left(options: Record<string, ConfigValue>, still_online = false): string[] {
		running = start_storage({ "*": { storage: "memory", ...options }, [host]: {} });
		for (const user of ["romeo", "juliet"]) {
			value(running.open("one", "keyval").set(user, { a: 1 }));
			value(running.open("two", "archive").append(user, "a", message("a"), 1, "w"));
		}
		if (still_online) running.server.bare_sessions.set(`romeo@${host}`, { sessions: new Map(), top_resources: undefined });
		const session = new FakeStream(running.server, host);
		session.username = "romeo";
		running.server.hosts.get(host)?.events.fire_event("resource-unbind", { session });
		const one = value(running.open("one", "keyval").users()).map((user) => `one/${user}`);
		return [...one, ...value(running.open("two", "archive").users()).map((user) => `two/${user}`)].sort();
	}

	const everything = ["one/juliet", "one/romeo", "two/juliet", "two/romeo"];

	it("forgets a user who has gone offline", () => {
		expect(left({ storage_memory_temporary: true })).toEqual(["one/juliet", "two/juliet"]);
	});

	it("forgets only the stores that are named", () => {
		const options = { storage_memory_temporary: true, storage_memory_temporary_stores: ["two"] };
		expect(left(options)).toEqual(["one/juliet", "one/romeo", "two/juliet"]);
	});

	it("forgets nothing while another session is there", () => {
		expect(left({ storage_memory_temporary: true }, true)).toEqual(everything);
	});

	it("forgets nothing unless it is set", () => {
		expect(left({})).toEqual(everything);
	});
});
