import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ArchiveStore, ModuleApi, ModuleDefinition } from "../../../host/core/types.ts";
import { definition as cron } from "../../../host/plugins/mod_cron.ts";
import { date } from "../../../host/util/datetime.ts";
import { failed } from "../../../host/util/error.ts";
import * as st from "../../../host/util/stanza.ts";
import { type Expiry, load } from "../../../muc/mam/expiry.ts";
import { metric_value } from "../../helper.ts";
import { type StorageServer, start_storage } from "../../host/storage_server.ts";

const host = "muc.example";
const day = 86_400;
const start = 1_700_000_000;
const rooms = ["hall", "Räume", "o'brien"];

let running: StorageServer | undefined;
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: start * 1000 }));
afterEach(() => {
	vi.useRealTimers();
	running?.stop();
	running = undefined;
});

interface Setup {
	readonly expiry: Expiry;
	readonly archive: ArchiveStore;
	readonly module: ModuleApi;
	/** Files a message of now. */
	say(room: string): string;
	/** Ids of what is archived of a room. */
	archived(room: string): string[];
	/** What the store with the rooms of each day has. */
	noted(): Record<string, string[]>;
	/** Has the daily task run. */
	clean(): Promise<void>;
}

/** Loads the clean-up on a server with that storage; `change` makes another archive store of the driver's. */
function setup(
	storage: string,
	expires_after: string,
	change: (archive: ArchiveStore) => ArchiveStore = (archive) => archive,
): Setup {
	running?.stop();
	let loaded: Omit<Setup, "say" | "archived" | "noted" | "clean"> | undefined;
	const muc_mam: ModuleDefinition = {
		name: "muc_mam",
		load(module) {
			const archive = change(module.open_store("muc_log", "archive"));
			loaded = { module, archive, expiry: load(module, archive) };
		},
	};
	const server = start_storage(
		{ "*": { storage, muc_log_expires_after: expires_after, cron_initial_delay: 1e9, statistics: "internal" }, [host]: {} },
		{ modules: [cron, muc_mam] },
	);
	running = server;
	const result = server.server.modulemanager.load(host, "muc_mam");
	if (!result.ok || loaded === undefined) throw new Error("muc_mam was not loaded");
	const { archive, expiry } = loaded;
	return {
		...loaded,
		say(room) {
			const appended = archive.append(
				room,
				undefined,
				st.message({ type: "groupchat" }, "text"),
				Date.now() / 1000,
				"message<groupchat",
			);
			if (!appended.ok) throw new Error(appended.error.text);
			expiry.schedule(room);
			return appended.value;
		},
		archived(room) {
			const found = archive.find(room);
			if (!found.ok) throw new Error(found.error.text);
			return found.value.items.map(({ id }) => id);
		},
		noted() {
			const store = server.open("muc_log_cleanup", "keyval");
			const days = store.users();
			const named = (days.ok ? days.value : []).map((user) => {
				const table = store.get(user);
				return [user, Object.keys((table.ok && table.value) || {}).sort()] as const;
			});
			return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
		},
		async clean() {
			for (const task of server.server.modulemanager.get_items(host, "task")) {
				let is_done = false;
				const done = Promise.resolve(task.run(Math.floor(Date.now() / 1000))).then(() => {
					is_done = true;
				});
				// It pauses between rooms, and reads between turns
				while (!is_done) {
					await vi.advanceTimersByTimeAsync(10);
					await new Promise((resolve) => setImmediate(resolve));
				}
				await done;
			}
		},
	};
}

/** A driver that has to be asked for each room. */
function room_by_room(archive: ArchiveStore): ArchiveStore {
	return Object.assign(Object.create(archive), { caps: { ...archive.caps, wildcard_delete: false } });
}

