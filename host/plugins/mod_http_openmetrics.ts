// Counterpart: plugins/mod_http_openmetrics.lua

import type { HttpEvent, ModuleDefinition } from "../core/types.ts";
import { permitted, this_machine } from "./http_permitted.lib.ts";

/** Shows the server's metrics to a Prometheus, at `/metrics`. Options: openmetrics_allow_ips, openmetrics_allow_cidr. */
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
		const { statsmanager } = module.server;

		function get_metrics({ request, response }: HttpEvent): string | number {
			if (!may_see(request)) return 403;
			const { registry } = statsmanager;
			if (registry === undefined) {
				response.status_code = 404;
				response.headers["content_type"] = "text/plain; charset=utf-8";
				return "No statistics provider configured\n";
			}
			if (statsmanager.is_manual) statsmanager.collect();
			response.headers["content_type"] = "application/openmetrics-text; version=1.0.0; charset=utf-8";
			return registry.render();
		}

		module.provides("http", { default_path: "metrics", route: { GET: get_metrics } });
	},
};
