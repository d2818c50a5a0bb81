// No counterpart: tokens for scripts are made, listed and ended in the console of administrators.

import type { ModuleApi } from "../../core/types.ts";
import { api_scopes } from "../../util/api/command.ts";
import { format_table } from "../../util/human/table.ts";
import * as jid from "../../util/jid.ts";
import { show_date } from "../admin_shell/columns.ts";
import {
	command,
	done,
	type Outcome,
	optional_text,
	refused,
	type ShellCommandItem,
	type ShellValue,
	text_of,
} from "../admin_shell/command.ts";
import type { ApiTable } from "./table.ts";
import { is_scope, type Token, type Tokens } from "./tokens.ts";

const section = { section: "token", section_desc: "Commands to manage the tokens of scripts that use the HTTP API" };
const day = 86_400;
const usual_days = 365;
const most_days = 3650;
const longest_name = 100;

/** What a token is to be good for; an error names what is neither a scope nor a command. */
function read_grants(given: string, table: ApiTable): string[] | { readonly problem: string } {
	const words = given.split(/[\s,]+/).filter((word) => word !== "");
	if (words.length === 0) return { problem: `expected scopes: all, or some of ${api_scopes.join(", ")}, or names of commands` };
	if (words.includes("all")) return [...api_scopes];
	const unknown = words.find((word) => !is_scope(word) && table.find(word).size === 0);
	if (unknown === undefined) return [...new Set(words)];
	return { problem: `${unknown} is neither a scope (${api_scopes.join(", ")}, or all) nor a command` };
}

/** Whole days; undefined for what is none. */
function read_days(given: ShellValue): number | undefined {
	const days = given === undefined ? usual_days : Number(given);
	return Number.isInteger(days) && days >= 1 && days <= most_days ? days : undefined;
}

export function token_commands(module: ModuleApi, tokens: Tokens, table: ApiTable): ShellCommandItem[] {
	function create([given, scopes, lifetime, named]: readonly ShellValue[], print: (line: string) => void): Outcome {
		const address = jid.prep(text_of(given, "the JID of an administrator")) ?? "";
		if (jid.node(address) === undefined || jid.resource(address) !== undefined) {
			return refused(`${String(given)} is no account: expected a JID such as admin@example.com`);
		}
		if (!table.may_manage_some(table.caller(address))) {
			return refused(`${address} is no administrator of any host here, so a token would be good for nothing`);
		}
		const grants = read_grants(text_of(scopes, "scopes"), table);
		if ("problem" in grants) return refused(grants.problem);
		const days = read_days(lifetime);
		if (days === undefined) return refused(`expected 1 to ${most_days} days, got ${String(lifetime)}`);
		const name = optional_text(named, "the name") ?? "";
		if (name.length > longest_name) return refused(`expected a name of at most ${longest_name} characters`);
		const made = tokens.create(address, grants, days * day, name);
		if (!made.ok) return refused(made.error);
		module.log("info", "Token %s of %s was made, for %s", made.value.token.id, address, grants.join(" "));
		print(made.value.text);
		return done(`Token ${made.value.token.id} of ${address} is good for ${days} days; it is not shown again`);
	}

	const columns = [
		{ title: "ID", width: 12, value: ({ id }: Token) => id },
		{ title: "JID", width: "2p", value: ({ jid: owner }: Token) => owner },
		{ title: "Scopes", width: "3p", value: ({ grants }: Token) => [...grants].join(" ") },
		{ title: "Until", width: 19, value: ({ expires }: Token) => show_date(expires) },
		{ title: "Name", width: "1p", value: ({ name }: Token) => name },
	] as const;

	return [
		command(
			"create(jid, scopes, days, name)",
			`Make a token with the rights of an administrator, by default for ${usual_days} days`,
			(shell, args) => create(args, (line) => shell.print(line)),
		),
		command("list()", "List the tokens that scripts have", (shell) => {
			const listed = tokens.list();
			const lines = format_table<Token>([...columns], shell.width);
			if (listed.length > 0) shell.print(lines.titles());
			for (const token of listed) shell.print(lines.row(token));
			return done(`${listed.length} token${listed.length === 1 ? "" : "s"}`);
		}),
		command("revoke(id)", "End a token", (_shell, [id]) => {
			const revoked = tokens.revoke(text_of(id, "the token's id"));
			if (!revoked.ok) return refused(revoked.error);
			module.log("info", "Token %s of %s was ended", revoked.value.id, revoked.value.jid);
			return done(`Token ${revoked.value.id} of ${revoked.value.jid} is ended`);
		}),
	].map((made) => ({ ...section, ...made }));
}
