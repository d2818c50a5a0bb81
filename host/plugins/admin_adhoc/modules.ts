// Counterpart: plugins/mod_admin_adhoc.lua (modules)

import type { ModuleApi } from "../../core/types.ts";
import type { Field } from "../../util/dataforms.ts";
import type { Result } from "../../util/error.ts";
import { type Answer, actor_of, type By, complain, Outcomes, offering, say, show_form, with_form } from "./command.ts";
import { on_all_nodes } from "./everywhere.ts";

const form_type = (what: string): string => `http://prosody.im/protocol/modules#${what}`;

/** Commands that load, reload and unload modules, on this host and on all. */
export function load_modules(module: ModuleApi): void {
	const { server, log, host } = module;
	const manager = server.modulemanager;
	const offer = offering(module);

	const names_on = (where: string): string[] => manager.loaded_on(where).map(({ name }) => name);
	const names_anywhere = (): string[] => [...new Set([...names_on("*"), ...[...server.hosts.keys()].flatMap(names_on)])].sort();

	offer("List loaded modules", form_type("list"), () =>
		show_form(
			"List of loaded modules",
			form_type("list"),
			[{ name: "modules", type: "text-multi", label: "The following modules are loaded:" }],
			{ modules: names_on(host).sort().join("\n") },
		),
	);

	const one = (label: string): Field[] => [{ name: "module", type: "text-single", required: true, label }];

	offer(
		"Load module",
		form_type("load"),
		with_form(
			{
				title: "Load module",
				instructions: "Specify the module to be loaded",
				form_type: form_type("load"),
				fields: one("Module to be loaded:"),
			},
			on_all_nodes(module, form_type("load"), (filled) => {
				const name = filled.text("module");
				if (manager.is_loaded(host, name)) return say("Module already loaded");
				const loaded = manager.load(host, name);
				if (loaded.ok) return say(`Module "${name}" successfully loaded on host "${host}".`);
				return complain(`Failed to load module "${name}" on host "${host}". Error was: "${loaded.error}"`);
			}),
		),
	);

	offer(
		"Globally load module",
		form_type("global-load"),
		with_form(
			{
				title: "Globally load module",
				instructions: "Specify the module to be loaded on all hosts",
				form_type: form_type("global-load"),
				fields: one("Module to globally load:"),
			},
			on_all_nodes(module, form_type("global-load"), (filled, request) => {
				const name = filled.text("module");
				const outcomes = new Outcomes();
				const load = (where: string): void => {
					const loaded = manager.load(where, name);
					if (loaded.ok) outcomes.done.push(where);
					else outcomes.failed.push(`${where} (Error: ${loaded.error})`);
				};
				load(host);
				log("info", "mod_%s loaded by %s", name, actor_of(request));
				if (manager.is_loaded("*", name) && !manager.is_loaded(host, name)) return say(`Global module ${name} loaded.`);
				for (const { host: other, type } of [...server.hosts.values()]) if (other !== host && type === "local") load(other);
				return say(
					outcomes.lines(
						`The module ${name} was successfully loaded onto the hosts:`,
						`Failed to load the module ${name} onto the hosts:`,
					),
				);
			}),
		),
		"global_admin",
	);

	/** Does something with modules of this host that are chosen out of all that are loaded. */
	function offer_for_chosen(verb: "reload" | "unload", past: string, act: (name: string) => Result<unknown, string>): void {
		const title = `${verb === "reload" ? "Reload" : "Unload"} modules`;
		offer(
			title,
			form_type(verb),
			with_form(
				{
					title,
					instructions: `Select the modules to be ${past}`,
					form_type: form_type(verb),
					fields: [{ name: "modules", type: "list-multi", required: true, label: `Modules to be ${past}:` }],
					initial: () => ({ modules: names_on(host).sort() }),
				},
				on_all_nodes(module, form_type(verb), (filled, request) => {
					const outcomes = new Outcomes();
					for (const name of filled.list("modules")) {
						const acted = act(name);
						if (acted.ok) outcomes.done.push(name);
						else outcomes.failed.push(`${name}(Error: ${acted.error})`);
						log("info", "mod_%s %s by %s", name, past, actor_of(request));
					}
					return say(
						outcomes.lines(
							`The following modules were successfully ${past} on host ${host}:`,
							`Failed to ${verb} the following modules on host ${host}:`,
						),
					);
				}),
			),
		);
	}

	/** Does something with one module wherever it is loaded. */
	function everywhere(name: string, verb: "reload" | "unload", past: string, on: string, request: By): Answer {
		const act = (where: string): Result<unknown, string> => manager[verb](where, name);
		const is_global = manager.is_loaded("*", name);
		const globally = is_global ? act("*") : undefined;
		if (globally?.ok === false) return say(`Global module ${name} failed to ${verb}: ${globally.error}`);
		const outcomes = new Outcomes();
		for (const where of [...server.hosts.keys()]) {
			if (!manager.is_loaded(where, name)) continue;
			const acted = act(where);
			if (acted.ok) outcomes.done.push(where);
			else outcomes.failed.push(`${where} (Error: ${acted.error})`);
		}
		if (outcomes.done.length + outcomes.failed.length === 0) {
			return say(is_global ? `Successfully ${past} global module ${name}` : `Module ${name} not loaded on any host.`);
		}
		log("info", "mod_%s %s everywhere by %s", name, past, actor_of(request));
		return say(
			outcomes.lines(
				`The module ${name} was successfully ${past} on the hosts:`,
				`Failed to ${verb} the module ${name} ${on} the hosts:`,
			),
		);
	}

	function offer_everywhere(verb: "reload" | "unload", past: string, instructions: string): void {
		const title = `Globally ${verb} module`;
		offer(
			title,
			form_type(`global-${verb}`),
			with_form(
				{
					title,
					instructions,
					form_type: form_type(`global-${verb}`),
					fields: [{ name: "module", type: "list-single", required: true, label: `Module to globally ${verb}:` }],
					initial: () => ({ module: names_anywhere() }),
				},
				on_all_nodes(module, form_type(`global-${verb}`), (filled, request) =>
					everywhere(filled.text("module"), verb, past, "on", request),
				),
			),
			"global_admin",
		);
	}

	offer_for_chosen("reload", "reloaded", (name) => manager.reload(host, name));
	offer_everywhere("reload", "reloaded", "Specify the module to reload on all hosts");
	offer_for_chosen("unload", "unloaded", (name) => manager.unload(host, name));
	offer_everywhere("unload", "unloaded", "Specify a module to unload on all hosts");
}
