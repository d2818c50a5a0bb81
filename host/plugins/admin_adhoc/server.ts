// Counterpart: plugins/mod_admin_adhoc.lua (the server, its hosts and its connections)

import { ServerStreamSession } from "../../core/s2s_session.ts";
import type { ModuleApi, Question } from "../../core/types.ts";
import { fields_of, list_of, number_of, text_of } from "../../util/cluster/read.ts";
import * as st from "../../util/stanza.ts";
import { tonumber } from "../../util/tonumber.ts";
import { waiting_for } from "../../util/waiting.ts";
import { ends_of } from "../admin_shell/columns.ts";
import { all_streams } from "../admin_shell/sessions.ts";
import { type Answer, actor_of, admin_form_type, complain, Filled, offering, say, show_form, with_form } from "./command.ts";
import { on_all_nodes, when_unloaded } from "./everywhere.ts";

const delays: readonly (readonly [label: string, seconds: string])[] = [
	["5 seconds", "5"],
	["30 seconds", "30"],
	["60 seconds", "60"],
	["90 seconds", "90"],
	["2 minutes", "120"],
	["3 minutes", "180"],
	["4 minutes", "240"],
	["5 minutes", "300"],
];

/** A stream in the list of those with other servers. */
function stream_line(session: ServerStreamSession): string {
	const flags: string[] = [];
	if (session.cert_identity_status === "valid") flags.push("authenticated");
	if (session.dialback_key !== undefined) flags.push("dialback");
	if (session.external_auth !== undefined) flags.push("SASL");
	if (session.secure) flags.push("encrypted");
	if ("smacks" in session && session.smacks) flags.push("sm");
	if (session.ip.includes(":")) flags.push("IPv6");
	if (session.bidi) flags.push("bidi");
	const arrow = session.direction === "outgoing" ? "->" : "<-";
	return ` ${arrow} ${ends_of(session).remote ?? "?"} [${session.id}] (${flags.join(", ")})`;
}

/** The streams of one node, or of all. */
interface Streams {
	/** Those of this host. */
	readonly lines: readonly string[];
	/** Numbers of those of all hosts. */
	readonly incoming: number;
	readonly outgoing: number;
}

function question_of_streams(host: string): Question<true, Streams> {
	return {
		name: `s2s ${host}`,
		read_asked: (given) => (given === true ? given : undefined),
		read_answer(given) {
			const fields = fields_of(given);
			const lines = list_of(fields?.["lines"], text_of);
			const [incoming, outgoing] = [number_of(fields?.["incoming"]), number_of(fields?.["outgoing"])];
			return lines === undefined || incoming === undefined || outgoing === undefined ? undefined : { lines, incoming, outgoing };
		},
	};
}

