import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/configmanager.ts";
import type { ModuleDefinition } from "../../../host/core/types.ts";
import { eventually, start_test_server, type TestServer } from "../../helper.ts";
import { RawHttp, request } from "../raw_http.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

/** Says that something is wrong with it. */
const ailing: ModuleDefinition = {
	name: "ailing",
	load: (module) => module.set_status("error", "there is no directory"),
};

/** Listens on a port of its own. */
const late: ModuleDefinition = {
	name: "late",
	global: true,
	load: (module) => module.provides("net", { name: "late", onconnect: (conn) => conn.destroy() }),
};

async function start(config: Record<string, ConfigValue> = {}, data_path?: string): Promise<TestServer> {
	const running = await start_test_server({
		config: {
			"*": {
				http_ports: [0],
				https_ports: [],
				http_interfaces: ["127.0.0.1"],
				modules_enabled: ["http_health", "saslauth"],
				...config,
			},
		},
		modules: [ailing, late],
		...(data_path === undefined ? {} : { data_path }),
	});
	ends.push(() => running.stop());
	return running;
}

function temporary_folder(): string {
	const folder = mkdtempSync(join(tmpdir(), "enjamb-health-"));
	ends.push(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

async function ask({ server }: TestServer, headers: readonly string[] = [], method = "GET") {
	const port = server.addresses().find(({ service }) => service === "http")?.port ?? 0;
	const client = await RawHttp.connect(port);
	const answer = await client.ask(request(method, "/health", headers));
	client.destroy();
	return [answer?.status, answer?.body];
}

describe("/health", () => {
	it.each(["memory", "internal", "sql"])(
		"says ok while all is well, with storage in %s, and leaves nothing behind",
		async (storage) => {
			const data_path = temporary_folder();
			const test = await start({ storage }, data_path);
			expect(await ask(test)).toEqual([200, "ok\n"]);
			expect(await ask(test)).toEqual([200, "ok\n"]);
			await test.server.turn.done();
			expect(existsSync(join(data_path, "localhost", "health.dat"))).toBe(false);
			if (storage !== "sql") return;
			const database = new Database(join(data_path, "prosody.sqlite"), { readonly: true });
			expect(database.prepare("SELECT COUNT(*) AS count FROM prosody WHERE store = 'health'").get()).toEqual({ count: 0 });
			database.close();
		},
	);

	it("says so to a HEAD, too", async () => {
		const { server } = await start();
		const client = await RawHttp.connect(server.addresses().find(({ service }) => service === "http")?.port ?? 0);
		expect((await client.ask(request("HEAD", "/health", [])))?.status).toBe(200);
		client.destroy();
	});

	it("says what cannot be stored, and ok once it can", async () => {
		const data_path = temporary_folder();
		const test = await start({ storage: "internal" }, data_path);
		const folder = join(data_path, "localhost");
		expect(await ask(test)).toEqual([200, "ok\n"]);
		if (existsSync(folder)) renameSync(folder, `${folder}.away`);
		writeFileSync(folder, "in the way");
		await eventually(async () => expect(await ask(test)).toEqual([503, expect.stringMatching(/^storage.*localhost/)]));
		rmSync(folder);
		await eventually(async () => expect(await ask(test)).toEqual([200, "ok\n"]));
	});

	it("says that storing takes long, where somebody else has locked the database", async () => {
		const data_path = temporary_folder();
		const test = await start({ storage: "sql" }, data_path);
		expect(await ask(test)).toEqual([200, "ok\n"]);
		await test.server.turn.done();
		const database = new Database(join(data_path, "prosody.sqlite"));
		database.exec("BEGIN IMMEDIATE");
		await eventually(async () => expect(await ask(test)).toEqual([503, "storage has taken more than 5 s\n"]));
		database.exec("ROLLBACK");
		database.close();
		await eventually(async () => expect(await ask(test)).toEqual([200, "ok\n"]));
	});

	it("says which hosts are not served", async () => {
		const test = await start();
		test.server.deactivate_host("conference.localhost");
		expect(await ask(test)).toEqual([503, "conference.localhost is not served\n"]);
		test.server.activate_host("conference.localhost");
		expect(await ask(test)).toEqual([200, "ok\n"]);
	});

	it("says which services listen nowhere", async () => {
		const other = createServer();
		ends.push(() => other.close());
		const port = await new Promise<number>((done) => {
			other.listen(0, "127.0.0.1", () => {
				const address = other.address();
				done(typeof address === "object" && address !== null ? address.port : 0);
			});
		});
		const test = await start({ late_ports: [port] });
		expect(await ask(test)).toEqual([200, "ok\n"]);
		// While a server starts, it would not start
		test.server.modulemanager.load("*", "late");
		expect(await ask(test)).toEqual([503, "late listens nowhere\n"]);
	});

	it("says which modules have failed", async () => {
		const test = await start({ modules_enabled: ["http_health", "ailing"] });
		const [status, body] = await ask(test);
		expect([status, String(body).split("\n")]).toEqual([
			503,
			expect.arrayContaining(["localhost/mod_ailing: there is no directory"]),
		]);
	});

	it("says that the server stops", async () => {
		const { server } = await start();
		const client = await RawHttp.connect(server.addresses().find(({ service }) => service === "http")?.port ?? 0);
		expect((await client.ask(request("GET", "/health", [])))?.status).toBe(200);
		server.events.fire_event("server-stopping", { reason: "a test" });
		const answer = await client.ask(request("GET", "/health", []));
		expect([answer?.status, answer?.body]).toEqual([503, "the server is stopping\n"]);
		client.destroy();
	});

	it("is for this machine, unless the options name others", async () => {
		const from_afar = ["X-Forwarded-For: 192.0.2.7"];
		expect((await ask(await start(), from_afar))[0]).toBe(403);
		expect(await ask(await start({ http_health_allow_cidr: "192.0.2.0/24" }), from_afar)).toEqual([200, "ok\n"]);
		expect(await ask(await start({ http_health_allow_ips: ["192.0.2.7"] }), from_afar)).toEqual([200, "ok\n"]);
	});
});
