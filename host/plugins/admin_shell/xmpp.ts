// Counterpart: plugins/mod_admin_shell.lua (def_env.xmpp)

import type { ServerStreamSession } from "../../core/s2s_session.ts";
import type { ModuleApi } from "../../core/types.ts";
import { general } from "../../util/human/units.ts";
import * as id from "../../util/id.ts";
import * as jid from "../../util/jid.ts";
import { ns } from "../../util/ns.ts";
import { iq } from "../../util/stanza.ts";
import { direction_of } from "./columns.ts";
import { command, done, type Outcome, refused, type Section, type Shell, type ShellValue } from "./command.ts";

function host_of(given: ShellValue): string | undefined {
	return typeof given === "string" ? jid.prepped_split(given).host : undefined;
}

function explain(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** Pings another server, and shows what happens to streams with it meanwhile. */
async function ping(module: ModuleApi, shell: Shell, from: string, to: string, timeout: number | undefined): Promise<Outcome> {
	const started = performance.now();
	const elapsed = (): string => `${general((performance.now() - started) / 1000, 6)}s`;
	const watch =
		(what: string) =>
		({ session }: { session: ServerStreamSession }): void => {
			const ends = [session.from_host, session.to_host];
			if (ends.includes(from) && ends.includes(to)) {
				shell.print(`Session ${session.id} (${from}${direction_of(session)}${to}) ${what} (${elapsed()})`);
			} else if (session.type === "s2sin_unauthed" && ends.every((end) => end === undefined)) {
				shell.print(`Session ${session.id} ${what} (${elapsed()})`);
			}
		};
	const [connected, authenticated, established, destroyed] = ["connected", "authenticated", "established", "destroyed"].map(
		watch,
	);
	if (!connected || !authenticated || !established || !destroyed) return refused("nothing to watch");
	const local = module.context(from);
	module.hook("s2s-connected", connected, 1);
	local.hook("s2s-authenticated", authenticated, 1);
	for (const context of [module, local]) {
		context.hook("s2sout-established", established, 1);
		context.hook("s2sin-established", established, 1);
		context.hook("s2sout-destroyed", destroyed, 1);
		context.hook("s2sin-destroyed", destroyed, 1);
	}
	const query = iq({ from, to, type: "get", id: id.medium() }).tag("ping", { xmlns: ns.ping }).reset();
	try {
		const { stanza, origin } = await local.query_iq(query, undefined, timeout);
		return done(`pong from ${stanza.attr["from"]} on ${origin?.id ?? from} in ${elapsed()}`);
	} catch (error) {
		return refused(explain(error));
	} finally {
		module.unhook("s2s-connected", connected);
		local.unhook("s2s-authenticated", authenticated);
		for (const context of [module, local]) {
			context.unhook("s2sout-established", established);
			context.unhook("s2sin-established", established);
			context.unhook("s2sout-destroyed", destroyed);
			context.unhook("s2sin-destroyed", destroyed);
		}
	}
}

export function xmpp_section(module: ModuleApi): Section {
	const { server } = module;
	return {
		name: "xmpp",
		desc: "Commands for sending XMPP stanzas",
		commands: [
			command(
				"ping(localhost, remotehost)",
				"Sends a ping to a remote XMPP server and reports the response",
				(shell, [local, remote, timeout]) => {
					const [from, to] = [host_of(local), host_of(remote)];
					if (from === undefined) return refused("Invalid sender hostname");
					if (!server.hosts.has(from)) return refused("No such local host");
					if (to === undefined) return refused("Invalid destination hostname");
					if (server.hosts.has(to)) return refused("Both hosts are local");
					const seconds = timeout === undefined ? undefined : Number(timeout);
					if (seconds !== undefined && !(seconds > 0)) return refused("The timeout has to be a number of seconds above 0");
					return ping(module, shell, from, to, seconds);
				},
			),
		],
	};
}
