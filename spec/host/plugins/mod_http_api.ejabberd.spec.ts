// The same calls, made to a real ejabberd and to us: what scripts get that were written for the one.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ejabberd_in, has_ejabberd } from "../../../tools/ejabberd.ts";
import { free_port } from "../../../tools/reference.ts";
import { eventually, patience } from "../../helper.ts";
import { not_installed } from "../../needs.ts";
import { type Api, service, start_api } from "./http_api/api.ts";

const ends: (() => unknown)[] = [];
const skipped = not_installed(has_ejabberd(), "ejabberd", "our answers to scripts are not compared with its own");

interface Outcome {
	readonly status: number;
	readonly value: unknown;
}

/** Starts an ejabberd that lets everybody call everything, and gives what calls it. */
async function start_ejabberd(): Promise<(name: string, args: object) => Promise<Outcome>> {
	const folder = mkdtempSync(join(tmpdir(), "enjamb-ejabberd-api-"));
	const port = await free_port();
	const { command, environment } = ejabberd_in(
		folder,
		`hosts: [localhost]
loglevel: error
api_permissions: {all: {who: all, what: "*"}}
listen: [{port: ${port}, ip: "127.0.0.1", module: ejabberd_http, request_handlers: {/api: mod_http_api}}]
auth_method: [internal]
modules: {mod_admin_extra: {}, mod_muc: {host: ${service}}, mod_muc_admin: {}, mod_http_api: {}}
`,
	);
	const [program = "", ...given] = command;
	const child = spawn(program, given, { env: { ...process.env, ...environment }, stdio: "ignore" });
	const exited = new Promise((resolve) => child.once("close", resolve));
	ends.push(async () => {
		child.kill("SIGKILL");
		await exited;
		rmSync(folder, { recursive: true, force: true });
	});
	const call = async (name: string, args: object): Promise<Outcome> => {
		const answer = await fetch(`http://127.0.0.1:${port}/api/${name}`, {
			method: "POST",
			headers: { "Content-Type": "application/json" },
			body: JSON.stringify(args),
		});
		return { status: answer.status, value: await answer.json() };
	};
	// On a machine that has much to do it takes more than a minute
	const is_up = async (): Promise<void> => expect((await call("registered_vhosts", {})).status).toBe(200);
	await vi.waitFor(is_up, { timeout: 4 * patience, interval: 200 });
	return call;
}

const bob = { user: "bob", host: "localhost" };
const tea = { name: "tea", service };
const gold = { name: "gold", service };

/** Calls whose answers are the same, in this order. */
const same: readonly (readonly [name: string, args: object])[] = [
	["register", { ...bob, password: "secret" }],
	["registered_users", { host: "localhost" }],
	["registered_vhosts", {}],
	["check_account", bob],
	["check_account", { ...bob, user: "nobody" }],
	["check_password", { ...bob, password: "secret" }],
	["check_password", { ...bob, password: "wrong" }],
	["change_password", { ...bob, newpass: "another" }],
	["check_password", { ...bob, password: "another" }],
	["connected_users", {}],
	["connected_users_number", {}],
	["connected_users_info", {}],
	["connected_users_vhost", { host: "localhost" }],
	["user_resources", bob],
	["user_sessions_info", bob],
	["kick_user", bob],
	["kick_session", { ...bob, resource: "x", reason: "none" }],
	["send_message", { type: "headline", from: "localhost", to: "bob@localhost", subject: "s", body: "b" }],
	["create_room", { ...tea, host: "localhost" }],
	[
		"create_room_with_opts",
		{
			...gold,
			host: "localhost",
			options: [
				{ name: "title", value: "Gold" },
				{ name: "members_only", value: "true" },
			],
		},
	],
	["muc_online_rooms", { service }],
	["muc_online_rooms", { service: "global" }],
	["change_room_option", { ...gold, option: "description", value: "All that glisters" }],
	["set_room_affiliation", { ...gold, jid: "bob@localhost", affiliation: "owner" }],
	["get_room_affiliation", { ...gold, jid: "bob@localhost" }],
	["get_room_affiliation", { ...gold, jid: "nobody@localhost" }],
	["get_room_affiliations", gold],
	["get_room_occupants", gold],
	["get_room_occupants_number", gold],
	["get_user_rooms", bob],
	["send_direct_invitation", { ...gold, password: "", reason: "come", users: "bob@localhost" }],
	["destroy_room", tea],
	["muc_online_rooms", { service }],
	["incoming_s2s_number", {}],
	["outgoing_s2s_number", {}],
	["ban_account", { ...bob, reason: "noise" }],
	["unregister", bob],
	["registered_users", { host: "localhost" }],
];

/** Calls that both refuse; the words differ. */
const refused: readonly (readonly [name: string, args: object])[] = [
	["register", { ...bob, password: "secret" }],
	["registered_users", {}],
	["registered_users", { host: "localhost", more: 1 }],
	["registered_users", { host: 5 }],
	["change_password", { user: "nobody", host: "localhost", newpass: "x" }],
	["set_room_affiliation", { ...gold, jid: "bob@localhost", affiliation: "king" }],
	["no_such_command", {}],
];

describe.skipIf(skipped)("an ejabberd and we", () => {
	let theirs: (name: string, args: object) => Promise<Outcome>;
	let api: Api;

	beforeAll(async () => {
		[theirs, api] = await Promise.all([start_ejabberd(), start_api()]);
		ends.push(() => api.stop());
		// Ours has an administrator, since nobody may call anything there otherwise
		await theirs("register", { user: "admin", host: "localhost", password: "password" });
	});
	afterAll(async () => {
		for (const end of ends.splice(0).reverse()) await end();
	});

	const ours = async (name: string, args: object): Promise<Outcome> => {
		const { status, value } = await api.call(name, args);
		return { status, value };
	};

	it("answer the same", async () => {
		for (const [name, args] of same) {
			const answer = [name, args, await ours(name, args)];
			const compare = async () => expect(answer).toEqual([name, args, await theirs(name, args)]);
			// ejabberd says that a room is destroyed before it is gone from its list
			await (name === "muc_online_rooms" ? eventually(compare) : compare());
		}
	});

	it("have the settings of a room by the same names", async () => {
		const [here, there] = [await ours("get_room_options", gold), await theirs("get_room_options", gold)];
		const known = Object.entries(there.value ?? {}).filter(([name]) => Object.hasOwn(here.value ?? {}, name));
		expect(known.map(([name]) => name).sort()).toEqual([
			"allow_change_subj",
			"allow_user_invites",
			"anonymous",
			"description",
			"lang",
			"mam",
			"members_only",
			"moderated",
			"password",
			"password_protected",
			"persistent",
			"public",
			"title",
		]);
		expect(here.value).toMatchObject({ title: "Gold", members_only: "true", description: "All that glisters" });
		expect(there.value).toMatchObject({ title: "Gold", members_only: "true", description: "All that glisters" });
	});

	it("refuse the same with the same status", async () => {
		for (const call of [ours, theirs]) await call("register", { ...bob, password: "secret" });
		for (const [name, args] of refused) {
			const [here, there] = [await ours(name, args), await theirs(name, args)];
			expect([name, args, here.status]).toEqual([name, args, there.status]);
			expect(here.value).toMatchObject({ status: "error" });
		}
	});
});
