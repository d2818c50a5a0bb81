// Counterpart: plugins/mod_invites.lua (commands of the console)

import type { Invite, InvitesExports, ModuleApi, StoreTable, StoreValue } from "../../core/types.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { parse_duration } from "../../util/human/io.ts";
import { format_table } from "../../util/human/table.ts";
import * as jid from "../../util/jid.ts";
import {
	type Command,
	command,
	done,
	type Outcome,
	optional_text,
	refused,
	type Shell,
	type ShellValue,
	text_of,
} from "../admin_shell/command.ts";

type Flags = Parameters<Command["run"]>[2];

/** `2024-02-29 12:34:56`, in the time of the machine, as the console has it. */
function clock(seconds: number, between = " "): string {
	const moment = new Date((seconds - new Date(seconds * 1000).getTimezoneOffset() * 60) * 1000);
	return moment.toISOString().slice(0, 19).replace("T", between);
}

/** The period behind `--expires-after`, in seconds. */
function read_ttl(flags: Flags): Result<number | undefined, string> {
	const given = flags?.["expires_after"];
	if (typeof given !== "string") return ok(undefined);
	const seconds = parse_duration(given);
	return seconds === undefined ? failed(`Unable to parse duration: ${given}`) : ok(seconds);
}

function texts(value: StoreValue | undefined): string[] {
	return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}

/** The link to send to whoever is invited. */
function link({ landing_page, uri }: Invite): string {
	return landing_page ?? uri;
}

function description({ type, jid: for_jid, additional_data }: Invite): string {
	const { node, host } = jid.split(for_jid);
	const reset = additional_data?.["allow_reset"];
	if (type === "roster") return `Contact with ${for_jid}`;
	if (typeof reset === "string") return `Password reset for ${reset}@${host}`;
	return node === undefined ? `Register on ${host}` : `Register on ${host} with username ${node}`;
}

function title({ type, jid: for_jid, additional_data }: Invite): string {
	const { node, host } = jid.split(for_jid);
	const reset = additional_data?.["allow_reset"];
	if (type === "roster") return `Invitation to register and become a contact of ${for_jid}`;
	if (typeof reset === "string") return `Password reset for ${reset}@${host}`;
	return node === undefined ? `Invitation to register on ${host}` : `Invitation to register on ${host} with username '${node}'`;
}

function show_details(print: Shell["print"], additional: StoreTable | undefined): void {
	if (additional === undefined) return;
	print("");
	const [role, ...further] = texts(additional["roles"]);
	if (role !== undefined) print("Role:", role);
	if (further.length > 0) print("Secondary roles:", further.join(", "));
	const groups = additional["groups"];
	if (groups !== undefined) print("Groups:", texts(groups).join(", "));
	const note = additional["note"];
	if (typeof note === "string") print("Comment:", note);
}

function show_invite({ print }: Shell, invite: Invite): Outcome {
	print(title(invite));
	const inviter = invite["inviter"];
	if (typeof inviter === "string") print("Creator:", inviter);
	print("Created:", clock(invite.created_at));
	print("Expires:", clock(invite.expires));
	print("");
	print("XMPP URI:", invite.uri);
	if (invite.landing_page !== undefined) print("Web link:", invite.landing_page);
	show_details(print, invite.additional_data);
	return done("Invitation valid");
}

/** Offers the section `invite` of the console. */
export function add_invite_commands(module: ModuleApi, invites: InvitesExports): void {
	const has_groups = module.get_option_inherited_set("modules_enabled").has("invites_groups");

	const add = (selector: string, given: Command): void => {
		module.add_item("shell-command", {
			section: "invite",
			section_desc: "Create and manage invitations",
			host_selector: selector,
			...given,
		});
	};

	function answer(invite: Result<Invite, string>): Outcome {
		return invite.ok ? done(link(invite.value)) : refused(invite.error);
	}

	/** The name in a JID of this host; without one, the JID is the host. */
	function username_of(given: ShellValue): string | undefined {
		return jid.prepped_split(text_of(given, "a JID")).node;
	}

	function create_account(given: ShellValue, flags: Flags): Outcome {
		const ttl = read_ttl(flags);
		if (!ttl.ok) return refused(ttl.error);
		return answer(
			invites.create_account(username_of(given), { roles: texts(flags?.["role"]), groups: texts(flags?.["group"]) }, ttl.value),
		);
	}

	function create_reset(shell: Shell, given: ShellValue, flags: Flags): Outcome {
		const username = username_of(given);
		if (username === undefined) return refused("Supply the JID of the account you want to generate a password reset for");
		const ttl = read_ttl(flags);
		if (!ttl.ok) return refused(ttl.error);
		const invite = invites.create_account_reset(username, ttl.value);
		if (!invite.ok) return refused(invite.error);
		shell.print(link(invite.value));
		return done(`Password reset link for ${text_of(given, "a JID")} valid until ${clock(invite.value.expires)}`);
	}

	function create_contact(given: ShellValue, flags: Flags): Outcome {
		const username = username_of(given);
		if (username === undefined) {
			return refused("Supply the JID of the account you want the recipient to become a contact of");
		}
		const ttl = read_ttl(flags);
		if (!ttl.ok) return refused(ttl.error);
		return answer(invites.create_contact(username, flags?.["allow_registration"] === true, undefined, ttl.value));
	}

	function list(shell: Shell): Outcome {
		const table = format_table<Invite>(
			[
				{ title: "Token", width: 24, value: ({ token }) => token },
				{ title: "Expires", width: 20, value: ({ expires }) => clock(expires, "T") },
				{ title: "Description", width: "100%", value: description },
			],
			shell.width,
		);
		shell.print(table.titles());
		let count = 0;
		for (const [, invite] of invites.pending_account_invites()) {
			shell.print(table.row(invite));
			count++;
		}
		return done(`${count} pending invites`);
	}

	add(
		"user_jid",
		command(
			"create_account(user_jid)",
			"Create an invitation to make an account on this server with the specified JID (supply only a hostname to allow any username)",
			(_shell, [given], flags) => create_account(given, flags),
			{ flags: { array_params: { role: true, ...(has_groups ? { group: true } : {}) }, value_params: { expires_after: true } } },
		),
	);
	add(
		"user_jid",
		command(
			"create_reset(user_jid)",
			"Create a password reset link for the specified user",
			(shell, [given], flags) => create_reset(shell, given, flags),
			{ flags: { value_params: { expires_after: true } } },
		),
	);
	add(
		"user_jid",
		command(
			"create_contact(user_jid)",
			"Create an invitation to become contacts with the specified user",
			(_shell, [given], flags) => create_contact(given, flags),
			{ flags: { value_params: { expires_after: true }, kv_params: { allow_registration: true } } },
		),
	);
	add(
		"host",
		command("show(host, token)", "Show details of an account invitation token", (shell, [, token]) => {
			const invite = invites.get_account_invite_info(optional_text(token, "a token"));
			return invite.ok ? show_invite(shell, invite.value) : refused(invite.error);
		}),
	);
	add(
		"host",
		command("delete(host, token)", "Delete/revoke an invitation token", (_shell, [, token]) => {
			const deleted = invites.delete_account_invite(optional_text(token, "a token"));
			return deleted.ok ? done("Invitation deleted") : refused(deleted.error);
		}),
	);
	add(
		"host",
		command("list(host)", "List pending invitations which allow account registration", (shell) => list(shell)),
	);
}
