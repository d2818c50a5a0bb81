// Counterpart: ejabberd's ejabberd_admin (status, reload_config), with what the console shows

import { memoryUsage } from "node:process";
import type { ModuleApi } from "../../core/types.ts";
import { type ApiCommand, api_command, refuse_call, results } from "../../util/api/command.ts";
import { optional, text } from "../../util/api/parameters.ts";
import { first, one_list, sums } from "../../util/api/together.ts";
import { fields_of } from "../../util/cluster/read.ts";
import { ok } from "../../util/error.ts";
import { type MetricFamily, shown_name } from "../../util/openmetrics.ts";

/** A value that the server measures. */
interface ShownMetric {
	readonly name: string;
	readonly kind: string;
	readonly unit: string;
	readonly labels: Readonly<Record<string, string | undefined>>;
	readonly value: number;
	readonly node: string;
}

const on_node = { type: "string", description: "The node of a cluster; empty where there is no cluster" } as const;

/** What one node says of the server, with the nodes and sessions of all. */
function all_servers(answers: readonly unknown[]): unknown {
	const infos = answers.map((answer) => fields_of(answer) ?? {});
	const lists = (name: string): Readonly<Record<string, unknown>>[] =>
		infos.flatMap((info) => (Array.isArray(info[name]) ? info[name].map((one) => fields_of(one) ?? {}) : []));
	const hosts = new Map<unknown, Readonly<Record<string, unknown>>>();
	for (const host of lists("hosts")) {
		const known = hosts.get(host["host"]);
		hosts.set(
			host["host"],
			known === undefined ? host : { ...known, sessions: Number(known["sessions"]) + Number(host["sessions"]) },
		);
	}
	return { ...infos[0], hosts: [...hosts.values()], nodes: lists("nodes") };
}

/** The values of a family of metrics; those in buckets as their sum and number. */
function show_family(family: MetricFamily, node: string): ShownMetric[] {
	const { kind, unit, label_keys } = family;
	const name = shown_name(family.name);
	const shown: ShownMetric[] = [];
	for (const { labels, metric } of family.metrics()) {
		const named = Object.fromEntries(label_keys.map((key, place) => [key, labels[place]]));
		for (const { suffix, value } of metric.samples()) {
			const is_plain = ["", "_total", "_sum", "_count"].includes(suffix) && Number.isFinite(value);
			if (is_plain) shown.push({ name: `${name}${suffix}`, kind, unit, labels: named, value, node });
		}
	}
	return shown;
}

export function server_commands(module: ModuleApi): ApiCommand[] {
	const { server } = module;
	return [
		api_command({
			name: "status",
			desc: "Says that the server runs, and its version",
			scope: "server:read",
			rights: "some",
			parameters: {},
			result: { type: "string", description: "For people" },
			run: () => ok(`Enjamb ${server.version} is running`),
		}),
		api_command({
			name: "get_server_info",
			desc: "Version, age and memory of the server, the hosts that the caller may manage, and who the caller is",
			scope: "server:read",
			rights: "some",
			parameters: {},
			result: results.record({
				version: { type: "string" },
				started: { type: "integer", description: "Seconds since 1970" },
				memory: { type: "integer", description: "Bytes" },
				caller: { type: "string", description: "JID" },
				manages_server: { type: "boolean" },
				hosts: results.table({
					host: { type: "string" },
					type: { type: "string", enum: ["local", "component"] },
					rooms: { type: "boolean", description: "Whether it has rooms that can be managed here" },
					sessions: { type: "integer", description: "On all nodes of a cluster" },
				}),
				nodes: results.table({
					node: on_node,
					version: { type: "string" },
					started: { type: "integer", description: "Seconds since 1970" },
					memory: { type: "integer", description: "Bytes" },
					sessions: { type: "integer" },
				}),
			}),
			together: all_servers,
			run: (caller) =>
				ok({
					version: server.version,
					started: Math.floor(server.start_time ?? 0),
					memory: memoryUsage().rss,
					nodes: [
						{
							node: server.nodes.own,
							version: server.version,
							started: Math.floor(server.start_time ?? 0),
							memory: memoryUsage().rss,
							sessions: server.full_sessions.size,
						},
					],
					caller: caller.jid,
					manages_server: caller.may_manage_server(),
					hosts: [...server.hosts.values()]
						.filter(({ host }) => caller.may_manage(host))
						.map(({ host, type, sessions }) => ({
							host,
							type,
							rooms: server.modulemanager.get_items(host, "api-command").some(({ name }) => name === "muc_online_rooms"),
							sessions: [...sessions.values()].reduce((sum, user) => sum + user.sessions.size, 0),
						})),
				}),
		}),
		api_command({
			name: "reload_config",
			desc: "Has the server read its configuration, certificates and log settings again",
			scope: "server:write",
			rights: "server",
			parameters: {},
			result: results.done,
			together: first,
			run: () => {
				const reloaded = server.reload_config();
				return reloaded.ok ? ok(0) : refuse_call("failed", reloaded.error);
			},
		}),
		api_command({
			name: "incoming_s2s_number",
			desc: "How many streams other servers have opened",
			scope: "server:read",
			rights: "server",
			parameters: {},
			result: results.number("s2s_incoming"),
			together: sums,
			run: () => ok({ s2s_incoming: server.incoming_s2s.size }),
		}),
		api_command({
			name: "outgoing_s2s_number",
			desc: "How many streams to other servers are open, or being opened",
			scope: "server:read",
			rights: "server",
			parameters: {},
			result: results.number("s2s_outgoing"),
			together: sums,
			run: () => ok({ s2s_outgoing: [...server.hosts.values()].reduce((sum, { s2sout }) => sum + s2sout.size, 0) }),
		}),
		api_command({
			name: "get_modules",
			desc: "The modules that are loaded, with what is wrong with them",
			scope: "server:read",
			rights: "server",
			parameters: {},
			result: results.table({
				host: { type: "string", description: "* for those of the whole server" },
				name: { type: "string" },
				language: { type: "string", enum: ["built in", "Lua", "TypeScript"] },
				status: { type: "string" },
				message: { type: "string" },
				node: on_node,
			}),
			together: one_list,
			run: () =>
				ok(
					["*", ...server.hosts.keys()].flatMap((host) =>
						server.modulemanager.loaded_on(host).map(({ name, definition, module: loaded }) => {
							const { kind, message } = loaded.get_status();
							const { path } = definition;
							const language = path === undefined ? "built in" : path.endsWith(".lua") ? "Lua" : "TypeScript";
							return { host, name, language, status: kind, message, node: server.nodes.own };
						}),
					),
				),
		}),
		api_command({
			name: "get_metrics",
			desc: "What the server measures at this moment; nothing where no statistics are kept",
			scope: "server:read",
			rights: "server",
			parameters: { search: optional(text("Only metrics with this in their name")) },
			result: results.table({
				name: { type: "string" },
				kind: { type: "string" },
				unit: { type: "string" },
				labels: { type: "object", additionalProperties: { type: "string" } },
				value: { type: "number" },
				node: on_node,
			}),
			together: one_list,
			run: (_caller, { search = "" }) => {
				server.statsmanager.collect();
				const families = [...(server.statsmanager.registry?.families.values() ?? [])];
				return ok(
					families.flatMap((family) => show_family(family, server.nodes.own)).filter(({ name }) => name.includes(search)),
				);
			},
		}),
	];
}
