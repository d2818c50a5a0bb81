// Counterpart: plugins/mod_admin_adhoc.lua (who is online, and what is known of people)

import { end_sessions, type Online, type OnlineSession, online } from "../../core/online.ts";
import type { ModuleApi, Roster } from "../../core/types.ts";
import type { Field } from "../../util/dataforms.ts";
import { new_form } from "../../util/dataforms.ts";
import { prepped_split } from "../../util/jid.ts";
import { ns } from "../../util/ns.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";
import { go_on, one_by_one, Waiting } from "../../util/waiting.ts";
import { type Answer, complain, admin_form_type as form_type, Outcomes, offering, say, show_form, with_form } from "./command.ts";

/** A resource in a list of who is online. */
function resource_line({ resource, status, priority, ip }: OnlineSession): string {
	return ` - ${resource}: ${status}(${priority ?? "-"}), IP: [${ip === "" ? "<unknown>" : ip}]`;
}

/** Lines about nodes whose sessions are missing. */
function missing_lines({ missing }: Online): string[] {
	return [...missing].map(([node, why]) => `Node ${node}: ${why}`);
}

function roster_query({ items }: Roster): Stanza {
	const query = st.stanza("query", { xmlns: ns.roster });
	for (const [jid, { subscription, ask, name, groups }] of items) {
		query.tag("item", { jid, subscription, ask, name });
		for (const group of groups) query.text_tag("group", group);
		query.up();
	}
	return query.reset();
}

const roster_result = new_form({
	fields: [
		{ name: "FORM_TYPE", type: "hidden", value: form_type },
		{ name: "accountjid", type: "jid-single", label: "This is the roster for" },
		{ name: "roster", type: "text-multi", label: "Roster XML" },
	],
});

/** Commands that show people, and end their sessions. */
export function load_users(module: ModuleApi): void {
	const { usermanager, rostermanager } = module.server;
	const offer = offering(module);
	const account = (label: string): Field => ({ name: "accountjid", type: "jid-single", required: true, label });

	/** The account that is asked about, or why it cannot be. */
	function find(jid: string, what: string): string | Answer {
		const { node, host } = prepped_split(jid);
		if (host !== module.host)
			return complain(`Tried to get ${what} for a user on ${host} but command was sent to ${module.host}`);
		return node !== undefined && usermanager.user_exists(node, host) ? node : complain("User does not exist");
	}

	offer(
		"End User Session",
		"http://jabber.org/protocol/admin#end-user-session",
		with_form(
			{
				title: "Ending a User Session",
				instructions: "Fill out this form to end a user's session.",
				form_type,
				fields: [
					{
						name: "accountjids",
						type: "jid-multi",
						label: "The Jabber ID(s) for which to end sessions",
						required: true,
					},
				],
			},
			(filled) => {
				const outcomes = new Outcomes();
				const end = (jid: string): unknown => {
					const { node, host, resource } = prepped_split(jid);
					const exists = host === module.host && node !== undefined && usermanager.user_exists(node, host);
					if (!exists) {
						outcomes.failed.push(jid);
						return undefined;
					}
					return go_on(end_sessions(module.server, host, node, resource), (ended) => {
						if (typeof ended === "number") outcomes.done.push(jid);
						else outcomes.failed.push(`${jid} (${ended})`);
					});
				};
				const summary = (): Answer =>
					say(
						outcomes.lines(
							"The following accounts were successfully disconnected:",
							"The following accounts could not be disconnected:",
							"\n",
						),
					);
				const all = one_by_one(filled.list("accountjids"), end);
				return all instanceof Waiting ? all.go_on(summary) : summary();
			},
		),
	);

	offer(
		"Get User Roster",
		"http://jabber.org/protocol/admin#get-user-roster",
		with_form({ form_type, fields: [account("The Jabber ID for which to retrieve the roster")] }, (filled) => {
			const username = find(filled.text("accountjid"), "roster");
			if (typeof username !== "string") return username;
			const query = roster_query(rostermanager.load_roster(username, module.host));
			const values = { accountjid: `${username}@${module.host}`, roster: String(query).replaceAll("><", ">\n<") };
			return [{ status: "completed", other: roster_result.form(values, "result").reset().add_child(query) }];
		}),
	);

	offer(
		"Get User Statistics",
		"http://jabber.org/protocol/admin#user-stats",
		with_form(
			{
				title: "Get User Statistics",
				instructions: "Fill out this form to gather user statistics.",
				form_type,
				fields: [account("The Jabber ID for statistics")],
			},
			(filled) => {
				const username = find(filled.text("accountjid"), "stats");
				if (typeof username !== "string") return username;
				return go_on(online(module.server, module.host, username), (found) =>
					show_form(
						undefined,
						form_type,
						[
							{ name: "ipaddresses", type: "text-multi", label: "IP Addresses" },
							{ name: "rostersize", type: "text-single", label: "Roster size", datatype: "xs:integer" },
							{ name: "onlineresources", type: "text-multi", label: "Online Resources" },
						],
						{
							ipaddresses: found.sessions.map(({ ip }) => ip).join("\n"),
							rostersize: rostermanager.load_roster(username, module.host).items.size,
							onlineresources: [...found.sessions.map(({ resource }) => resource), ...missing_lines(found)].join("\n"),
						},
					),
				);
			},
		),
	);

	offer(
		"Get List of Online Users",
		"http://jabber.org/protocol/admin#get-online-users-list",
		with_form(
			{
				title: "Getting List of Online Users",
				instructions: "How many users should be returned at most?",
				form_type,
				fields: [
					{
						name: "max_items",
						type: "list-single",
						label: "Maximum number of users",
						options: ["25", "50", "75", "100", "150", "200", "all"],
					},
					{ name: "details", type: "boolean", label: "Show details" },
				],
			},
			(filled) => {
				const most = /^\d+$/.test(filled.text("max_items")) ? Number(filled.text("max_items")) : Number.POSITIVE_INFINITY;
				return go_on(online(module.server, module.host), (found) => {
					const accounts = new Map<string, OnlineSession[]>();
					for (const session of found.sessions) {
						const known = accounts.get(session.username);
						if (known === undefined) accounts.set(session.username, [session]);
						else known.push(session);
					}
					const lines: string[] = [];
					for (const [username, sessions] of [...accounts].slice(0, most)) {
						lines.push(`${username}@${module.host}`, ...(filled.is_on("details") ? sessions.map(resource_line) : []));
					}
					lines.push(...missing_lines(found));
					const fields: Field[] = [{ name: "onlineuserjids", type: "text-multi", label: "The list of all online users" }];
					return show_form(undefined, form_type, fields, { onlineuserjids: lines.join("\n") });
				});
			},
		),
	);
}
