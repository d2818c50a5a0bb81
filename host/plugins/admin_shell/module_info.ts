// Counterpart: plugins/mod_admin_shell.lua (def_env.module:info)

import type { LoadedModule, ModuleApi, RunningModule, Task } from "../../core/types.ts";
import { type Outcome, refused, result, type Shell, type ShellValue } from "./command.ts";
import { hosts_with_module, show_host } from "./hosts.ts";

/** What kinds of items are called. */
const descriptions: Readonly<Record<string, string>> = {
	"adhoc-provider": "Ad-hoc commands",
	"auth-provider": "Authentication provider",
	"http-provider": "HTTP services",
	"net-provider": "Network service",
	"storage-provider": "Storage driver",
	measure: "Legacy metrics",
	metric: "Metrics",
	task: "Periodic task",
};

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** When a task was last run, where that is known. */
function show_last_run(task: Task & { readonly last?: unknown }): string {
	if (typeof task.last !== "number") return "no last run time";
	const date = new Date(task.last * 1000);
	const time = `${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`;
	const is_today = Date.now() / 1000 - task.last < 86_400;
	return `last run ${is_today ? "today" : weekdays[date.getDay()]} at ${time}`;
}

function label_of(kind: string): string {
	const words = kind.replaceAll("-", " ");
	return descriptions[kind] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

/** A unit before what it is the unit of. */
function suffixed(unit = ""): string {
	return unit === "" ? "" : `${unit} `;
}

/** What an item's line says; nothing for kinds whose items say nothing to people. */
function lines_of(module: ModuleApi, instance: RunningModule, kind: string): string[] {
	switch (kind) {
		case "feature":
			return instance.own_items("feature");
		case "identity":
			return instance.own_items("identity").map(({ type, category }) => `${type}/${category}`);
		case "auth-provider":
			return instance.own_items("auth-provider").map(({ name }) => name);
		case "storage-provider":
			return instance.own_items("storage-provider").map(({ name }) => name);
		case "adhoc-provider":
			return instance.own_items("adhoc-provider").map(({ name }) => name);
		case "http-provider":
			return instance.own_items("http-provider").map(({ name, default_path }) => instance.http_url(name, default_path));
		case "net-provider":
			return instance.own_items("net-provider").map(({ name }) => {
				const ports = module.server.addresses().filter(({ service }) => service === name);
				const listed = ports.map(({ host, port }) => `[${host}]:${port}`).join(", ");
				return `${name}: ${listed === "" ? "not listening on any ports" : listed}`;
			});
		case "measure":
			return instance.own_items("measure").map(({ name, type, conf }) => `${name} (${suffixed(conf?.unit)}${type})`);
		case "metric":
			return instance.own_items("metric").map(({ name, mf }) => {
				const { unit, kind: of_kind, description } = mf;
				return `${name} (${suffixed(unit)}${of_kind})${description === "" ? "" : `: ${description}`}`;
			});
		case "task":
			return instance
				.own_items("task")
				.map((task) => `${task.name ?? task.id ?? task.when} (${task.when}, ${show_last_run(task)})`);
		default:
			return [];
	}
}

function show_items(module: ModuleApi, shell: Shell, instance: RunningModule): void {
	const kinds = instance.item_kinds();
	if (kinds.length === 0) return;
	shell.print("  provides:");
	for (const kind of kinds) {
		const count = instance.own_items(kind).length;
		shell.print(`  - ${label_of(kind)} (${count} item${count > 1 ? "s" : ""})`);
		for (const line of lines_of(module, instance, kind)) shell.print(`    - ${line}`);
	}
}

function show_dependencies(module: ModuleApi, shell: Shell, host: string, loaded: LoadedModule): void {
	const { modulemanager } = module.server;
	const list = (title: string, names: readonly string[]): void => {
		if (names.length === 0) return;
		shell.print(`  ${title}:`);
		for (const name of names) if (modulemanager.is_loaded(host, name)) shell.print(`  - mod_${name}`);
	};
	list("dependencies", [...loaded.module.dependencies]);
	const dependants = [...module.server.hosts.keys(), "*"]
		.flatMap((other) => modulemanager.loaded_on(other))
		.filter((other) => other.module.dependencies.has(loaded.name) && (loaded.module.host === "*" || other.module.host === host));
	list("reverse dependencies", [...new Set(dependants.map(({ name }) => name))]);
}

/** Shows where a module is loaded, what it offers, and what it depends on. */
export function show_module(module: ModuleApi, shell: Shell, name: string, given: ShellValue): Outcome {
	const { server } = module;
	const hosts = hosts_with_module(module, given, name);
	if (hosts.length === 0) return refused(`mod_${name} does not appear to be loaded on the specified hosts`);
	for (const host of hosts) {
		const loaded = server.modulemanager.get_module(host, name);
		if (loaded === undefined) continue;
		const { module: instance, definition } = loaded;
		shell.print(instance.host === "*" ? "in global context" : `on ${show_host(server, instance.host)}`);
		shell.print(`  path: ${definition.path ?? "n/a"}`);
		const { kind, message } = instance.get_status();
		shell.print(`  status: [${kind}] ${message}`);
		show_items(module, shell, instance);
		show_dependencies(module, shell, host, loaded);
	}
	return result(true);
}
