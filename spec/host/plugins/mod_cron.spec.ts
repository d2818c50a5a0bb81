import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import type { ModuleApi, ModuleDefinition } from "../../../host/core/types.ts";
import { definition as cron } from "../../../host/plugins/mod_cron.ts";
import { type StorageServer, start_storage } from "../storage_server.ts";

const host = "chat.example";
const start = 1_700_000_000_000;
const hour = 3600;

let running: StorageServer | undefined;

/** Starts a server with a module on its host that is told `module`; the next ones share the folder of the first. */
function serve(setup: (module: ModuleApi) => void, options: Record<string, ConfigValue> = {}): StorageServer {
	const busy: ModuleDefinition = { name: "busy", load: setup };
	const folder = running?.folder;
	running?.stop(true);
	const shared = folder === undefined ? {} : { folder };
	running = start_storage({ "*": { storage: "sql", ...options }, [host]: {} }, { modules: [cron, busy], ...shared });
	const loaded = running.server.modulemanager.load(host, "busy");
	if (!loaded.ok) throw new Error(loaded.error);
	return running;
}

async function pass(seconds: number): Promise<void> {
	await vi.advanceTimersByTimeAsync(seconds * 1000);
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: start }));
afterEach(() => {
	vi.useRealTimers();
	running?.stop();
	running = undefined;
});

describe("tasks", () => {
	it("run soon after the start, and then each at its own pace", async () => {
		const runs: string[] = [];
		serve((module) => {
			module.hourly("Every hour", () => void runs.push("hourly"));
			module.daily(() => void runs.push("daily"));
			module.weekly("Every week", () => void runs.push("weekly"));
		});
		expect(runs).toEqual([]);
		await pass(1);
		expect(runs.splice(0)).toEqual(["hourly", "daily", "weekly"]);
		await pass(hour);
		expect(runs.splice(0)).toEqual(["hourly"]);
		await pass(23 * hour);
		expect(runs.filter((run) => run === "hourly")).toHaveLength(23);
		expect(runs.filter((run) => run === "daily")).toHaveLength(1);
		await pass(6 * 24 * hour);
		expect(runs.filter((run) => run === "daily")).toHaveLength(7);
		expect(runs.filter((run) => run === "weekly")).toHaveLength(1);
	});

	it("are told when they were started", async () => {
		const times: number[] = [];
		serve((module) => module.daily("Look at the clock", (started_at) => void times.push(started_at)));
		await pass(1);
		expect(times).toEqual([start / 1000 + 1]);
	});

	it("do not run again after a restart before their time", async () => {
		let runs = 0;
		const count = (module: ModuleApi): void => module.daily("Count", () => void runs++);
		serve(count);
		await pass(1);
		serve(count);
		await pass(10 * hour);
		expect(runs).toBe(1);
		serve(count);
		await pass(15 * hour);
		expect(runs).toBe(2);
	});

	it("keep when they ran under Prosody's keys", async () => {
		const { open } = serve((module) => module.daily("Remove expired messages", () => undefined));
		await pass(1);
		expect(open("cron", "keyval").get(undefined)).toEqual({
			ok: true,
			value: { "busy/remove_expired_messages": start / 1000 + 1 },
		});
	});

	it("run as often as is configured", async () => {
		let runs = 0;
		serve((module) => module.daily("Count", () => void runs++), {
			busy_count_period: "10 minutes",
			cron_check_delay: 300,
			cron_initial_delay: 5,
		});
		await pass(4);
		expect(runs).toBe(0);
		await pass(1 + hour);
		expect(runs).toBe(7);
	});

	it("do not run while they run", async () => {
		let runs = 0;
		let finish = (): void => undefined;
		serve((module) =>
			module.hourly("Take long", () => {
				runs++;
				return new Promise((resolve) => (finish = resolve));
			}),
		);
		await pass(1 + 3 * hour);
		expect(runs).toBe(1);
		finish();
		await pass(hour);
		expect(runs).toBe(2);
	});

	it("fail alone, and are tried again at the next check", async () => {
		const runs: string[] = [];
		const { log } = serve((module) => {
			module.daily("Fail", () => {
				runs.push("fail");
				throw new Error("out of soap");
			});
			module.daily("Work", () => void runs.push("work"));
		});
		await pass(1);
		expect(runs).toEqual(["fail", "work"]);
		expect(log.filter((line) => line.startsWith("error")).join()).toContain("Error in task busy/fail: Error: out of soap");
		await pass(hour);
		expect(runs).toEqual(["fail", "work", "fail"]);
	});

	it("end with their module", async () => {
		let runs = 0;
		const { server } = serve((module) => module.hourly("Count", () => void runs++));
		await pass(1);
		server.modulemanager.unload(host, "busy");
		await pass(5 * hour);
		expect(runs).toBe(1);
	});
});
