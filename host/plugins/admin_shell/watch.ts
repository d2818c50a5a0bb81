// Counterpart: plugins/mod_admin_shell.lua (def_env.watch), plugins/mod_debug_stanzas/watcher.lib.lua

import type { ModuleApi, Stanza, StreamSession } from "../../core/types.ts";
import * as jid from "../../util/jid.ts";
import { command, type Outcome, optional_text, refused, result, type Section, type Shell, text_of } from "./command.ts";
import { all_streams } from "./sessions.ts";

/** Waits until whoever watches has gone. */
async function until_gone(shell: Shell, stop: () => void): Promise<Outcome> {
	await shell.gone;
	stop();
	return result(undefined);
}

/** Shows the stanzas of sessions as they come and go. */
class StanzaWatch {
	/** How each session is let go again. */
	private readonly watched = new Map<StreamSession, () => void>();

	constructor(
		private readonly shell: Shell,
		private readonly with_jid: string | undefined,
	) {}

	/** @param how `attached` to one that is there already, or one that was just `opened` */
	add(session: StreamSession, how: "attached" | "opened"): void {
		if (this.watched.has(session)) return;
		const received = (stanza: Stanza): Stanza => this.show(session, stanza, "received from", stanza.attr["to"]);
		const sent = (stanza: Stanza): Stanza => this.show(session, stanza, "sent to", stanza.attr["from"]);
		session.add_filter("stanzas/in", received);
		session.add_filter("stanzas/out", sent);
		this.watched.set(session, () => {
			session.remove_filter("stanzas/in", received);
			session.remove_filter("stanzas/out", sent);
		});
		this.shell.print_certainly(`\n<!-- session ${session.id} ${how} -->`);
	}

	private show(session: StreamSession, stanza: Stanza, what: string, other: string | undefined): Stanza {
		if (this.with_jid === undefined || (other !== undefined && jid.compare(other, this.with_jid))) {
			this.shell.print_certainly(`\n<!-- ${what} ${session.id} -->`);
			this.shell.print_certainly(String(stanza));
		}
		return stanza;
	}

	remove(session: StreamSession): void {
		const let_go = this.watched.get(session);
		if (let_go === undefined) return;
		this.watched.delete(session);
		let_go();
		this.shell.print_certainly(`\n<!-- session ${session.id} closed -->`);
	}

	end(): void {
		for (const let_go of this.watched.values()) let_go();
		this.watched.clear();
	}
}

/** Watches the clients whose JID a rule names. */
function watch_clients(module: ModuleApi, shell: Shell, target: string, watch: StanzaWatch): Promise<Outcome> | Outcome {
	const { server } = module;
	const host = jid.host(target);
	if (host === undefined || !server.hosts.has(host)) return refused(`No such host: ${host ?? target}`);
	for (const [address, session] of server.full_sessions) if (jid.compare(address, target)) watch.add(session, "attached");
	const context = module.context(host);
	const opened = ({ session }: { session: StreamSession & { readonly full_jid: string | undefined } }): void => {
		if (session.full_jid !== undefined && jid.compare(session.full_jid, target)) watch.add(session, "opened");
	};
	const closed = ({ session }: { session: StreamSession }): void => watch.remove(session);
	context.hook("resource-bind", opened);
	context.hook("resource-unbind", closed);
	return until_gone(shell, () => {
		context.unhook("resource-bind", opened);
		context.unhook("resource-unbind", closed);
		watch.end();
	});
}

/** Watches the streams with another server. */
function watch_server(module: ModuleApi, shell: Shell, domain: string, watch: StanzaWatch): Promise<Outcome> {
	const is_with = (session: { readonly from_host: string | undefined; readonly to_host: string | undefined }): boolean =>
		session.from_host === domain || session.to_host === domain;
	for (const session of all_streams(module.server)) if (is_with(session)) watch.add(session, "attached");
	const opened = ({ session }: { session: StreamSession & Parameters<typeof is_with>[0] }): void => {
		if (is_with(session)) watch.add(session, "opened");
	};
	const closed = ({ session }: { session: StreamSession }): void => watch.remove(session);
	const contexts = [module, ...[...module.server.hosts.keys()].map((host) => module.context(host))];
	for (const context of contexts) {
		context.hook("s2sin-established", opened);
		context.hook("s2sout-established", opened);
		context.hook("s2s-closed", closed);
	}
	return until_gone(shell, () => {
		for (const context of contexts) {
			context.unhook("s2sin-established", opened);
			context.unhook("s2sout-established", opened);
			context.unhook("s2s-closed", closed);
		}
		watch.end();
	});
}

export function watch_section(module: ModuleApi): Section {
	const { server } = module;
	return {
		name: "watch",
		desc: "Commands for watching live logs from the server",
		commands: [
			command("log()", "Follow debug logs", (shell) => {
				const stop = server.watch_log((source, level, text) => shell.print_certainly(source, level, text));
				return until_gone(shell, stop);
			}),
			command(
				"stanzas(target, filter)",
				"Watch live stanzas matching the specified target and filter",
				(shell, [given, filter]) => {
					const target = text_of(given, "a JID or a domain");
					const watch = new StanzaWatch(shell, optional_text(filter, "the filter"));
					const is_remote = jid.node(target) === undefined && !server.hosts.has(target);
					return is_remote ? watch_server(module, shell, target, watch) : watch_clients(module, shell, target, watch);
				},
			),
		],
	};
}
