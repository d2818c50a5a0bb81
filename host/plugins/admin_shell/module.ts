// Counterpart: plugins/mod_admin_shell.lua (def_env.module)

import type { ModuleApi, Server } from "../../core/types.ts";
import type { Result } from "../../util/error.ts";
import { command, done, type Outcome, refused, result, type Section, type Shell, type ShellValue, text_of } from "./command.ts";
import { compare_hosts, count_of, hosts_of, hosts_with_module } from "./hosts.ts";
import { show_module } from "./module_info.ts";

/** Whether the configuration has a module on a host. */
function is_configured(server: Server, host: string, name: string): boolean {
	return server.modulemanager.configured_for(host).includes(name);
}

function load(module: ModuleApi, shell: Shell, name: string, given: ShellValue): Outcome {
	const { server } = module;
	const manager = server.modulemanager;
	const hosts = hosts_with_module(module, given);
	let last_error: string | undefined;
	let count = 0;
	let loaded_already = 0;
	for (const host of hosts) {
		if (manager.is_loaded(host, name)) {
			loaded_already++;
			continue;
		}
		const loaded = manager.load(host, name);
		if (loaded.ok) {
			count++;
			shell.print(`Loaded for ${loaded.value.module.host}`);
			if (!is_configured(server, host, name))
				shell.print("Note: Module will not be loaded after restart unless enabled in configuration");
		} else if (loaded.error === "global-module-already-loaded") {
			if (count > 0) [last_error, count] = [undefined, 1];
			else last_error = loaded.error;
			break;
		} else {
			last_error = loaded.error;
			shell.print(loaded.error);
		}
	}
	if (last_error !== undefined) return refused(`Last error: ${last_error}`);
	if (loaded_already === hosts.length && hosts.length > 0) return done("Module already loaded");
	return done(`Module loaded onto ${count_of(count, "host")}`);
}

/** Unloads or reloads a module on hosts. */
function on_each(
	shell: Shell,
	hosts: readonly string[],
	act: (host: string) => Result<unknown, string>,
	words: { readonly line: string; readonly summary: string },
	note: (host: string) => void = () => {},
): Outcome {
	let last_error: string | undefined;
	let count = 0;
	for (const host of hosts) {
		const acted = act(host);
		if (acted.ok) {
			count++;
			shell.print(`${words.line} ${host}`);
			note(host);
		} else {
			last_error = acted.error;
			shell.print(acted.error);
		}
	}
	return last_error === undefined ? done(`${words.summary} ${count_of(count, "host")}`) : refused(`Last error: ${last_error}`);
}

/** What is loaded on hosts, with what is wrong with it. */
function list(module: ModuleApi, shell: Shell, given: ShellValue): Outcome {
	const { server } = module;
	const hosts = hosts_of(server, given).sort(compare_hosts);
	for (const host of given === undefined ? ["*", ...hosts] : hosts) {
		shell.print(`${host === "*" ? "Global" : host}:`);
		const loaded = server.modulemanager.loaded_on(host).sort((a, b) => (a.name < b.name ? -1 : 1));
		if (loaded.length === 0) shell.print(server.hosts.has(host) ? "    No modules loaded" : "    Host not found");
		for (const { name, module: instance } of loaded) {
			const { kind, message } = instance.get_status();
			shell.print(`    ${name}${kind === "warn" || kind === "error" ? ` (${kind}: ${message})` : ""}`);
		}
	}
	return result(undefined);
}

export function module_section(module: ModuleApi): Section {
	const { server } = module;
	const manager = server.modulemanager;
	const name_of = (given: ShellValue): string => text_of(given, "the module's name");
	return {
		name: "module",
		desc: "Commands to load/reload/unload modules/plugins",
		commands: [
			command("info(module, host)", "Show information about a loaded module", (shell, [name, hosts]) =>
				name === undefined ? refused("module name expected") : show_module(module, shell, name_of(name), hosts),
			),
			command(
				"load(module, host)",
				"Load the specified module on the specified host (or all hosts if none given)",
				(shell, [name, hosts]) => load(module, shell, name_of(name), hosts),
				{ nodes: "workers" },
			),
			command(
				"unload(module, host)",
				"The same, but just unloads the module from memory",
				(shell, [given, hosts]) => {
					const name = name_of(given);
					const note = (host: string): void => {
						if (is_configured(server, host, name))
							shell.print("Note: Module will be loaded after restart unless disabled in configuration");
					};
					const words = { line: "Unloaded from", summary: "Module unloaded from" };
					return on_each(shell, hosts_with_module(module, hosts, name), (host) => manager.unload(host, name), words, note);
				},
				{ nodes: "workers" },
			),
			command(
				"reload(module, host)",
				"The same, but unloads and loads the module (saving state if the module supports it)",
				(shell, [given, hosts]) => {
					const name = name_of(given);
					const where = hosts_with_module(module, hosts, name).sort(compare_hosts);
					const words = { line: "Reloaded on", summary: "Module reloaded on" };
					return on_each(shell, where, (host) => manager.reload(host, name), words);
				},
				{ nodes: "workers" },
			),
			command("list(host)", "List the modules loaded on the specified host", (shell, [hosts]) => list(module, shell, hosts)),
		],
	};
}
