// Uploads (XEP-0363): slots, tokens, files, ranges, quotas, expiry; here and on a real Prosody.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { ModuleApi } from "../../../host/core/types.ts";
import { read_range } from "../../../host/plugins/http_file_share/range.ts";
import * as jwt from "../../../host/util/jwt.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { Faults, faulty_storage } from "../../faulty_storage.ts";
import { ask, eventually, start_test_server } from "../../helper.ts";
import { type OurStage, on_both, type Stage, start_ours, without_prosody } from "../../lua-shims/community/community.ts";
import { type HttpAnswer, http_to } from "../http_to.ts";

const xmlns = "urn:xmpp:http:upload:0";
const no_prosody = without_prosody();

function troupe(more = "") {
	return {
		accounts: ["http_file_share"],
		options: `http_file_share_access = { "localhost" }
http_host = "localhost"
http_max_content_size = 100000
http_file_share_secret = "a secret of the test"
http_file_share_size_limit = 1000000
${more}`,
	};
}

/** Asks the server of a stage. */
function http(
	stage: Stage,
	url: string,
	method: string,
	headers: Record<string, string> = {},
	body?: Buffer,
): Promise<HttpAnswer> {
	return http_to(Number(new URL(stage.url).port), url, method, headers, body);
}

interface Slot {
	readonly put: string;
	readonly get: string;
	readonly token: string;
}

let number = 0;

/** Asks for a slot; a text says why there is none. */
async function slot_for(client: Client, attr: Record<string, string>): Promise<Slot | string> {
	const query = st.iq({ type: "get", id: `slot${number++}`, to: "localhost" }).tag("request", { xmlns, ...attr });
	const answer = await ask(client, query.reset());
	const slot = answer.get_child("slot", xmlns);
	const put = slot?.get_child("put");
	if (!slot || !put) {
		const error = answer.get_error();
		const too_large = answer.get_child("error")?.get_child("file-too-large", xmlns)?.get_child_text("max-file-size");
		return [error?.type, error?.condition, error?.text, too_large].filter((part) => part !== undefined).join(" ");
	}
	const token = put.get_child_text("header")?.replace("Bearer ", "") ?? "";
	return { put: put.attr["url"] ?? "", get: slot.get_child("get")?.attr["url"] ?? "", token };
}

async function certain_slot(client: Client, attr: Record<string, string>): Promise<Slot> {
	const slot = await slot_for(client, attr);
	if (typeof slot === "string") throw new Error(slot);
	return slot;
}

function put(stage: Stage, slot: Slot, body: Buffer, headers: Record<string, string> = {}): Promise<HttpAnswer> {
	const length = { "content-length": String(body.length) };
	return http(stage, slot.put, "PUT", { authorization: `Bearer ${slot.token}`, ...length, ...headers }, body);
}

const names = [
	"a.txt",
	"ä ö/ü.png".replace("/", ""),
	"%2e%2e",
	"#?&;.jpg",
	"  ",
	"😀.gif",
	`${"long".repeat(50)}.bin`,
	"quote\"'.txt",
	"\\..\\x",
];

async function everyday(stage: Stage): Promise<unknown> {
	const client = await stage.client("romeo");
	const got: unknown[] = [];
	for (const [index, filename] of names.entries()) {
		const body = Buffer.from(`content ${index}`);
		const slot = await certain_slot(client, { filename, size: String(body.length), "content-type": "text/plain" });
		const put_status = (await put(stage, slot, body)).status;
		const { status, headers, body: content } = await http(stage, slot.get, "GET");
		// Prosody 0.12 does not let browsers show films
		const shown = ["content-type", "content-length", "content-disposition", "content-security-policy", "x-content-type-options"];
		got.push([
			put_status,
			status,
			content.toString(),
			shown.map((name) => String(headers[name]).replace("media-src 'self'; ", "")),
		]);
	}
	return got;
}

