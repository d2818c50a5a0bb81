// Our scansion scripts for specs that play them, each on a server of its own.

import { join } from "node:path";
import { play } from "../tools/scansion/play.ts";
import { create_reporter } from "../tools/scansion/report.ts";
import { find_scripts, read_script, type ScratchServer } from "../tools/scansion.ts";
import { patience } from "./helper.ts";

const found = find_scripts([join(import.meta.dirname, "scansion")]);
if (!found.ok) throw new Error(found.error);
/** File names of all scripts. */
export const names = found.value.map((file) => file.slice(file.lastIndexOf("/") + 1));

/** Scripts with this tag show what we deliberately do otherwise than Prosody; tools/compare/known_differences.ts says why. */
export const ours_only = "not on Prosody";
/** Scripts with this tag show what older Prosodys do not have; its value says what that is. */
export const newer_only = "needs Prosody 13";

/** Scripts with this tag need a server of ours for the clients, too; its value says why. */
export const not_behind = "not behind Prosody";

/** Those of rooms, which can also be played where another server has the clients. */
export const behind_names = (): string[] =>
	names.filter((name) => /^(?:muc|mam)_/.test(name) && tag_of(name, not_behind) === undefined);

/** The value of a script's tag, undefined where it has no such tag. */
export function tag_of(name: string, tag: string): string | undefined {
	const script = read_script(join(import.meta.dirname, "scansion", name));
	return script.ok ? script.value.tags.get(tag) : undefined;
}

/** Those that a real Prosody has to pass, too. */
export const common_names = names.filter((name) => tag_of(name, ours_only) === undefined);

/** Everybody who acts in one of our scripts. */
export const characters: readonly { readonly jid: string; readonly password: string }[] = names.flatMap((name) => {
	const script = read_script(join(import.meta.dirname, "scansion", name));
	return script.ok ? [...script.value.characters.values()] : [];
});

/**
 * Plays one of our scripts on a server that is there for it alone; answers with why it failed, or with nothing.
 * @param timeout how long a stanza may take to come, in milliseconds
 */
export async function play_on(start: () => Promise<ScratchServer>, name: string, timeout = patience): Promise<string> {
	const script = read_script(join(import.meta.dirname, "scansion", name));
	if (!script.ok) return `${name}:${script.error.line}: ${script.error.message}`;
	const server = await start();
	try {
		const outcome = await play(script.value, { host: "127.0.0.1", port: server.port, timeout });
		let report = "";
		if (outcome.failure) create_reporter("text", (text) => (report += text), false).result({ kind: "played", outcome });
		return report;
	} finally {
		await server.stop();
	}
}