/** Commands for the whole server. */
export function load_server(module: ModuleApi): void {
	const { server, log, host } = module;
	const offer = offering(module);

	const streams_question = question_of_streams(host);

	// PARITY: counts the streams of all hosts, and lists those of this one
	function streams_here(): Streams {
		const streams = all_streams(server).filter((session) => session instanceof ServerStreamSession);
		const own = streams.filter((session) => ends_of(session).local === host);
		own.sort((a, b) => ((ends_of(a).remote ?? "?") < (ends_of(b).remote ?? "?") ? -1 : 1));
		const outgoing = streams.filter(({ direction }) => direction === "outgoing").length;
		return { lines: own.map(stream_line), incoming: streams.length - outgoing, outgoing };
	}

	when_unloaded(module, server.nodes.answer(streams_question, streams_here));

	function show_streams({ lines, incoming, outgoing }: Streams): Answer {
		return show_form(
			"List of S2S connections on this host",
			"http://prosody.im/protocol/s2s#list",
			[
				{ name: "sessions", type: "text-multi", label: "Connections:" },
				{ name: "num_in", type: "text-single", label: "#incoming connections:", datatype: "xs:integer" },
				{ name: "num_out", type: "text-single", label: "#outgoing connections:", datatype: "xs:integer" },
			],
			{ sessions: lines.join("\n"), num_in: incoming, num_out: outgoing },
		);
	}

	async function streams_everywhere(): Promise<Streams> {
		const { answers, missing } = await server.nodes.ask_all(streams_question, true);
		const lines = answers.flatMap(({ node, answer }) => [`Node ${node}:`, ...answer.lines]);
		for (const [node, why] of missing) lines.push(`Node ${node}: ${why}`);
		const sum = (which: "incoming" | "outgoing"): number => answers.reduce((total, { answer }) => total + answer[which], 0);
		return { lines, incoming: sum("incoming"), outgoing: sum("outgoing") };
	}

	offer("List S2S connections", "http://prosody.im/protocol/s2s#list", () =>
		server.cluster === undefined ? show_streams(streams_here()) : waiting_for(streams_everywhere()).go_on(show_streams),
	);

	const reload_config = on_all_nodes(module, "http://prosody.im/protocol/config#reload", (_filled, by) => {
		log("info", "%s reloads the config", actor_of(by));
		const reloaded = server.reload_config();
		if (!reloaded.ok) return complain(`Failed to reload config: ${reloaded.error}`);
		return say("Configuration reloaded (modules may need to be reloaded for this to have an effect)");
	});
	offer(
		"Reload configuration",
		"http://prosody.im/protocol/config#reload",
		(request) => reload_config(new Filled({}), request),
		"global_admin",
	);

	/** Tells everybody who is online, on all hosts. */
	function announce(text: string): void {
		for (const { host: from, sessions } of server.hosts.values()) {
			for (const username of sessions.keys()) {
				const message = st.message({ type: "headline", from, to: `${username}@${from}` }, text);
				module.context(from).send(message.text_tag("subject", "Server is shutting down"));
			}
		}
	}

	offer(
		"Shut Down Service",
		"http://jabber.org/protocol/admin#shutdown",
		with_form(
			{
				title: "Shutting Down the Service",
				instructions: "Fill out this form to shut down the service.",
				form_type: admin_form_type,
				fields: [
					{
						name: "delay",
						type: "list-single",
						label: "Time delay before shutting down",
						value: "5",
						options: delays.map(([label, value]) => ({ label, value })),
					},
					{ name: "announcement", type: "text-multi", label: "Announcement" },
				],
			},
			on_all_nodes(module, "http://jabber.org/protocol/admin#shutdown", (filled, request) => {
				log("info", "Server being shut down by %s", actor_of(request));
				const announcement = filled.text("announcement");
				if (announcement !== "") announce(announcement);
				const delay = tonumber(filled.text("delay")) ?? 5;
				setTimeout(() => server.shut_down("Shutdown by adhoc command"), Math.max(0, Math.min(delay, 86_400)) * 1000).unref();
				return say("Server is about to shut down");
			}),
		),
		"global_admin",
	);

	/** A command for a host that somebody types. */
	function offer_for_host(
		title: string,
		node: string,
		past: string,
		act: (name: string) => { ok: true } | { ok: false; error: string },
	): void {
		offer(
			title,
			node,
			with_form(
				{
					title,
					instructions: "",
					// PARITY: the same in both forms
					form_type: "http://prosody.im/protocol/hosts#activate",
					fields: [{ name: "host", type: "text-single", required: true, label: "Host:" }],
				},
				on_all_nodes(module, node, (filled, request) => {
					const name = filled.text("host");
					const acted = act(name);
					// Divergence: Prosody does not say why
					if (!acted.ok) return [{ status: "canceled", error: { message: acted.error } }];
					log("info", "Host '%s' %s by %s", name, past, actor_of(request));
					return say(`${name} ${past}`);
				}),
			),
			"global_admin",
		);
	}

	offer_for_host("Activate host", "http://prosody.im/protocol/hosts#activate", "activated", (name) => server.activate_host(name));
	offer_for_host("Deactivate host", "http://prosody.im/protocol/hosts#deactivate", "deactivated", (name) =>
		server.deactivate_host(name),
	);
}
