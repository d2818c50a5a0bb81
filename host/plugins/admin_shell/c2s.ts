// Counterpart: plugins/mod_admin_shell.lua (def_env.c2s)

import type { ClientSession } from "../../core/c2s_session.ts";
import type { ModuleApi, StreamError } from "../../core/types.ts";
import * as jid from "../../util/jid.ts";
import { client_jid, column_names, session_table } from "./columns.ts";
import { command, done, type Outcome, optional_text, type Section, type Shell, type ShellValue, text_of } from "./command.ts";
import { compare_hosts, show_host } from "./hosts.ts";
import { all_clients } from "./sessions.ts";

/** By host, then the other way round by name, as Prosody lists them. */
function compare_clients(a: ClientSession, b: ClientSession): number {
	if (a.host !== b.host) return compare_hosts(a.host ?? "", b.host ?? "");
	const [left, right] = a.username === b.username ? [a.resource ?? "", b.resource ?? ""] : [a.username ?? "", b.username ?? ""];
	return left < right ? 1 : left > right ? -1 : 0;
}

/** Why streams are closed, where whoever closes them says so. */
export function close_reason(text: ShellValue, condition: ShellValue): StreamError | undefined {
	const [said, named] = [optional_text(text, "the reason"), optional_text(condition, "the condition")];
	if (said === undefined && named === undefined) return undefined;
	return { condition: named ?? "undefined-condition", ...(said === undefined ? {} : { text: said }) };
}

/** Shows a list of sessions, below their hosts unless the columns say which host is theirs. */
function show(module: ModuleApi, shell: Shell, match: string | undefined, names: readonly string[]): Outcome {
	const table = session_table(module.server, names, shell.width);
	const all = all_clients(module.server);
	const shown = all.filter((session) => match === undefined || match === "*" || jid.compare(client_jid(session), match));
	const by_host = !names.some((name) => name === "jid" || name === "host");
	if (!by_host) shell.print(table.titles());
	let current: string | undefined;
	for (const [index, session] of shown.sort(compare_clients).entries()) {
		if (by_host && (index === 0 || session.host !== current)) {
			current = session.host;
			shell.print("#", show_host(module.server, current));
			shell.print(table.titles());
		}
		shell.print(table.row(session));
	}
	return done(
		all.length === shown.length ? `${all.length} c2s sessions shown` : `${shown.length} out of ${all.length} c2s sessions shown`,
	);
}

const usual_columns = ["id", "jid", "role", "ipv", "status", "secure", "smacks", "csi"];

export function c2s_section(module: ModuleApi): Section {
	/** Closes some sessions. */
	const close = (is_meant: (address: string) => boolean, reason: StreamError | undefined): Outcome => {
		const meant = all_clients(module.server).filter((session) => is_meant(client_jid(session)));
		for (const session of meant) session.close(reason);
		return done(`Total: ${meant.length} sessions closed`);
	};
	return {
		name: "c2s",
		desc: "Commands to manage local client-to-server sessions",
		commands: [
			command(
				"count()",
				"Count sessions without listing them",
				() => done(`Total: ${all_clients(module.server).length} clients`),
				{ nodes: "all" },
			),
			command(
				"show(jid, columns)",
				"Show all client sessions with the specified JID (or all if no JID given)",
				(shell, [match, columns]) => show(module, shell, optional_text(match, "the JID"), column_names(columns, usual_columns)),
				{ nodes: "all" },
			),
			command(
				"show_tls(jid)",
				"Show TLS cipher info for encrypted sessions",
				(shell, [match]) => show(module, shell, optional_text(match, "the JID"), ["jid", "id", "secure", "encryption"]),
				{ nodes: "all" },
			),
			command(
				"close(jid)",
				"Close all sessions for the specified JID",
				(_shell, [match, text, condition]) => {
					const wanted = text_of(match, "the JID");
					return close((address) => address === wanted || jid.bare(address) === wanted, close_reason(text, condition));
				},
				{ nodes: "all" },
			),
			command(
				"closeall()",
				"Close all active c2s connections ",
				(_shell, [text, condition]) => close(() => true, close_reason(text, condition)),
				{ nodes: "all" },
			),
		],
	};
}
