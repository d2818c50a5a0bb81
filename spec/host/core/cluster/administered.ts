// Three nodes whose administrators use the HTTP API and the console of each.

import { expect } from "vitest";
import type { ConfigValue } from "../../../../host/core/configmanager.ts";
import type { HttpApiExports } from "../../../../host/plugins/mod_http_api.ts";
import { eventually } from "../../../helper.ts";
import { type Answer, everything } from "../../plugins/http_api/api.ts";
import { type NodeName, type Nodes, type NodesOptions, start_nodes } from "./nodes.ts";

export const admin = "admin@localhost";
export const service = "conference.localhost";

export interface Administered extends Nodes {
	/** Calls a command at a node, as the administrator. */
	call(node: NodeName, name: string, args?: object, token?: string): Promise<Answer>;
	url(node: NodeName): string;
	tokens(node: NodeName): HttpApiExports["tokens"];
}

export async function start_administered(
	general: Readonly<Record<string, ConfigValue>> = {},
	options: NodesOptions = {},
): Promise<Administered> {
	const nodes = await start_nodes({
		...options,
		config: {
			...options.config,
			"*": {
				admins: [admin],
				http_ports: [0],
				https_ports: [],
				http_interfaces: ["127.0.0.1"],
				statistics: "internal",
				statistics_interval: "manual",
				modules_enabled: [
					"disco",
					"roster",
					"saslauth",
					"smacks",
					"ping",
					"mam",
					"pep",
					"adhoc",
					"admin_adhoc",
					"admin_shell",
					"http_api",
				],
				...general,
			},
			[service]: { muc_room_locking: false, modules_enabled: ["muc_mam"], ...options.config?.[service] },
		},
	});
	const url = (node: NodeName): string => {
		const port = nodes
			.server(node)
			.addresses()
			.find(({ service: name }) => name === "http")?.port;
		return `http://127.0.0.1:${port}`;
	};
	const tokens = (node: NodeName): HttpApiExports["tokens"] => {
		const exported = nodes.server(node).modulemanager.get_module("*", "http_api")?.exports as HttpApiExports | undefined;
		if (exported === undefined) throw new Error("there is no API");
		return exported.tokens;
	};
	const { usermanager } = nodes.server("a");
	if (!usermanager.user_exists("admin", "localhost")) usermanager.create_user("admin", "localhost", "password");
	const made = tokens("a").create(admin, everything, 3600, "spec");
	if (!made.ok) throw new Error(made.error);
	await nodes.server("a").turn.done();
	const administered: Administered = {
		...nodes,
		url,
		tokens,
		async call(node, name, args = {}, token = made.value.text) {
			const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
			const answered = await fetch(`${url(node)}/api/${name}`, { method: "POST", headers, body: JSON.stringify(args) });
			return { status: answered.status, value: await answered.json(), headers: answered.headers };
		},
	};
	// Each node knows of the others a little after it has come
	for (const node of ["a", "b", "c"] as const) {
		await eventually(async () => {
			const { value } = await administered.call(node, "get_server_info");
			expect(value).toMatchObject({ nodes: [{}, {}, {}] });
		});
	}
	return administered;
}
