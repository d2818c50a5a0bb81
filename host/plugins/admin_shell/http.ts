// Counterpart: plugins/mod_admin_shell.lua (def_env.http)

import type { HttpApp, ModuleApi } from "../../core/types.ts";
import { format_table, type TableLines } from "../../util/human/table.ts";
import { command, type Outcome, result, type Section, type Shell, type ShellValue } from "./command.ts";
import { compare_hosts, hosts_of } from "./hosts.ts";

/** An app with its addresses. */
interface Endpoint {
	readonly provider: string;
	readonly external: string;
	readonly internal: string;
}

function endpoint_of(module: ModuleApi, host: string, provider: string, { name, default_path }: HttpApp): Endpoint {
	const app = name ?? provider.replace(/^http_/, "");
	const context = module.context(host);
	const external = context.http_url(app, default_path);
	const internal = context.http_url(app, default_path, "internal");
	return { provider: `mod_${provider}`, external, internal: internal === external ? "" : internal };
}

function list(module: ModuleApi, shell: Shell, given: ShellValue): Outcome {
	const { server } = module;
	const hosts = hosts_of(server, given).sort(compare_hosts);
	const shown = { title: "Module", width: "1p", value: ({ provider }: Endpoint) => provider };
	const external = ({ external: address }: Endpoint): string => address;
	const simple: TableLines<Endpoint> = format_table(
		[shown, { title: "External URL", width: "6p", value: external }],
		shell.width,
	);
	const split: TableLines<Endpoint> = format_table(
		[
			shown,
			{ title: "External URL", width: "3p", value: external },
			{ title: "Internal URL", width: "3p", value: ({ internal }) => internal },
		],
		shell.width,
	);
	for (const host of given === undefined ? ["*", ...hosts] : hosts) {
		const apps = server.modulemanager
			.loaded_on(host)
			.flatMap(({ name, module: instance }) =>
				instance.own_items("http-provider").map((app) => endpoint_of(module, host, name, app)),
			);
		if (apps.length === 0) continue;
		const http_host = server.config.get(host, "http_host");
		const using = typeof http_host === "string" ? ` (using ${http_host}):` : ":";
		shell.print(host === "*" ? "Global HTTP endpoints available on all hosts:" : `HTTP endpoints on ${host}${using}`);
		shell.print(split.titles());
		for (const app of apps) shell.print((app.internal === "" ? simple : split).row(app));
		shell.print("");
	}
	const default_host = server.config.get("*", "http_default_host");
	shell.print(
		typeof default_host === "string"
			? `HTTP requests to unknown hosts will be handled by ${default_host}`
			: "HTTP requests to unknown hosts will return 404 Not Found",
	);
	return result(true);
}

export function http_section(module: ModuleApi): Section {
	return {
		name: "http",
		desc: "Commands to inspect HTTP services",
		commands: [command("list(hosts)", "Show HTTP endpoints", (shell, [hosts]) => list(module, shell, hosts))],
	};
}