describe("an upload", () => {
	it("is what it is on a real Prosody, whatever its name", async () => {
		const [ours, prosodys] = await on_both(troupe(), no_prosody, everyday);
		expect(ours).toEqual(prosodys);
	});

	it("is refused for the same reasons", async () => {
		const options = `http_file_share_allowed_file_types = { "image/*", "text/plain" }\nhttp_file_share_daily_quota = 1500000`;
		const [ours, prosodys] = await on_both(troupe(options), no_prosody, async (stage) => {
			const client = await stage.client("romeo");
			const wishes: Record<string, string>[] = [
				{ size: "1" },
				{ filename: "a/b", size: "1" },
				{ filename: "a" },
				{ filename: "a", size: "-1" },
				{ filename: "a", size: "1.5" },
				{ filename: "a", size: "x" },
				{ filename: "a", size: "1000001", "content-type": "image/png" },
				{ filename: "a", size: "10" },
				{ filename: "a", size: "10", "content-type": "video/mp4" },
				{ filename: "a", size: "900000", "content-type": "image/png" },
				{ filename: "a", size: "900000", "content-type": "image/png" },
			];
			const said: string[] = [];
			for (const wish of wishes) {
				const slot = await slot_for(client, wish);
				said.push(typeof slot === "string" ? slot : "slot");
			}
			return said;
		});
		expect(ours).toEqual(prosodys);
		expect(ours).toContain("wait resource-constraint Daily quota reached");
		expect(ours.filter((word) => word === "slot")).toHaveLength(1);
	});
});

