// Counterpart: plugins/mod_admin_shell.lua (def_env, host_commands, new_item_handlers)

import type { ItemEvent, ModuleApi } from "../../core/types.ts";
import * as jid from "../../util/jid.ts";
import { type Command, refused, type Section, type ShellCommandItem } from "./command.ts";

interface OpenSection {
	desc: string | undefined;
	readonly commands: Map<string, Command>;
	/** Those that modules offer; when the last of them goes, so does a section that has nothing else. */
	readonly is_fixed: boolean;
}

/** A command that several hosts' modules offer; an argument says which is meant. */
class HostCommand {
	readonly by_host = new Map<string, ShellCommandItem>();

	constructor(
		private readonly module: ModuleApi,
		private readonly selector: string,
		private readonly position: number,
	) {}

	run: Command["run"] = (shell, args, flags) => {
		const given = args[this.position];
		const host = typeof given === "string" ? jid.prepped_split(given).host : undefined;
		if (host === undefined) return refused(`Invalid or missing argument '${this.selector}'`);
		if (!this.module.server.hosts.has(host)) return refused(`Unknown host: ${host}`);
		return this.by_host.get(host)?.run(shell, args, flags) ?? refused(`This command is not available on ${host}`);
	};
}

function is_command(value: unknown): value is Command {
	return typeof value === "object" && value !== null && "run" in value;
}

/** All that can be typed, by section. */
export class CommandTable {
	private readonly sections = new Map<string, OpenSection>();
	private readonly host_commands = new Map<string, HostCommand>();
	/** Where modules in Lua put commands, as in Prosody. */
	private readonly env: Map<string, unknown>;

	constructor(
		private readonly module: ModuleApi,
		sections: readonly Section[],
	) {
		this.env = module.shared("env");
		this.env.set("output", { configure: () => undefined });
		for (const { name, desc, commands } of sections) {
			this.sections.set(name, { desc, commands: new Map(commands.map((entry) => [entry.name, entry])), is_fixed: true });
			if (!this.env.has(name)) this.env.set(name, {});
		}
	}

	names(): string[] {
		return [...this.sections.keys()].sort();
	}

	has(section: string): boolean {
		return this.sections.has(section);
	}

	desc(section: string): string | undefined {
		return this.sections.get(section)?.desc;
	}

	/** The commands of a section by name, hidden ones too. */
	commands(section: string): Command[] {
		return [...(this.sections.get(section)?.commands.values() ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
	}

	find(section: string, name: string): Command | undefined {
		const offered = this.sections.get(section)?.commands.get(name);
		if (offered !== undefined) return offered;
		const found = this.module.server.events.fire_event("shell-command-wanted", { env: this.env, section, name });
		return is_command(found) ? found : undefined;
	}

	/** Follows what modules offer: those of a host where one is given, else the global ones. */
	follow(module: ModuleApi, host: string | undefined): void {
		module.handle_items(
			"shell-command",
			(event) => this.add(event, host),
			({ item }) => this.remove(item, host),
		);
	}

	private add({ item, source }: ItemEvent<ShellCommandItem>, host: string | undefined): void {
		const qualified = `${item.section}:${item.name}`;
		const log = this.module.log;
		const command = host === undefined ? item : this.add_for_host(item, host, source.name);
		if (command === undefined) return;
		let section = this.sections.get(item.section);
		if (section === undefined) {
			section = { desc: item.section_desc, commands: new Map(), is_fixed: false };
			this.sections.set(item.section, section);
		}
		section.desc ??= item.section_desc;
		section.commands.set(item.name, { ...item, flags: shell_flags(item), run: command.run.bind(command) });
		log("debug", "Shell command added by mod_%s: %s()", source.name, qualified);
	}

	/** Adds what a host's module offers; undefined where it does not say which argument names the host. */
	private add_for_host(item: ShellCommandItem, host: string, source: string): HostCommand | undefined {
		const qualified = `${item.section}:${item.name}`;
		const { log } = this.module;
		const { host_selector } = item;
		if (host_selector === undefined) {
			log("warn", "Ignoring command %s() added by mod_%s - missing/invalid host_selector", qualified, source);
			return undefined;
		}
		let shared = this.host_commands.get(qualified);
		if (shared === undefined) {
			const position = item.args.findIndex(({ name }) => name === host_selector);
			if (position < 0) {
				log("warn", "Command %s() host selector argument '%s' not found - not registering", qualified, host_selector);
				return undefined;
			}
			shared = new HostCommand(this.module, host_selector, position);
			this.host_commands.set(qualified, shared);
		}
		if (shared.by_host.has(host)) {
			log("warn", "Command %s() is already registered - overwriting with mod_%s", qualified, source);
		}
		shared.by_host.set(host, item);
		return shared;
	}

	private remove(item: ShellCommandItem, host: string | undefined): void {
		const qualified = `${item.section}:${item.name}`;
		if (host !== undefined) {
			const shared = this.host_commands.get(qualified);
			if (shared === undefined || shared.by_host.get(host) !== item) return;
			shared.by_host.delete(host);
			if (shared.by_host.size > 0) return;
			this.host_commands.delete(qualified);
		}
		const section = this.sections.get(item.section);
		section?.commands.delete(item.name);
		if (section !== undefined && !section.is_fixed && section.commands.size === 0) this.sections.delete(item.section);
	}
}

/** Words with dashes of a command that a module offers: unknown ones are refused, and they may stand anywhere. */
function shell_flags({ flags }: ShellCommandItem): Command["flags"] {
	return flags === undefined ? undefined : { stop_on_positional: false, strict: true, ...flags };
}
