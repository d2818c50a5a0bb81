// A server with the HTTP API, and a program that uses it.

import type { ConfigValue } from "../../../../host/core/configmanager.ts";
import type { ModuleApi, ModuleDefinition } from "../../../../host/core/types.ts";
import type { HttpApiExports } from "../../../../host/plugins/mod_http_api.ts";
import { start_test_server, type TestServer, type TestServerOptions } from "../../../helper.ts";

/** An answer of the API. */
export interface Answer {
	readonly status: number;
	readonly value: unknown;
	readonly headers: Headers;
}

export interface Api {
	readonly test: TestServer;
	readonly url: string;
	readonly exports: HttpApiExports;
	/** A module beside it. */
	readonly beside: ModuleApi;
	/** A token of an account, which is made where there is none. */
	token(owner: string, grants?: readonly string[], lifetime?: number): string;
	/** Calls a command by POST, as admin@localhost or with a token. */
	call(name: string, args?: unknown, token?: string, headers?: Record<string, string>): Promise<Answer>;
	/** The same by GET, as admin@localhost or with a token. */
	get(path: string, token?: string, headers?: Record<string, string>): Promise<Answer>;
	stop(): Promise<void>;
}

export const admin = "admin@localhost";
export const service = "conference.localhost";
export const everything = ["rooms:read", "rooms:write", "users:read", "users:write", "server:read", "server:write"];

/** The modules that it has unless options say something else. */
export const api_modules = [
	"c2s",
	"saslauth",
	"disco",
	"presence",
	"message",
	"iq",
	"roster",
	"http_api",
	"admin_shell",
	"spec_beside",
];

async function read(answered: Response): Promise<Answer> {
	const text = await answered.text();
	const is_json = answered.headers.get("content-type") === "application/json";
	return { status: answered.status, value: is_json ? JSON.parse(text) : text, headers: answered.headers };
}

/** Starts one whose administrators are admin@localhost, and boss@localhost of the rooms alone. */
export async function start_api(
	options: Record<string, ConfigValue> = {},
	more: Pick<TestServerOptions, "data_path" | "log"> = {},
): Promise<Api> {
	const loaded: { module: ModuleApi; exports: HttpApiExports }[] = [];
	const beside: ModuleDefinition = {
		name: "spec_beside",
		global: true,
		load: (module) => void loaded.push({ module, exports: module.depends("http_api") }),
	};
	const test = await start_test_server({
		config: {
			"*": {
				http_ports: [0],
				https_ports: [],
				http_interfaces: ["127.0.0.1"],
				admins: [admin, "later@localhost"],
				custom_roles: [{ name: "keeper", inherits: ["prosody:admin"], allow: ["http_api:manage-server"] }],
				statistics: "internal",
				statistics_interval: "manual",
				modules_enabled: api_modules,
				...options,
			},
			localhost: { authentication: "internal_hashed" },
			[service]: { admins: ["boss@localhost"], modules_enabled: ["muc_mam"] },
		},
		modules: [beside],
		...more,
	});
	const [first] = loaded;
	if (first === undefined) throw new Error("the module beside was not loaded");
	const { server } = test;
	const port = server.addresses().find((address) => address.service === "http")?.port ?? 0;
	const url = `http://127.0.0.1:${port}/api`;
	const { tokens } = first.exports;
	function token(owner: string, grants: readonly string[] = everything, lifetime = 3600): string {
		const [name = "", host = ""] = owner.split("@");
		if (server.hosts.has(host) && !server.usermanager.user_exists(name, host)) {
			server.usermanager.create_user(name, host, "password");
		}
		const made = tokens.create(owner, grants, lifetime, "spec");
		if (!made.ok) throw new Error(made.error);
		return made.value.text;
	}
	const usual = token(admin);
	return {
		test,
		url,
		exports: first.exports,
		beside: first.module,
		token,
		call: async (name, args = {}, with_token = usual, headers = {}) =>
			read(
				await fetch(`${url}/${name}`, {
					method: "POST",
					headers: { "Content-Type": "application/json", Authorization: `Bearer ${with_token}`, ...headers },
					body: typeof args === "string" ? args : JSON.stringify(args),
				}),
			),
		get: async (path, with_token = usual, headers = {}) =>
			read(await fetch(`${url}/${path}`, { headers: { Authorization: `Bearer ${with_token}`, ...headers } })),
		stop: () => test.stop(),
	};
}