describe("here", () => {
	let stage: OurStage | undefined;
	afterEach(async () => {
		await stage?.stop();
		stage = undefined;
	});

	async function serve(options = ""): Promise<[stage: OurStage, client: Client]> {
		stage = await start_ours(troupe(options));
		return [stage, await stage.client("romeo")];
	}

	const folder = (): string => join(stage?.data_path ?? "", "localhost/http_file_share");

	it("a file lies where Prosody has it, and comes in ranges", async () => {
		const [here, client] = await serve();
		const body = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
		const slot = await certain_slot(client, { filename: "v.mp4", size: String(body.length), "content-type": "video/mp4" });
		expect((await put(here, slot, body)).status).toBe(201);
		const [file = ""] = readdirSync(folder());
		expect(file).toMatch(/^[0-9a-z%-]+\.bin$/i);
		expect(readFileSync(join(folder(), file)).equals(body)).toBe(true);
		const range = async (range_field: string): Promise<[number, unknown, boolean]> => {
			const answer = await http(here, slot.get, "GET", { range: range_field });
			const [, first = "0", last = "-1"] = /bytes (\d+)-(\d+)\//.exec(String(answer.headers["content-range"])) ?? [];
			const expected = answer.status === 206 ? body.subarray(Number(first), Number(last) + 1) : body;
			return [answer.status, answer.headers["content-range"], answer.status === 416 || answer.body.equals(expected)];
		};
		expect(await range("bytes=0-")).toEqual([206, "bytes 0-299999/300000", true]);
		expect(await range("bytes=100-199")).toEqual([206, "bytes 100-199/300000", true]);
		expect(await range("bytes=-5")).toEqual([206, "bytes 299995-299999/300000", true]);
		expect(await range("bytes=299999-9999999")).toEqual([206, "bytes 299999-299999/300000", true]);
		expect(await range("bytes=300000-")).toEqual([416, "bytes */300000", true]);
		expect(await range("bytes=1-2,5-6")).toEqual([200, undefined, true]);
		expect(await range("bytes=9-2")).toEqual([200, undefined, true]);
		expect(await range("lines=1-2")).toEqual([200, undefined, true]);
		const head = await http(here, slot.get, "HEAD");
		expect([head.status, head.headers["content-length"], head.body.length]).toEqual([200, "300000", 0]);
		const since = String(head.headers["last-modified"]);
		expect((await http(here, slot.get, "GET", { "if-modified-since": since })).status).toBe(304);
	});

	it("tokens count for one upload, one slot, and a while", async () => {
		const [here, client] = await serve();
		const wish = { filename: "a.txt", size: "5", "content-type": "text/plain" };
		const slot = await certain_slot(client, wish);
		const other = await certain_slot(client, wish);
		const body = Buffer.from("hello");
		const statuses: number[] = [];
		const attempt = async (given: Partial<Slot>, content = body): Promise<void> => {
			statuses.push((await put(here, { ...slot, ...given }, content)).status);
		};
		await attempt({ token: "" });
		await attempt({ token: "x.y.z" });
		await attempt({ token: other.token });
		const claims = { sub: "romeo@localhost", slot: "../../../evil", filename: "a", filesize: 5, filetype: "text/plain" };
		await attempt({ token: jwt.sign("another secret", claims, 600, Date.now() / 1000) });
		await attempt({ token: jwt.sign("a secret of the test", claims, -600, Date.now() / 1000) });
		await attempt({}, Buffer.from("hell"));
		await attempt({}, Buffer.from("hello!"));
		await attempt({});
		await attempt({});
		expect(statuses).toEqual([401, 403, 403, 403, 403, 413, 413, 201, 409]);
		expect((await http(here, slot.put, "PUT", {}, body)).status).toBe(401);
		expect((await http(here, other.get, "GET")).status).toBe(410);
		expect((await http(here, other.get.replace(/file_share\/.*/, "file_share/nothing/a"), "GET")).status).toBe(404);
		expect(readdirSync(folder())).toHaveLength(1);
	});

	it("content of unknown size may not be more than was said, and nothing is left of it", async () => {
		const [here, client] = await serve();
		const slot = await certain_slot(client, { filename: "a.bin", size: "200000" });
		const chunked = { "transfer-encoding": "chunked", "content-length": "" };
		const send = (size: number): Promise<number | string> => {
			const { host, pathname } = new URL(slot.put);
			return new Promise((resolve) => {
				const headers = { host, authorization: `Bearer ${slot.token}`, "transfer-encoding": chunked["transfer-encoding"] };
				const port = new URL(here.url).port;
				const asked = request({ host: "127.0.0.1", port, path: pathname, method: "PUT", headers, agent: false }, (response) => {
					response.resume();
					resolve(response.statusCode ?? 0);
				});
				asked.on("error", () => resolve("closed"));
				for (let left = size; left > 0; left -= 50_000) asked.write(Buffer.alloc(Math.min(left, 50_000)));
				asked.end();
			});
		};
		expect(await send(500_000)).toBe("closed");
		expect(await send(100_000)).toBe(413);
		await eventually(() => expect(readdirSync(folder())).toEqual([]));
		expect(await send(200_000)).toBe(201);
	});

	it("nothing is left of an upload that is cut off, and it can be tried again", async () => {
		const [here, client] = await serve();
		const body = Buffer.alloc(300_000, "x");
		const slot = await certain_slot(client, { filename: "a.bin", size: String(body.length) });
		const socket = connect(Number(new URL(here.url).port), "127.0.0.1");
		const { host, pathname } = new URL(slot.put);
		socket.write(
			`PUT ${pathname} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${slot.token}\r\nContent-Length: ${body.length}\r\n\r\n`,
		);
		socket.write(body.subarray(0, 100_000));
		await eventually(() => expect(readdirSync(folder())).toHaveLength(1));
		socket.destroy();
		await eventually(() => expect(readdirSync(folder())).toEqual([]));
		expect((await put(here, slot, body)).status).toBe(201);
	});

	it.each(["reload", "unload"] as const)("what is under way at a module's %s is cut off, and can be tried again", async (how) => {
		const [here, client] = await serve();
		const body = Buffer.alloc(300_000, "x");
		const slot = await certain_slot(client, { filename: "a.bin", size: String(body.length) });
		const socket = connect(Number(new URL(here.url).port), "127.0.0.1");
		const closed = new Promise((resolve) => socket.on("error", resolve).on("close", resolve));
		socket.resume();
		const { host, pathname } = new URL(slot.put);
		socket.write(
			`PUT ${pathname} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${slot.token}\r\nContent-Length: ${body.length}\r\n\r\n`,
		);
		socket.write(body.subarray(0, 100_000));
		await eventually(() => expect(readdirSync(folder())).toHaveLength(1));
		const { modulemanager } = here.server;
		expect(modulemanager[how]("localhost", "http_file_share").ok).toBe(true);
		await eventually(() => expect(readdirSync(folder())).toEqual([]));
		socket.write(body.subarray(100_000));
		await closed;
		expect(readdirSync(folder())).toEqual([]);
		if (how === "unload") modulemanager.load("localhost", "http_file_share");
		expect((await put(here, slot, body)).status).toBe(201);
	});

	it("types that are more than a type do no harm", async () => {
		const [here, client] = await serve();
		for (const [type, shown, disposition] of [
			["text/html", "text/html", "attachment"],
			['image/png; charset="x"', 'image/png; charset="x"', "inline"],
			["text/plain\r\nSet-Cookie: a=b", "application/octet-stream", "attachment"],
			["nonsense", "application/octet-stream", "attachment"],
			["é/ö", "application/octet-stream", "attachment"],
		] as const) {
			const slot = await certain_slot(client, { filename: "a", size: "1", "content-type": type });
			expect((await put(here, slot, Buffer.from("x"))).status).toBe(201);
			const { headers } = await http(here, slot.get, "GET");
			expect([headers["content-type"], String(headers["content-disposition"]).split(";")[0]]).toEqual([shown, disposition]);
			expect(headers["set-cookie"]).toBeUndefined();
		}
		expect(await slot_for(client, { filename: "..", size: "1" })).toBe("modify bad-request Invalid filename");
	});

	it("is refused while nothing can be written, and can be tried again", async () => {
		const [here, client] = await serve();
		const body = Buffer.from("hello");
		const slot = await certain_slot(client, { filename: "a", size: "5" });
		// A file where the folder would be
		mkdirSync(join(folder(), ".."), { recursive: true });
		writeFileSync(folder(), "in the way");
		expect((await put(here, slot, body)).status).toBe(500);
		expect((await http(here, slot.get, "GET")).status).toBe(410);
		rmSync(folder());
		expect((await put(here, slot, body)).status).toBe(201);
		expect((await http(here, slot.get, "GET")).body.toString()).toBe("hello");
	});

	it("files expire, with what is known of them; what cannot be deleted stays known", async () => {
		const [here, client] = await serve(`http_file_share_expires_after = "1 day"\nhttp_file_share_global_quota = 1000`);
		const slot = await certain_slot(client, { filename: "a", size: "600" });
		await put(here, slot, Buffer.alloc(600));
		expect(await slot_for(client, { filename: "a", size: "600" })).toBe(
			"wait resource-constraint Server global storage quota reached",
		);
		const rest = join(folder(), "x.bin~left");
		writeFileSync(rest, "x");
		utimesSync(rest, 1, 1);
		const { modulemanager, turn } = here.server;
		const task = modulemanager.get_items("localhost", "task").find(({ name }) => name === "Remove expired files");
		const uploads = modulemanager.get_module("localhost", "http_file_share")?.module.open_store("uploads", "archive");
		const item = uploads?.find(undefined);
		const found = item?.ok ? item.value.items[0] : undefined;
		if (uploads === undefined || found === undefined || task === undefined) throw new Error("no upload");
		await task.run(0);
		expect(readdirSync(folder())).toHaveLength(1);
		expect(existsSync(rest)).toBe(false);
		uploads.set(undefined, found.id, found.stanza, 1000);
		await turn.done();
		await task.run(0);
		expect(readdirSync(folder())).toEqual([]);
		expect((await http(here, slot.get, "GET")).status).toBe(404);
		expect(typeof (await slot_for(client, { filename: "a", size: "600" }))).toBe("object");
	});
});

