// Counterpart: plugins/mod_http_openmetrics.lua

import type { HttpEvent, ModuleDefinition, Question } from "../core/types.ts";
import { text_of } from "../util/cluster/read.ts";
import { merge_metrics } from "../util/merged_metrics.ts";
import { permitted, this_machine } from "./http_permitted.lib.ts";

/** What a process of this server shows. */
const metrics_question: Question<true, string> = {
	name: "metrics",
	read_asked: (given) => (given === true ? true : undefined),
	read_answer: text_of,
};

/**
 * Shows the server's metrics to a Prometheus, at `/metrics`; of a server of several processes, those of all, which the label `worker` tells
 * from one another. Options: openmetrics_allow_ips, openmetrics_allow_cidr.
 */
export const definition: ModuleDefinition = {
	name: "http_openmetrics",
	global: true,
	load(module) {
		module.depends("http");
		const may_see = permitted(
			module,
			module.get_option_set("openmetrics_allow_ips", this_machine),
			module.get_option_string("openmetrics_allow_cidr"),
		);
		const { cluster, nodes, statsmanager } = module.server;

		/** What this process has counted. */
		function own_metrics(): string {
			if (statsmanager.is_manual) statsmanager.collect();
			return statsmanager.registry?.render() ?? "";
		}

		/** What all processes have counted. One that does not answer is left out, as one that is not there. */
		async function all_metrics(): Promise<string> {
			const { answers, missing } = await nodes.ask_all(metrics_question, true);
			for (const [node, why] of missing) module.log("warn", "The metrics of %s are missing: %s", node, why);
			return merge_metrics(new Map(answers.map(({ node, answer }) => [node, answer])), "worker");
		}

		function get_metrics({ request, response }: HttpEvent): string | number | Promise<string> {
			if (!may_see(request)) return 403;
			if (statsmanager.registry === undefined) {
				response.status_code = 404;
				response.headers["content_type"] = "text/plain; charset=utf-8";
				return "No statistics provider configured\n";
			}
			response.headers["content_type"] = "application/openmetrics-text; version=1.0.0; charset=utf-8";
			return cluster?.neighbours === undefined ? own_metrics() : all_metrics();
		}

		module.unload = nodes.answer(metrics_question, own_metrics);
		module.provides("http", { place: "any", default_path: "metrics", route: { GET: get_metrics } });
	},
};
