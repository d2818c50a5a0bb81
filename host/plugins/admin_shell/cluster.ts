// No counterpart: a Prosody is one machine.

import type { ModuleApi, Question } from "../../core/types.ts";
import { fields_of, number_of, text_of } from "../../util/cluster/read.ts";
import { format_table } from "../../util/human/table.ts";
import { format_number } from "../../util/human/units.ts";
import { show_date } from "./columns.ts";
import { command, done, refused, type Section } from "./command.ts";
import { count_of } from "./hosts.ts";
import { all_clients, all_streams } from "./sessions.ts";

/** A node as it is listed. */
interface NodeState {
	readonly version: string;
	/** Seconds since 1970. */
	readonly started: number;
	/** Bytes. */
	readonly memory: number;
	readonly clients: number;
	readonly streams: number;
}

const node_state: Question<true, NodeState> = {
	name: "node-state",
	read_asked: (given) => (given === true ? given : undefined),
	read_answer(given) {
		const fields = fields_of(given);
		const [version, started, memory] = [
			text_of(fields?.["version"]),
			number_of(fields?.["started"]),
			number_of(fields?.["memory"]),
		];
		const [clients, streams] = [number_of(fields?.["clients"]), number_of(fields?.["streams"])];
		if (version === undefined || started === undefined || memory === undefined) return undefined;
		return clients === undefined || streams === undefined ? undefined : { version, started, memory, clients, streams };
	},
};

type Row = NodeState & { readonly node: string };

/** Who is in the cluster; also what answers other nodes about this one. */
export function cluster_section(module: ModuleApi): Section & { stop(): void } {
	const { server } = module;
	const stop = server.nodes.answer(node_state, () => ({
		version: server.version,
		started: Math.floor(server.start_time ?? 0),
		memory: process.memoryUsage().rss,
		clients: all_clients(server).length,
		streams: all_streams(server).length,
	}));
	return {
		name: "cluster",
		desc: "Commands about the nodes of a cluster",
		commands: [
			command("nodes()", "List all nodes, with what they have", async (shell) => {
				const { answers, missing } = await server.nodes.ask_all(node_state, true);
				const table = format_table<Row>(
					[
						{ title: "Node", width: "2p", value: ({ node }) => node },
						{ title: "Version", width: "1p", value: ({ version }) => version },
						{ title: "Since", width: 19, value: ({ started }) => show_date(started) },
						{ title: "Memory", width: 10, align: "right", value: ({ memory }) => format_number(memory, "B", "b") },
						{ title: "Clients", width: 8, align: "right", value: ({ clients }) => String(clients) },
						{ title: "Servers", width: 8, align: "right", value: ({ streams }) => String(streams) },
					],
					shell.width,
				);
				shell.print(table.titles());
				for (const { node, answer } of answers) shell.print(table.row({ node, ...answer }));
				for (const [node, why] of missing) shell.print(`Node ${node}: ${why}`);
				const words = count_of(answers.length + missing.size, "node");
				return missing.size > 0 ? refused(`${words}, of which ${missing.size} did not answer`) : done(words);
			}),
		],
		stop,
	};
}
