// Counterpart: plugins/mod_announce.lua (XEP-0133 §4.23)

import { online } from "../core/online.ts";
import type { ModuleDefinition, StanzaEvent } from "../core/types.ts";
import { type AdhocAnswer, new_simple_form } from "../util/adhoc.ts";
import { missing_text } from "../util/cluster/read.ts";
import { new_form } from "../util/dataforms.ts";
import { short } from "../util/id.ts";
import { host, resource } from "../util/jid.ts";
import * as st from "../util/stanza.ts";
import { type Eventual, go_on, promised } from "../util/waiting.ts";
import { command, done, type ShellValue, text_of } from "./admin_shell/command.ts";

/** To how many something was sent, and which nodes could not be asked, for people. */
interface Sent {
	readonly count: number;
	readonly missing: string;
}

const node = "http://jabber.org/protocol/admin#announce";

const announcement_form = new_form({
	title: "Making an Announcement",
	instructions: "Fill out this form to make an announcement to all\nactive users of this service.",
	fields: [
		{ name: "FORM_TYPE", type: "hidden", value: "http://jabber.org/protocol/admin" },
		{ name: "subject", type: "text-single", label: "Subject" },
		{ name: "announcement", type: "text-multi", required: true, label: "Announcement" },
	],
});

/**
 * Lets admins say something to everybody who is online, by a message to `HOST/announce/online` or by a command, and in the shell
 * also to all accounts, or to those of a role.
 */
export const definition: ModuleDefinition = {
	name: "announce",
	load(module) {
		module.default_permission("prosody:admin", ":send-announcement");
		module.hook("message/host", take_announcement);
		module.depends("adhoc");
		module.add_item("adhoc-provider", {
			name: "Send Announcement to Online Users",
			node,
			permission: "admin",
			handler: new_simple_form(announcement_form, ({ subject, announcement }, _errors, { to }) => {
				const text = typeof announcement === "string" ? announcement : undefined;
				const message = st.message({ type: "headline" }, text);
				if (typeof subject === "string" && subject !== "") message.text_tag("subject", subject);
				return go_on(announce(message, to ?? module.host), (sent): readonly [AdhocAnswer] => [
					{ status: "completed", info: `Announcement sent to ${sent.count} online users${sent.missing}` },
				]);
			}),
		});

		/** Sends a message to each of these addresses; returns how many these are. */
		function send_to(message: st.Stanza, from: string, recipients: readonly string[]): number {
			for (const to of recipients) {
				const copy = st.clone(message);
				copy.attr["from"] = from;
				copy.attr["to"] = to;
				module.send(copy);
			}
			return recipients.length;
		}

		/** Sends a message to every account of a host that is online, on any node; says how many these are, and who could not be asked. */
		function announce(message: st.Stanza, from: string): Eventual<Sent> {
			module.log("info", "Sending server announcement to all online users");
			return go_on(online(module.server, from), ({ sessions, missing }) => {
				const usernames = new Set(sessions.map(({ username }) => username));
				const count = send_to(
					message,
					from,
					[...usernames].map((username) => `${username}@${from}`),
				);
				const text = missing_text(missing);
				module.log("info", "Announcement sent to %d online users", count);
				if (text !== undefined) module.log("warn", "Announcement not sent to all: %s", text);
				return { count, missing: text === undefined ? "" : ` (${text})` };
			});
		}

		/** Offers in the shell what sends a text, and says to how many. */
		function offer(usage: string, desc: string, send: (text: ShellValue, last: ShellValue) => Eventual<Sent>): void {
			module.add_item("shell-command", {
				section: "announce",
				section_desc: "Broadcast announcements to users",
				host_selector: "host",
				...command(usage, desc, (_shell, [, ...args]) =>
					promised(go_on(send(args[0], args[1]), ({ count, missing }) => done(`Announcement sent to ${count} users${missing}`))),
				),
			});
		}

		function typed(text: ShellValue, type?: string): st.Stanza {
			return st.message({ id: short(), type }, text_of(text, "the announcement"));
		}

		const { usermanager } = module.server;
		offer("all(host, text)", "Send announcement to all users on the host", (text) => {
			const everybody = usermanager.users(module.host).map((username) => `${username}@${module.host}`);
			return { count: send_to(typed(text), module.host, everybody), missing: "" };
		});
		offer("online(host, text)", "Send announcement to all online users on the host", (text) =>
			announce(typed(text, "headline"), module.host),
		);
		offer("role(host, role, text)", "Send announcement to users with a specific role on the host", (role, text) => ({
			count: send_to(typed(text), module.host, usermanager.get_jids_with_role(text_of(role, "a role"), module.host)),
			missing: "",
		}));

		/** The way before there were commands, which jabberd had. */
		function take_announcement(event: StanzaEvent): true | undefined {
			const { stanza } = event;
			const { to, from } = stanza.attr;
			if (resource(to) !== "announce/online") return undefined;
			if (!module.may(":send-announcement", event)) {
				module.log("warn", "Non-admin '%s' tried to send server announcement", from);
				return undefined;
			}
			const message = st.clone(stanza);
			message.attr["type"] = "headline";
			void announce(message, host(to) ?? module.host);
			return true;
		}
	},
};
