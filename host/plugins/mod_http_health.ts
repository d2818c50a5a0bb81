// Counterpart: prosody-modules, mod_http_health

import type { HttpEvent, ModuleDefinition, Question } from "../core/types.ts";
import { list_of, text_of } from "../util/cluster/read.ts";
import { missing_ports } from "./health/ports.ts";
import { StorageProbe } from "./health/storage_probe.ts";
import { permitted, this_machine } from "./http_permitted.lib.ts";

/** What is wrong in a process of this server. */
const health_question: Question<true, readonly string[]> = {
	name: "health",
	read_asked: (given) => (given === true ? true : undefined),
	read_answer: (given) => list_of(given, text_of),
};

/**
 * Tells load balancers whether the server serves, at `/health`: all hosts run, all ports listen, what is done can be stored, no module
 * says that it has failed, a node of a cluster has the majority on its side, and nobody is stopping it; all that in each process, where a server
 * has several. Options: http_health_allow_ips, http_health_allow_cidr.
 */
export const definition: ModuleDefinition = {
	name: "http_health",
	global: true,
	load(module) {
		module.depends("http");
		const { server } = module;
		const may_see = permitted(
			module,
			module.get_option_set("http_health_allow_ips", this_machine),
			module.get_option_string("http_health_allow_cidr"),
		);
		const storage = new StorageProbe(server);
		module.hook("turn-failed", ({ error }) => storage.failed(error));
		let stops = false;
		module.hook("server-stopping", () => {
			stops = true;
		});

		/** What modules say of themselves, such as that a certificate is missing. */
		function module_problems(): string[] {
			return ["*", ...server.hosts.keys()].flatMap((host) =>
				server.modulemanager.loaded_on(host).flatMap(({ name, module: loaded }) => {
					const { kind, message } = loaded.get_status();
					return kind === "error" ? [`${host}/mod_${name}: ${message}`] : [];
				}),
			);
		}

		async function problems(): Promise<string[]> {
			if (stops) return ["the server is stopping"];
			if (server.start_time === undefined) return ["the server is starting"];
			const alone = server.cluster?.trouble();
			// Nothing can be stored then, either
			if (alone !== undefined) return [alone];
			const unserved = server.unserved_hosts().map((host) => `${host} is not served`);
			const found = [...unserved, ...missing_ports(server), ...module_problems()];
			const trouble = await storage.trouble();
			return trouble === undefined ? found : [...found, trouble];
		}

		/** What is wrong in all processes, with their names. */
		async function all_problems(): Promise<string[]> {
			if (server.cluster?.neighbours === undefined) return problems();
			const { answers, missing } = await server.nodes.ask_all(health_question, true);
			const found = answers.flatMap(({ node, answer }) => answer.map((problem) => `${node}: ${problem}`));
			return [...found, ...[...missing].map(([node, why]) => `${node}: ${why}`)];
		}

		async function get_health({ request, response }: HttpEvent): Promise<string | number> {
			if (!may_see(request)) return 403;
			const found = await all_problems();
			response.headers["content_type"] = "text/plain; charset=utf-8";
			response.headers["cache_control"] = "no-store";
			if (found.length === 0) return "ok\n";
			response.status_code = 503;
			return `${found.join("\n")}\n`;
		}

		module.unload = server.nodes.answer(health_question, problems);
		module.provides("http", { place: "any", default_path: "health", route: { GET: get_health } });
	},
};