describe.each(["internal", "sql"])("slots on %s", (storage) => {
	it("are counted where they are stored, whichever call fails", async () => {
		const faults = new Faults();
		let probe: ModuleApi | undefined;
		const test = await start_test_server({
			config: {
				// Its tasks would meet the failures that are meant for slots
				"*": { storage: "faulty", http_ports: [], https_ports: [], cron_initial_delay: 1e9 },
				localhost: { modules_enabled: ["disco", "http_file_share", "spec_probe"] },
			},
			modules: [
				faulty_storage(storage, faults),
				{
					name: "spec_probe",
					load(module) {
						probe = module;
					},
				},
			],
		});
		try {
			const client = await test.client("romeo");
			const stored = (): [sum: number, total: unknown] => {
				const found = probe?.open_store("uploads", "archive").find(undefined);
				const total = probe?.open_store("upload_stats", "map").get(undefined, "total");
				const sum = (found?.ok ? found.value.items : []).reduce((all, { stanza }) => all + Number(stanza.attr["size"]), 0);
				return [sum, total?.ok ? (total.value ?? 0) : undefined];
			};
			let failures = 0;
			for (let nth = 0; nth < 20; nth++) {
				faults.arm(nth, (call) => call.startsWith("upload"));
				const slot = await slot_for(client, { filename: "a", size: "7" });
				const has_failed = faults.calls.length > nth;
				faults.arm(undefined);
				await test.server.turn.done();
				const [sum, total] = stored();
				expect(total).toBe(sum);
				if (has_failed) expect(slot).toMatch(/^wait/);
				if (!has_failed) {
					expect(slot).toMatchObject({ token: expect.any(String) });
					break;
				}
				failures++;
			}
			expect(failures).toBeGreaterThan(0);
		} finally {
			await test.stop();
		}
	});
});

describe("ranges", () => {
	it("are of files without content, too", () => {
		expect([read_range("bytes=0-", 0), read_range("bytes=-1", 0), read_range(undefined, 0)]).toEqual(["none", "none", undefined]);
		expect(read_range("bytes=-0", 5)).toBe("none");
		expect(read_range(`bytes=${"9".repeat(400)}-`, 5)).toBe("none");
	});
});
