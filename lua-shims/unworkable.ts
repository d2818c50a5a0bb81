// No counterpart: modules that others wrote and that would load here, and do nothing, or not what they are for.

import { basename } from "node:path";

interface Unworkable {
	readonly file: string;
	/** What its source says, so that another module by the same name is not taken for it. */
	readonly mark: string;
	readonly reason: string;
	/** Whether what it is for is built in, which then takes its place even where its Lua is preferred. */
	readonly built_in?: true;
}

const modules: readonly Unworkable[] = [
	{ file: "mod_admin_shell.lua", mark: "repl-input", reason: "the shell is built in", built_in: true },
	{ file: "mod_admin_socket.lua", mark: "socket.unix", reason: "the socket of administrators is built in", built_in: true },
	{
		file: "mod_s2s.lua",
		mark: "route_to_new_session",
		reason: "streams with other servers are built in: nothing has shown that Prosody's own do here what they should",
		built_in: true,
	},
	{
		file: "mod_auth_cyrus.lua",
		mark: "sasl_cyrus",
		reason: "Cyrus SASL is a library in C that the server would wait for; mod_auth_ldap asks a directory",
	},
	{ file: "mod_s2s_auth_dane.lua", mark: "dane_uses", reason: "nothing here validates DNSSEC" },
];

function find(path: string, code: string): Unworkable | undefined {
	const name = basename(path);
	return modules.find(({ file, mark }) => file === name && code.includes(mark));
}

/** Why a module cannot do here what it is for; undefined where it can, as far as is known, or where that is built in. */
export function unworkable(path: string, code: string): string | undefined {
	const found = find(path, code);
	return found?.built_in === true ? undefined : found?.reason;
}

/** Why what is built in has to take the place of a module; undefined where it need not. */
export function replaced_since(path: string, code: string): string | undefined {
	const found = find(path, code);
	return found?.built_in === true ? found.reason : undefined;
}

/** The names of all modules that are refused. */
export const refused_modules: readonly string[] = modules
	.filter(({ built_in }) => built_in !== true)
	.map(({ file }) => file.replace(/\.lua$/, ""));
