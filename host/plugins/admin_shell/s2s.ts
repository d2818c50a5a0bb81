// Counterpart: plugins/mod_admin_shell.lua (def_env.s2s)

import type { ServerStreamSession } from "../../core/s2s_session.ts";
import type { ModuleApi } from "../../core/types.ts";
import { close_reason } from "./c2s.ts";
import { show_certificates } from "./certificates.ts";
import { column_names, ends_of, session_table } from "./columns.ts";
import { command, done, type Outcome, optional_text, refused, type Section, type Shell, text_of } from "./command.ts";
import { compare_hosts, count_of, show_host } from "./hosts.ts";
import { all_streams } from "./sessions.ts";

/** Whether a domain is meant by one, or by all below one: `*.example.com`. */
function matches(wanted: string, domain: string | undefined): boolean {
	if (domain === undefined) return false;
	return domain === wanted || domain === wanted.slice(2) || (wanted !== "*" && domain.endsWith(wanted.slice(1)));
}

/** Whether a stream is with, or of, a domain. */
function is_with(session: ServerStreamSession, wanted: string | undefined): boolean {
	if (wanted === undefined || wanted === "*") return true;
	const { local, remote } = ends_of(session);
	if (local === wanted || remote === wanted) return true;
	return wanted.startsWith("*.") && (matches(wanted, local) || matches(wanted, remote));
}

function compare_streams(a: ServerStreamSession, b: ServerStreamSession): number {
	const [left, right] = [ends_of(a), ends_of(b)];
	if ((left.local ?? "") === (right.local ?? "")) return compare_hosts(left.remote ?? "", right.remote ?? "");
	return compare_hosts(left.local ?? "", right.local ?? "");
}

function show(module: ModuleApi, shell: Shell, wanted: string | undefined, names: readonly string[]): Outcome {
	const table = session_table(module.server, names, shell.width);
	const all = all_streams(module.server);
	const shown = all.filter((session) => is_with(session, wanted));
	const by_host = !names.includes("host");
	if (!by_host) shell.print(table.titles());
	let current: string | undefined;
	for (const [index, session] of shown.sort(compare_streams).entries()) {
		const { local } = ends_of(session);
		if (by_host && (index === 0 || local !== current)) {
			current = local;
			shell.print("#", show_host(module.server, local));
			shell.print(table.titles());
		}
		shell.print(table.row(session));
	}
	return done(
		all.length === shown.length
			? `${all.length} s2s connections shown`
			: `${shown.length} out of ${all.length} s2s connections shown`,
	);
}

const usual_columns = ["id", "host", "dir", "remote", "ipv", "secure", "s2s_sasl", "dialback"];

export function s2s_section(module: ModuleApi): Section {
	const sessions = (): ServerStreamSession[] => all_streams(module.server);
	return {
		name: "s2s",
		desc: "Commands to manage sessions between this server and others",
		commands: [
			command(
				"show(domain, columns)",
				"Show all s2s connections for the given domain (or all if no domain given)",
				(shell, [domain, columns]) =>
					show(module, shell, optional_text(domain, "the domain"), column_names(columns, usual_columns)),
				{ nodes: "all" },
			),
			command(
				"show_tls(domain)",
				"Show TLS cipher info for encrypted sessions",
				(shell, [domain]) => {
					const names = ["id", "host", "dir", "remote", "secure", "encryption", "cert"];
					return show(module, shell, optional_text(domain, "the domain"), names);
				},
				{ nodes: "all" },
			),
			command(
				"showcert(domain)",
				"Show the certificates that a domain has shown",
				(shell, [domain]) => {
					const wanted = text_of(domain, "the domain");
					return show_certificates(
						shell,
						wanted,
						sessions().filter((session) => is_with(session, wanted)),
					);
				},
				{ hidden: true, nodes: "all" },
			),
			command(
				"close(from, to)",
				"Close a connection from one domain to another",
				(shell, [first, second, text, condition]) => {
					const from = optional_text(first, "the first domain");
					const to = optional_text(second, "the second domain");
					if (from === undefined) return refused("Syntax: s2s:close('from', 'to') - Closes all s2s sessions from 'from' to 'to'");
					if (from === to) return refused("Both from and to are the same... you can't do that :)");
					const is_meant = (session: ServerStreamSession): boolean =>
						to === undefined ? session.id === from : matches(from, session.from_host) && matches(to, session.to_host);
					const meant = sessions().filter(is_meant);
					for (const session of meant) {
						shell.print(`Closing connection from ${session.from_host} to ${session.to_host} [${session.id}]`);
						session.close(close_reason(text, condition));
					}
					return done(`Closed ${count_of(meant.length, "s2s session")}`);
				},
				{ nodes: "all" },
			),
			command(
				"closeall(host)",
				"Close all the incoming/outgoing s2s sessions to specified host",
				(_shell, [host, text, condition]) => {
					const wanted = optional_text(host, "the host");
					const meant = sessions().filter((session) => is_with(session, wanted));
					for (const session of meant) session.close(close_reason(text, condition));
					return meant.length === 0 ? refused("No sessions to close.") : done(`Closed ${count_of(meant.length, "s2s session")}`);
				},
				{ nodes: "all" },
			),
		],
	};
}
