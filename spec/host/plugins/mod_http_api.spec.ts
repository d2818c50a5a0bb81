import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { api_command, results } from "../../../host/util/api/command.ts";
import { ok } from "../../../host/util/error.ts";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { eventually, expect_stanza } from "../../helper.ts";
import { codes, enter, say } from "../../muc/service.ts";
import { RawHttp } from "../raw_http.ts";
import { Typist } from "./admin_shell/typing.ts";
import { type Answer, type Api, admin, api_modules, everything, service, start_api } from "./http_api/api.ts";

const ends: (() => unknown)[] = [];

afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

/** A server for one test alone. */
async function own_api(...options: Parameters<typeof start_api>): Promise<Api> {
	const api = await start_api(...options);
	ends.push(() => api.stop());
	return api;
}

const error = (code: number, message: unknown = expect.any(String)) => ({ status: "error", code, message });

describe("the API of a server", () => {
	let api: Api;
	beforeAll(async () => {
		api = await start_api();
		for (const user of ["romeo", "juliet"]) await api.call("register", { user, host: "localhost", password: "password" });
	});
	afterAll(() => api.stop());

	const room = (name: string, more: object = {}): object => ({ room: name, service, ...more });
	const status = async (name: string, args?: unknown, token?: string): Promise<number> =>
		(await api.call(name, args, token)).status;

	describe("description", () => {
		it("is valid", async () => {
			const { status: code, value } = await api.get("openapi.json", "");
			expect(code).toBe(200);
			const checked = await new Validator().validate(JSON.parse(JSON.stringify(value)));
			expect(checked).toEqual({ valid: true });
		});

		it("has every command, and each can be called", async () => {
			const names = api.exports.table.all().map(({ name }) => name);
			const { paths } = (await api.get("openapi.json")).value as { paths: Record<string, object> };
			expect(Object.keys(paths).sort()).toEqual([...names.map((name) => `/${name}`), "/log"].sort());
			expect(names.length).toBeGreaterThan(45);
			// Whatever is missing or wrong, it is never that the command is unknown
			for (const name of names.filter((one) => one !== "reload_config")) {
				expect([name, (await api.call(name)).value]).not.toEqual([name, error(40, "Endpoint not found.")]);
			}
		});

		it("says what is answered", async () => {
			await api.call("create_room_with_opts", room("described", { options: { title: "Described", public: true } }));
			const romeo = await api.test.client("romeo", "garden");
			await enter(romeo, "described", "romeo");
			await say(romeo, "described", "hello");
			const account = { user: "romeo", host: "localhost" };
			const answered: Record<string, object> = {
				check_account: account,
				connected_users: {},
				connected_users_info: {},
				connected_users_number: {},
				connected_users_vhost: { host: "localhost" },
				export_room: room("described", { format: "jsonl" }),
				get_metrics: {},
				get_modules: {},
				get_room_affiliation: room("described", { jid: "romeo@localhost" }),
				get_room_affiliations: room("described"),
				get_room_archive: room("described"),
				get_room_form: room("described"),
				get_room_history: room("described"),
				get_room_info: room("described"),
				get_room_occupants: room("described"),
				get_room_occupants_number: room("described"),
				get_room_options: room("described"),
				get_room_retention: room("described"),
				get_rooms_info: { service },
				get_server_info: {},
				get_user_info: account,
				get_user_rooms: account,
				incoming_s2s_number: {},
				muc_online_rooms: { service },
				outgoing_s2s_number: {},
				registered_users: { host: "localhost" },
				registered_vhosts: {},
				rooms_unused_list: { service, days: 1 },
				status: {},
				user_resources: account,
				user_sessions_info: account,
			};
			const reading = api.exports.table.all().filter(({ is_reading }) => is_reading);
			expect(Object.keys(answered)).toEqual(reading.map(({ name }) => name));
			const ajv = new Ajv2020({ strict: false });
			for (const command of reading) {
				const { status: code, value } = await api.call(command.name, answered[command.name]);
				expect([command.name, code, ajv.validate(command.result, value), ajv.errorsText()]).toEqual([
					command.name,
					200,
					true,
					"No errors",
				]);
			}
			const { value } = await api.call("get_metrics", { search: "live_room" });
			const labels = { host: service };
			expect(value).toEqual([{ name: "prosody_mod_muc__live_room", kind: "gauge", unit: "", labels, value: 1, node: "" }]);
			await romeo.disconnect();
		});
	});

	describe("calls", () => {
		it("need a token that is known and has not ended", async () => {
			const without = await fetch(`${api.url}/status`);
			expect([without.status, without.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="api"']);
			const good = api.token(admin);
			const changed = `${good.slice(0, -1)}${good.endsWith("A") ? "B" : "A"}`;
			for (const wrong of ["x", changed, api.token(admin, everything, -1)]) expect(await status("status", {}, wrong)).toBe(401);
			expect(await status("status", {}, good)).toBe(200);
			const id = good.split("_")[1] ?? "";
			expect(api.exports.tokens.revoke(id).ok).toBe(true);
			expect(await status("status", {}, good)).toBe(401);
		});

		it("need the scope, or the very command", async () => {
			const reader = api.token(admin, ["rooms:read"]);
			expect(await status("muc_online_rooms", { service }, reader)).toBe(200);
			expect((await api.call("destroy_room", room("any"), reader)).value).toEqual(
				error(32, "the token is not good for destroy_room: it lacks the scope rooms:write"),
			);
			const single = api.token(admin, ["registered_users"]);
			expect(await status("registered_users", { host: "localhost" }, single)).toBe(200);
			expect(await status("check_account", { user: "romeo", host: "localhost" }, single)).toBe(403);
		});

		it("need an administrator of the host", async () => {
			const boss = api.token("boss@localhost");
			expect(await status("muc_online_rooms", { service }, boss)).toBe(200);
			expect(await status("registered_users", { host: "localhost" }, boss)).toBe(403);
			expect(await status("get_metrics", {}, boss)).toBe(403);
			expect((await api.call("registered_vhosts", {}, boss)).value).toEqual([]);
			expect((await api.call("connected_users", {}, boss)).value).toEqual([]);
			const nobody = api.token("romeo@localhost");
			for (const name of ["status", "get_server_info"]) expect(await status(name, {}, nobody)).toBe(403);
			expect(await status("muc_online_rooms", { service }, nobody)).toBe(403);
			expect(await status("muc_online_rooms", { service: "global" }, nobody)).toBe(403);
			// Whether there is such a host is not told either
			expect(await status("registered_users", { host: "example.com" }, nobody)).toBe(403);
			expect(await status("registered_users", { host: "example.com" })).toBe(404);
		});

		it("have no more rights than the account has now", async () => {
			const token = api.token("temp@localhost");
			expect(await status("status", {}, token)).toBe(403);
			await api.call("set_user_role", { user: "temp", host: "localhost", role: "prosody:admin" });
			expect(await status("status", {}, token)).toBe(200);
			// An administrator of the host alone does not get hold of the server's administrators
			for (const [name, more] of [
				["change_password", { newpass: "x" }],
				["unregister", {}],
				["ban_account", {}],
				["set_user_role", { role: "prosody:guest" }],
				["check_password", { password: "password" }],
			] as const) {
				expect([name, await status(name, { user: "admin", host: "localhost", ...more }, token)]).toEqual([name, 403]);
			}
			for (const role of ["prosody:operator", "keeper"]) {
				expect(await status("set_user_role", { user: "temp", host: "localhost", role }, token)).toBe(403);
			}
			// Nor does making an account help that the configuration has as one of them
			const later = { user: "later", host: "localhost", password: "password" };
			expect(await status("register", later, token)).toBe(403);
			expect(await status("register", { ...later, user: "other" }, token)).toBe(200);
			expect(await status("register", later)).toBe(200);
			await api.call("ban_account", { user: "temp", host: "localhost" });
			expect(await status("status", {}, token)).toBe(403);
			await api.call("unban_account", { user: "temp", host: "localhost" });
			expect(await status("status", {}, token)).toBe(200);
			await api.call("unregister", { user: "temp", host: "localhost" });
			expect(await status("status", {}, token)).toBe(401);
		});

		it("of pages of other sites are refused", async () => {
			const from = (origin: string) => api.call("status", {}, undefined, { origin });
			expect((await from("http://example.com")).status).toBe(403);
			expect((await from("null")).status).toBe(403);
			// A name of somebody else's that leads here: Node's fetch does not let anybody choose the host
			const { port } = new URL(api.url);
			const http = await RawHttp.connect(Number(port));
			const headers = [
				`Host: evil.example:${port}`,
				`Origin: http://evil.example:${port}`,
				`Authorization: Bearer ${api.token(admin)}`,
			];
			const answer = await http.ask(`GET /api/status HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
			http.destroy();
			expect(answer?.status).toBe(403);
			const own = await from(new URL(api.url).origin);
			expect([own.status, own.headers.get("access-control-allow-origin")]).toEqual([200, null]);
			const asked = await fetch(`${api.url}/status`, { method: "OPTIONS", headers: { Origin: "http://example.com" } });
			expect(asked.headers.get("access-control-allow-origin")).toBeNull();
		});

		it("over a connection that others can read are refused", async () => {
			const forwarded = (headers: Record<string, string>) => api.call("status", {}, undefined, headers);
			expect((await forwarded({ "X-Forwarded-For": "192.0.2.1" })).value).toEqual(
				error(32, "Tokens are only taken over HTTPS, or from this machine"),
			);
			expect((await forwarded({ "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https" })).status).toBe(200);
		});

		it("say what is wrong with them", async () => {
			const answers: [unknown, number, string][] = [
				["", 400, "Missing POST data"],
				["{", 400, "Invalid JSON input"],
				['"text"', 400, "expected an object with the arguments"],
				[{}, 400, "missing argument: host"],
				[{ host: "localhost", more: 1 }, 400, "unknown argument: more"],
				[{ host: 5 }, 400, "host: expected a domain such as example.org"],
				[{ host: "a@b" }, 400, "host: expected a domain such as example.org"],
				[{ host: service }, 400, `${service} is a component, which has no accounts`],
				[JSON.stringify({ host: "x".repeat(70_000) }), 413, "expected at most 65536 bytes"],
			];
			for (const [args, code, message] of answers) {
				const answer = await api.call("registered_users", args);
				expect([answer.status, answer.value]).toEqual([code, error(40, message)]);
			}
			const text = await api.call("registered_users", { host: "localhost" }, undefined, { "Content-Type": "text/plain" });
			expect(text.status).toBe(415);
			expect((await api.call("constructor")).value).toEqual(error(40, "Endpoint not found."));
			expect((await api.call("muc_online_rooms/x", { service })).status).toBe(404);
		});

		it("that only look can be made by GET, and no others", async () => {
			expect((await api.get("registered_users?host=localhost")).value).toContain("romeo");
			const changing = await api.get("destroy_room?room=x&service=y");
			expect([changing.status, changing.headers.get("allow")]).toEqual([405, "POST"]);
			expect((await api.get("registered_users?host=localhost&host=x")).value).toEqual(error(40, "host is there twice"));
			expect((await api.get("registered_users?localhost")).status).toBe(400);
			const headers = { Authorization: `Bearer ${api.token(admin)}` };
			const head = await fetch(`${api.url}/registered_users?host=localhost`, { method: "HEAD", headers });
			expect([head.status, head.headers.get("content-type")]).toEqual([200, "application/json"]);
		});

		it("that cannot be stored are answered with an error", async () => {
			api.beside.add_item(
				"api-command",
				api_command({
					name: "spec_lost",
					desc: "Says that it is done, but it is not",
					scope: "server:write",
					rights: "server",
					parameters: {},
					result: results.done,
					run: () => {
						api.test.server.turn.fail(new Error("the disk is full"));
						return ok(0);
					},
				}),
			);
			expect(await status("spec_lost")).toBe(500);
			expect(await status("status")).toBe(200);
		});

		it("that throw are errors of the server, and it goes on", async () => {
			const command = api_command({
				name: "spec_throws",
				desc: "Throws",
				scope: "server:write",
				rights: "server",
				parameters: {},
				result: results.done,
				run: () => {
					throw new Error("a mistake");
				},
			});
			api.beside.add_item("api-command", command);
			expect(await status("spec_throws")).toBe(500);
			api.beside.remove_item("api-command", command);
			expect(await status("spec_throws")).toBe(404);
			// What was not made as a command, as a module in Lua may offer it, is none
			const { prepare: _, ...other } = command;
			// @ts-expect-error: Lua is not checked by a compiler
			api.beside.add_item("api-command", other);
			expect([await status("spec_throws"), (await api.get("openapi.json")).status]).toEqual([404, 200]);
			// @ts-expect-error: the same
			api.beside.remove_item("api-command", other);
		});
	});

	describe("rooms", () => {
		const odd_names = [
			"a+b",
			"100%",
			"q?x=1",
			"hash#tag",
			"semi;colon",
			"tea & cake".replace(" & ", "\\20\\26\\20"),
			"日本語",
			"ünï",
			"..",
			"a=b",
			"[x]",
			"a\\2fb",
		];

		it("may have every odd name, in URLs too", async () => {
			for (const name of odd_names) {
				expect([name, await status("create_room", room(name))]).toEqual([name, 200]);
				const query = new URLSearchParams({ room: name, service });
				expect([name, (await api.get(`get_room_occupants_number?${query}`)).value]).toEqual([name, { occupants: 0 }]);
			}
			const { value } = await api.call("muc_online_rooms", { service });
			expect(value).toEqual(expect.arrayContaining(odd_names.map((name) => `${name}@${service}`)));
			for (const name of odd_names) expect([name, await status("destroy_room", room(name))]).toEqual([name, 200]);
		});

		it("cannot have names that are none", async () => {
			for (const name of ["", "🍵", "a b", "a@b", "a/b", 'a"b', "<", "\u0000", "x".repeat(2000), 5, null]) {
				expect([name, await status("create_room", { room: name, service })]).toEqual([name, 400]);
			}
			// What is prepared is the same room
			await api.call("create_room", room("Verona"));
			expect(await status("create_room", room("VERONA"))).toBe(409);
			await api.call("destroy_room", room("verona"));
		});

		it("are made with settings, or not at all", async () => {
			const wrong = await api.call(
				"create_room_with_opts",
				room("picky", { options: { title: "x", anonymous: true, nonsense: 1 } }),
			);
			expect(wrong.value).toEqual(error(40, "nonsense: this room has no such setting"));
			expect(await status("get_room_options", room("picky"))).toBe(404);
			const options = [
				{ name: "title", value: "Picky" },
				{ name: "members_only", value: "true" },
				{ name: "anonymous", value: "false" },
				{ name: "password", value: "secret" },
			];
			expect((await api.call("create_room_with_opts", { name: "picky", service, host: "localhost", options })).value).toBe(0);
			expect((await api.call("get_room_options", room("picky"))).value).toMatchObject({
				title: "Picky",
				members_only: "true",
				anonymous: "false",
				persistent: "true",
				password: "secret",
				password_protected: "true",
			});
			await api.call("change_room_option", room("picky", { option: "password_protected", value: "false" }));
			expect((await api.call("get_room_options", room("picky"))).value).toMatchObject({
				password: "",
				password_protected: "false",
			});
			expect(await status("change_room_option", room("picky", { option: "password_protected", value: true }))).toBe(400);
			await api.call("destroy_room", room("picky"));
		});

		it("change all settings or none, and tell those who are there", async () => {
			await api.call("create_room", room("settings"));
			const romeo = await api.test.client("romeo", "settings");
			await enter(romeo, "settings", "romeo");
			const wrong = { options: { title: "New", "muc#roomconfig_whois": "everybody" } };
			expect((await api.call("change_room_options", room("settings", wrong))).value).toEqual(
				error(40, 'muc#roomconfig_whois: expected one of moderators, anyone, got "everybody"'),
			);
			expect((await api.call("get_room_options", room("settings"))).value).toMatchObject({ title: "" });
			for (const value of ["x", "1.5", -1]) {
				const length = { option: "muc#roomconfig_historylength", value };
				if (value !== -1) expect(await status("change_room_option", room("settings", length))).toBe(400);
			}
			const right = {
				options: { title: "New", "muc#roomconfig_whois": "anyone", "muc#roomconfig_presencebroadcast": ["moderator"] },
			};
			expect((await api.call("change_room_options", room("settings", right))).value).toBe(0);
			const told = await expect_stanza(romeo, (stanza) => stanza.attr["type"] === "groupchat" && codes(stanza).length > 0);
			expect(codes(told)).toEqual(expect.arrayContaining(["104", "172"]));
			await romeo.disconnect();
			await api.call("destroy_room", room("settings"));
		});

		async function together(name: string): Promise<{ romeo: Client; juliet: Client }> {
			await api.call("create_room", room(name));
			const [romeo, juliet] = [await api.test.client("romeo", name), await api.test.client("juliet", name)];
			await enter(romeo, name, "Romeo Montague");
			await enter(juliet, name, "juliet");
			return { romeo, juliet };
		}

		it("have occupants, who are kicked and banned", async () => {
			const { romeo, juliet } = await together("people");
			expect((await api.call("get_room_occupants", room("people"))).value).toEqual([
				{ jid: "juliet@localhost/people", nick: "juliet", role: "participant" },
				{ jid: "romeo@localhost/people", nick: "Romeo Montague", role: "participant" },
			]);
			expect((await api.call("get_user_rooms", { user: "romeo", host: "localhost" })).value).toEqual([`people@${service}`]);
			expect(await status("kick_room_occupant", room("people", { nick: "nobody" }))).toBe(404);
			await api.call("kick_room_occupant", room("people", { nick: "Romeo Montague", reason: "bad verse" }));
			const kicked = await expect_stanza(romeo, (stanza) => stanza.attr["type"] === "unavailable");
			expect([codes(kicked), kicked.get_child("x", ns.muc_user)?.get_child("item")?.get_child_text("reason")]).toEqual([
				expect.arrayContaining(["307", "110"]),
				"bad verse",
			]);
			const ban = { jid: "juliet@localhost/balcony", affiliation: "outcast", reason: "noise" };
			expect((await api.call("set_room_affiliation", room("people", ban))).value).toBe(0);
			const banned = await expect_stanza(juliet, (stanza) => codes(stanza).includes("301"));
			expect(banned.attr["type"]).toBe("unavailable");
			expect((await api.call("get_room_affiliations", room("people"))).value).toEqual([
				{ username: "juliet", domain: "localhost", affiliation: "outcast", reason: "noise" },
			]);
			expect((await enter(juliet, "people", "again")).attr["type"]).toBe("error");
			await api.call("set_room_affiliation", room("people", { jid: "juliet@localhost", affiliation: "none" }));
			expect((await enter(juliet, "people", "again")).attr["type"]).toBeUndefined();
			await Promise.all([romeo.disconnect(), juliet.disconnect()]);
			await api.call("destroy_room", room("people"));
		});

		it("speak, one or all, and their archives are read page by page", async () => {
			const { romeo, juliet } = await together("speech");
			const hears = (client: Client, body: string) => expect_stanza(client, (stanza) => stanza.get_child_text("body") === body);
			await api.call("send_room_message", room("speech", { body: "Closing at six <&>" }));
			expect((await hears(romeo, "Closing at six <&>")).attr["from"]).toBe(`speech@${service}`);
			const reached = await api.call("send_message_to_rooms", { service: "global", body: "Maintenance" });
			expect(reached.value).toEqual([`speech@${service}`]);
			await hears(juliet, "Maintenance");
			for (const body of ["one", "two", "three"]) await say(romeo, "speech", body);
			type Page = { messages: { id: string; nick: string; body: string }[]; complete: boolean };
			const page = async (more: object): Promise<Page> =>
				(await api.call("get_room_archive", room("speech", more))).value as Page;
			const last = await page({ limit: 2 });
			expect([last.complete, last.messages.map(({ nick, body }) => `${nick}: ${body}`)]).toEqual([
				false,
				["Romeo Montague: two", "Romeo Montague: three"],
			]);
			const before = await page({ before: last.messages[0]?.id });
			expect([before.complete, before.messages.map(({ body }) => body)]).toEqual([
				true,
				["Closing at six <&>", "Maintenance", "one"],
			]);
			const after = await page({ after: before.messages[0]?.id, limit: 1 });
			expect([after.complete, after.messages.map(({ body }) => body)]).toEqual([false, ["Maintenance"]]);
			expect(await status("get_room_archive", room("speech", { before: "nothing" }))).toBe(404);
			expect(await status("get_room_archive", room("speech", { start: "yesterday" }))).toBe(400);
			const remembered = (await api.call("get_room_history", room("speech"))).value;
			expect(remembered).toHaveLength(5);
			await api.call("set_room_subject", room("speech", { subject: "Verse" }));
			expect((await expect_stanza(juliet, (stanza) => stanza.get_child_text("subject") === "Verse")).attr["from"]).toBe(
				`speech@${service}`,
			);
			await Promise.all([romeo.disconnect(), juliet.disconnect()]);
		});

		it("keep archives for as long as is said, which are purged and exported, and people are erased", async () => {
			const { romeo, juliet } = await together("kept");
			for (const body of ["one", "two"]) await say(romeo, "kept", body);
			await say(juliet, "kept", "three");
			expect((await api.call("get_room_retention", room("kept"))).value).toEqual({ days: 7, own: false });
			expect(await status("set_room_retention", room("kept", { days: 0 }))).toBe(400);
			expect((await api.call("set_room_retention", room("kept", { days: 30 }))).value).toBe(0);
			expect((await api.call("get_room_retention", room("kept"))).value).toEqual({ days: 30, own: true });
			const text = (await api.call("export_room", room("kept", { format: "text" }))).value;
			expect(text).toMatch(/one[\s\S]*two[\s\S]*three/);
			expect(await status("export_room", room("kept", { format: "pdf" }))).toBe(400);
			expect(await status("export_room", room("not-there", { format: "text" }))).toBe(404);
			const erased = await api.call("erase_from_rooms", { service, user: "juliet", host: "localhost" });
			expect(erased.value).toMatchObject({ messages: 1, occupants: 1, problems: {} });
			expect((await api.call("export_room", room("kept", { format: "text" }))).value).not.toContain("three");
			expect(await status("purge_room_archive", room("kept", { before: "today" }))).toBe(400);
			expect((await api.call("purge_room_archive", room("kept"))).value).toEqual({ messages: expect.any(Number) });
			expect((await api.call("get_room_archive", room("kept"))).value).toMatchObject({ messages: [] });
			await Promise.all([romeo.disconnect(), juliet.disconnect()]);
			expect((await api.call("rooms_unused_list", { service, days: 3 })).value).toEqual([]);
			expect((await api.call("rooms_unused_destroy", { service, days: 3 })).value).toEqual([]);
			await api.call("destroy_room", room("kept"));
		});

		it("invite people", async () => {
			const romeo = await api.test.client("romeo", "invited");
			await api.call("create_room", room("party"));
			const invite = { password: "", reason: "Come", users: "romeo@localhost:juliet@localhost" };
			romeo.send(st.presence());
			await expect_stanza(romeo, ({ name }) => name === "presence");
			expect((await api.call("send_direct_invitation", room("party", invite))).value).toBe(0);
			const invitation = await expect_stanza(romeo, (stanza) => stanza.get_child("x", "jabber:x:conference") !== undefined);
			expect(invitation.get_child("x", "jabber:x:conference")?.attr).toMatchObject({ jid: `party@${service}`, reason: "Come" });
			expect(await status("send_direct_invitation", room("party", { users: "romeo@localhost:nobody" }))).toBe(400);
			await romeo.disconnect();
		});

		it("are listed a page at a time, and found by a part of their name", async () => {
			for (const name of ["list-1", "list-2", "list-3"]) await api.call("create_room", room(name));
			const listed = async (more: object): Promise<string[]> =>
				((await api.call("get_rooms_info", { service, search: "list-", ...more })).value as { jid: string }[]).map(
					({ jid }) => jid,
				);
			expect(await listed({ limit: 2 })).toEqual([`list-1@${service}`, `list-2@${service}`]);
			expect(await listed({ limit: 2, after: `list-2@${service}` })).toEqual([`list-3@${service}`]);
			// When something was said last is known of rooms that have been forgotten, too
			const romeo = await api.test.client("romeo", "lists");
			await enter(romeo, "list-1", "romeo");
			await say(romeo, "list-1", "hello");
			await romeo.disconnect();
			const muc = api.test.server.hosts.get(service)?.modules.get("muc");
			api.test.server.modulemanager.reload(service, muc?.name ?? "");
			const [last] = (await api.call("get_rooms_info", { service, search: "list-1" })).value as { last_message: number }[];
			expect(Math.abs((last?.last_message ?? 0) - Date.now() / 1000)).toBeLessThan(3600);
			await api.call("destroy_room", room("list-2"));
			expect(await listed({})).toEqual([`list-1@${service}`, `list-3@${service}`]);
			expect(await status("get_rooms_info", { service, limit: 1000 })).toBe(400);
		});
	});

	describe("sessions", () => {
		it("are listed and ended", async () => {
			const romeo = await api.test.client("romeo", "orchard");
			const account = { user: "romeo", host: "localhost" };
			expect((await api.call("user_resources", account)).value).toEqual(["orchard"]);
			expect((await api.call("user_sessions_info", account)).value).toEqual([
				expect.objectContaining({ jid: "romeo@localhost/orchard", connection: "c2s", ip: "127.0.0.1", resource: "orchard" }),
			]);
			await api.call("kick_session", { ...account, resource: "elsewhere" });
			expect((await api.call("user_resources", account)).value).toEqual(["orchard"]);
			expect((await api.call("kick_user", account)).value).toEqual({ num_resources: 1 });
			await eventually(() => expect(romeo.ended).toBeDefined());
		});

		it("get messages of a host, or of an account of it", async () => {
			const romeo = await api.test.client("romeo", "mail");
			romeo.send(st.presence());
			await expect_stanza(romeo, ({ name }) => name === "presence");
			const message = { type: "headline", from: "localhost", to: "romeo@localhost", subject: "News", body: "Peace" };
			expect((await api.call("send_message", message)).value).toBe(0);
			const got = await expect_stanza(romeo, ({ name }) => name === "message");
			expect([got.attr["from"], got.get_child_text("subject"), got.get_child_text("body")]).toEqual([
				"localhost",
				"News",
				"Peace",
			]);
			expect(await status("send_message", { ...message, from: "example.com" })).toBe(404);
			expect(await status("send_message", { ...message, from: "localhost" }, api.token("boss@localhost"))).toBe(403);
			await romeo.disconnect();
		});
	});

	describe("the log", () => {
		/** Reads lines until one fits. */
		async function find_line(answered: Response, fits: (line: { level: string; text: string }) => boolean): Promise<unknown> {
			let text = "";
			for await (const chunk of answered.body ?? []) {
				text += Buffer.from(chunk).toString();
				const lines = text.split("\n");
				text = lines.pop() ?? "";
				for (const line of lines) if (line !== "" && fits(JSON.parse(line))) return JSON.parse(line);
			}
			return undefined;
		}

		it("is sent as it is written, from a level on", async () => {
			const watch = new AbortController();
			const answered = await fetch(`${api.url}/log?level=warn`, {
				headers: { Authorization: `Bearer ${api.token(admin)}` },
				signal: watch.signal,
			});
			expect([answered.status, answered.headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
			api.beside.log("info", "not this one");
			api.beside.log("warn", "something is odd: %s", "\u2028");
			const first = await find_line(answered, () => true);
			expect(first).toEqual({
				time: expect.any(Number),
				source: "spec_beside",
				level: "warn",
				text: "something is odd: \u2028",
			});
			watch.abort();
		});

		it("is for administrators of the server, and ends with their token", async () => {
			expect((await api.get("log", api.token("boss@localhost"))).status).toBe(403);
			expect((await api.get("log", api.token(admin, ["rooms:read"]))).status).toBe(403);
			expect((await api.get("log?level=all")).status).toBe(400);
		});
	});
});

describe("modules in TypeScript", () => {
	it("offer commands of their own, with the same checks and description", async () => {
		const folder = mkdtempSync(join(tmpdir(), "enjamb-api-ts-"));
		ends.push(() => rmSync(folder, { recursive: true, force: true }));
		writeFileSync(
			join(folder, "mod_tea.ts"),
			`import { api, type ModuleApi } from "enjamb";
const { domain, integer } = api.parameters;
export default (module: ModuleApi) => {
	module.add_item("api-command", api.api_command({
		name: "brew",
		desc: "Makes tea",
		scope: "server:write",
		rights: "host",
		parameters: { host: domain("Where"), cups: integer("How many", { min: 1, max: 12 }) },
		host: "host",
		result: api.results.number("cups"),
		run: (_caller, { cups }) => ({ ok: true, value: { cups } }),
	}));
};
`,
		);
		const api = await own_api({ plugin_paths: [folder], modules_enabled: [...api_modules, "tea"] });
		expect((await api.call("brew", { host: "localhost", cups: 2 })).value).toEqual({ cups: 2 });
		expect((await api.call("brew", { host: "localhost", cups: 13 })).value).toEqual(error(40, "cups: expected 1 to 12, got 13"));
		expect((await api.call("brew", { host: "localhost", cups: 2 }, api.token(admin, ["rooms:write"]))).status).toBe(403);
		expect((await api.call("brew", { host: service, cups: 2 })).status).toBe(404);
		expect((await api.get("openapi.json")).value).toMatchObject({ paths: { "/brew": { post: { summary: "Makes tea" } } } });
		api.test.server.modulemanager.unload("localhost", "tea");
		expect((await api.call("brew", { host: "localhost", cups: 2 })).status).toBe(404);
	});
});

describe("the server's log", () => {
	it("has what was changed and by whom, but no passwords and nothing that was said", async () => {
		const lines: string[] = [];
		const write = (source: string, _level: string, line: string): void => void (source === "http_api" && lines.push(line));
		const api = await own_api({}, { log: [{ to: { write }, level: "info" }] });
		const options = { title: "Tea", password: "secret-1" };
		await api.call("create_room_with_opts", { room: "tea", service, options });
		await api.call("change_room_option", { room: "tea", service, option: "password", value: "secret-2" });
		await api.call("register", { user: "romeo", host: "localhost", password: "secret-3" });
		await api.call("change_password", { user: "romeo", host: "localhost", newpass: "secret-4" });
		await api.call("send_room_message", { room: "tea", service, body: "secret-5" });
		await api.call("get_room_options", { room: "tea", service });
		expect(lines.map((line) => line.replace(/^.*\) called /, ""))).toEqual([
			`create_room_with_opts {"room":"tea","service":"${service}","options":["title","password"]}: done`,
			`change_room_option {"room":"tea","service":"${service}","option":"password"}: done`,
			'register {"user":"romeo","host":"localhost"}: done',
			'change_password {"user":"romeo","host":"localhost"}: done',
			`send_room_message {"room":"tea","service":"${service}"}: done`,
		]);
		expect(lines[0]).toMatch(/^admin@localhost \(token [0-9a-f]{12}, 127\.0\.0\.1\) called/);
	});
});

describe("modules in Lua", () => {
	it("are listed as such, with the time that they have taken", async () => {
		const folder = mkdtempSync(join(tmpdir(), "enjamb-api-lua-"));
		ends.push(() => rmSync(folder, { recursive: true, force: true }));
		writeFileSync(
			join(folder, "mod_counting.lua"),
			'module:hook("resource-bind", function () local n = 0; for i = 1, 10000 do n = n + i end end);',
		);
		const modules_enabled = ["c2s", "saslauth", "disco", "presence", "http_api", "spec_beside", "counting"];
		const api = await own_api({ plugin_paths: [folder], modules_enabled });
		await api.call("register", { user: "romeo", host: "localhost", password: "password" });
		await (await api.test.client("romeo")).disconnect();
		expect((await api.call("get_modules")).value).toContainEqual(
			expect.objectContaining({ host: "localhost", name: "counting", language: "Lua" }),
		);
		const labels = { host: "localhost", module: "counting" };
		const { value } = await api.call("get_metrics", { search: "enjamb_lua_calls_total" });
		expect(value).toContainEqual(expect.objectContaining({ name: "enjamb_lua_calls_total", labels }));
	});
});

describe("tokens", () => {
	/** Calls until it is too often. */
	async function until_refused(call: () => Promise<Answer>): Promise<Answer> {
		for (let calls = 0; calls < 1000; calls++) {
			const answer = await call();
			if (answer.status === 429) return answer;
		}
		throw new Error("a thousand calls were let through");
	}

	it("are kept over a restart, but not their secrets", async () => {
		const first = await start_api({ storage: "sql" }, {});
		const data_path = first.test.data_path;
		const token = first.token(admin);
		await first.test.server.turn.done();
		const { server } = first.test;
		const stored = server.open_store("localhost", "http_api_tokens", "keyval");
		const kept = stored.ok ? stored.value.get(undefined) : stored;
		expect(JSON.stringify(kept)).toContain(token.split("_")[1]);
		expect(JSON.stringify(kept)).not.toContain(token.slice(20));
		expect(data_path).not.toBe("");
		await server.deactivate_host("localhost");
		expect((await first.call("status", {}, token)).status).toBe(401);
		server.activate_host("localhost");
		expect((await first.call("status", {}, token)).status).toBe(200);
		await first.stop();
	});

	it("are made, listed and ended at the console", async () => {
		const api = await own_api();
		api.token(admin, ["status"]);
		const typist = await Typist.connect(api.test.data_path);
		ends.push(() => typist.close());
		const made = await typist.type(`token:create("${admin}", "rooms:read server:read", 30, "backup")`);
		expect(made.text).toMatch(/^OK: Token [0-9a-f]{12} of admin@localhost is good for 30 days; it is not shown again$/);
		const text = made.lines.find((line) => line.startsWith("enjamb_")) ?? "";
		expect((await api.call("muc_online_rooms", { service }, text)).status).toBe(200);
		expect((await api.call("create_room", { room: "x", service }, text)).status).toBe(403);
		const listed = await typist.type("token:list()");
		expect(listed.text).toBe("OK: 3 tokens");
		expect(listed.lines.join("\n")).not.toContain(text.slice(20));
		const id = text.split("_")[1];
		expect((await typist.type(`token:revoke("${id}")`)).text).toBe(`OK: Token ${id} of ${admin} is ended`);
		expect((await api.call("status", {}, text)).status).toBe(401);
		for (const [line, problem] of [
			[
				'token:create("romeo@localhost", "all")',
				"Error: romeo@localhost is no administrator of any host here, so a token would be good for nothing",
			],
			[
				`token:create("${admin}", "rooms:destroy")`,
				`Error: rooms:destroy is neither a scope (${everything.join(", ")}, or all) nor a command`,
			],
			[`token:create("${admin}", "all", 0)`, "Error: expected 1 to 3650 days, got 0"],
			[`token:create("${admin}")`, "Error: expected scopes as a text, got nothing"],
			['token:revoke("x")', "Error: there is no token x"],
		] as const) {
			expect((await typist.type(line)).text).toBe(problem);
		}
	});

	it("of logins end with the password, those of scripts stay", async () => {
		const api = await own_api();
		api.token(admin);
		const login = (): string => api.exports.tokens.create_session(admin, 3600).text;
		const status = async (token: string): Promise<number> => (await api.get("status", token)).status;
		const script = api.token(admin);
		const [old, other] = [login(), api.exports.tokens.create_session("boss@localhost", 3600).text];
		expect([await status(old), await status(other)]).toEqual([200, 403]);
		await api.call("change_password", { user: "admin", host: "localhost", newpass: "another" });
		expect([await status(old), await status(other), await status(script)]).toEqual([401, 403, 200]);
		const again = login();
		expect(await status(again)).toBe(200);
		// By an invitation
		api.beside.context("localhost").fire_event("user-password-reset", {
			username: "admin",
			host: "localhost",
			password: "third",
			additional: {},
			ip: "127.0.0.1",
			session: undefined,
			role: "prosody:registered",
			allowed: true,
		});
		expect([await status(again), await status(script)]).toEqual([401, 200]);
	});

	it("may only call so often", async () => {
		const api = await own_api({ http_api_calls_per_minute: 3 });
		const refused = await until_refused(() => api.call("status"));
		expect(refused.headers.get("retry-after")).toBe("20");
		expect((await api.call("status", {}, api.token(admin))).status).toBe(200);
	});

	it("that are wrong may not come often either, and good ones still may", async () => {
		const api = await own_api();
		await until_refused(() => api.call("status", {}, "wrong"));
		expect((await api.call("status")).status).toBe(200);
	});
});
