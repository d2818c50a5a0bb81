// Counterpart: plugins/mod_admin_shell.lua

import { AdminSession } from "../core/admin_session.ts";
import type { ModuleDefinition } from "../core/types.ts";
import { cluster_section } from "./admin_shell/cluster.ts";
import type { Shell } from "./admin_shell/command.ts";
import { handle_line, type LineAnswer, type LuaRunner } from "./admin_shell/lines.ts";
import { listener_of, when_gone } from "./admin_shell/listeners.ts";
import { ShellNodes } from "./admin_shell/nodes.ts";
import { create_sections } from "./admin_shell/sections.ts";
import { ShellSession } from "./admin_shell/session.ts";
import { CommandTable } from "./admin_shell/table.ts";

/** What can be typed over the socket of administrators. */
export const definition: ModuleDefinition = {
	name: "admin_shell",
	global: true,
	load(module) {
		module.depends("admin_socket");
		// A server alone shows what Prosody shows
		const cluster = module.server.cluster === undefined ? undefined : cluster_section(module);
		const table = new CommandTable(module, [...create_sections(module), ...(cluster === undefined ? [] : [cluster])]);
		const sessions = new Map<object, ShellSession>();

		function session_of(origin: object): ShellSession | undefined {
			const known = sessions.get(origin);
			if (known !== undefined) return known;
			const listener = listener_of(origin);
			if (listener === undefined) return undefined;
			const session = new ShellSession(listener);
			sessions.set(origin, session);
			return session;
		}

		function forget(origin: object): void {
			sessions.get(origin)?.end();
			sessions.delete(origin);
		}

		const run_lua: LuaRunner = (code, print) => module.server.modulemanager.run_line(code, print);
		const report = (error: unknown): void =>
			module.log("error", "Traceback[shell]: %s", error instanceof Error ? (error.stack ?? error.message) : error);

		const nodes = new ShellNodes(module);
		const stop_answering = nodes.answer((shell, line) => handle_line(shell, table, line, () => undefined, report));

		module.hook("admin/repl-input", ({ origin, stanza }) => {
			const is_new = !sessions.has(origin);
			const session = session_of(origin);
			if (session === undefined) return undefined;
			const say = ({ text, is_error }: LineAnswer): void => session.answer(text, is_error);
			const line = stanza.get_text() ?? "";
			const shell: Shell = {
				...session.for_line(stanza),
				spread: (command, args, here) => nodes.run(shell, command, args, line, here),
			};
			const answer = handle_line(shell, table, line, run_lua, report);
			if (answer instanceof Promise) answer.then(say, report);
			else say(answer);
			if (is_new && !(origin instanceof AdminSession)) when_gone(origin, () => forget(origin));
			return true;
		});
		module.hook("admin/repl-requested-input", ({ origin, stanza }) => {
			session_of(origin)?.receive(stanza);
			return true;
		});
		module.hook("admin-disconnected", ({ session }) => forget(session));
		// What somebody watches would otherwise go on for ever, since nobody here would hear that they are gone
		module.unload = () => {
			stop_answering();
			cluster?.stop();
			for (const session of sessions.values()) session.end();
			sessions.clear();
		};
		table.follow(module, undefined);
		module.add_host = (host_module) => table.follow(host_module, host_module.host);
		return { table };
	},
};