/** Hours until something happens, and what: something is said in a room, or the clean-up runs. */
const happenings = fc.array(
	fc.record({
		hours: fc.constantFrom(0, 0.5, 3, 11, 24, 30),
		room: fc.option(fc.constantFrom(...rooms), { nil: undefined }),
	}),
	{ maxLength: 25 },
);

describe.each(["memory", "sql"])("clean-up in storage %s", (storage) => {
	it.each([
		["of all rooms at once", (archive: ArchiveStore) => archive],
		["room by room", room_by_room],
	])(
		"%s deletes what has expired, and nothing else",
		async (_way, change) => {
			await fc.assert(
				fc.asyncProperty(happenings, fc.constantFrom(1, 2.5, 7), async (happened, days) => {
					vi.setSystemTime(start * 1000);
					const { say, archived, clean } = setup(storage, `${days * 24} hours`, change);
					let kept: { room: string; id: string; when: number }[] = [];
					for (const { hours, room } of [...happened, { hours: 0, room: undefined }]) {
						vi.setSystemTime(Date.now() + hours * 3_600_000);
						if (room !== undefined) kept.push({ room, id: say(room), when: Date.now() / 1000 });
						else {
							const limit = Math.floor(Date.now() / 1000) - days * day;
							kept = kept.filter(({ when }) => when > limit);
							// What happens between two rooms takes no time here
							const now = Date.now();
							await clean();
							vi.setSystemTime(now);
						}
						for (const name of rooms) {
							expect(archived(name)).toEqual(kept.filter((message) => message.room === name).map(({ id }) => id));
						}
					}
				}),
				{ numRuns: storage === "sql" ? 15 : 40 },
			);
		},
		60_000,
	);
});

describe("room by room", () => {
	it("notes on which days something was said, in Prosody's form, until all of it has expired", async () => {
		const { say, noted, clean } = setup("sql", "2 days", room_by_room);
		for (const room of ["hall", "hall", "attic"]) say(room);
		vi.setSystemTime((start + day) * 1000);
		say("hall");
		const [first, second] = [date(start), date(start + day)];
		expect(noted()).toEqual({ [first]: ["attic", "hall"], [second]: ["hall"] });
		vi.setSystemTime((start + 2 * day + 60) * 1000);
		await clean();
		expect(noted()).toEqual({ [first]: ["attic", "hall"], [second]: ["hall"] });
		vi.setSystemTime((start + 3 * day) * 1000);
		await clean();
		expect(noted()).toEqual({ [second]: ["hall"] });
	});

	it("tries a room again that could not be cleaned", async () => {
		let broken = true;
		const { say, archived, noted, clean } = setup("memory", "1 day", (archive) => {
			const own: Pick<ArchiveStore, "delete"> = {
				delete: (user, query) => (broken && user === "hall" ? failed({ text: "out of soap" }) : archive.delete(user, query)),
			};
			return Object.assign(room_by_room(archive), own);
		});
		for (const room of ["hall", "attic"]) say(room);
		vi.setSystemTime((start + 5 * day) * 1000);
		await clean();
		expect([archived("hall").length, archived("attic").length]).toEqual([1, 0]);
		expect(noted()).toEqual({ [date(start + 4 * day)]: ["hall"] });
		broken = false;
		vi.setSystemTime((start + 6 * day) * 1000);
		await clean();
		expect(archived("hall")).toEqual([]);
		expect(noted()).toEqual({});
	});
});

it("never happens where nothing expires", async () => {
	const { say, archived, clean, expiry } = setup("memory", "never");
	say("hall");
	vi.setSystemTime((start + 1000 * 365 * day) * 1000);
	await clean();
	expect(archived("hall")).toHaveLength(1);
	expect(expiry.period).toBe(Number.POSITIVE_INFINITY);
});

it("is measured", async () => {
	const { clean } = setup("memory", "1 day");
	await clean();
	await clean();
	expect(running && metric_value(running.server, `prosody_mod_muc_mam__cleanup_seconds_count{host="${host}"}`)).toBe(2);
});
