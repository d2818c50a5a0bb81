// No counterpart: the command `compare`.

import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { whole_number } from "./numbers.ts";
import { read_config, refuse } from "./opening.ts";

/** What the command line says to `compare`. */
interface CompareFlags {
	readonly reference?: string;
	readonly config?: string;
	readonly random?: number;
	readonly accounts?: number;
	readonly steps: number;
	readonly seed: number;
	readonly also?: string;
	readonly uplink?: boolean;
	readonly servers?: boolean;
	readonly html?: string;
	readonly json?: boolean;
	readonly shrink?: string;
}

export function add_compare(program: Command): void {
	program
		.command("compare")
		.description("give a real Prosody and Enjamb the same stanzas, and show where their answers differ")
		.argument("[path...]", "scansion scripts, or folders of them")
		.option("--reference <path|host:port>", "a prosody, or the address of one that runs; otherwise the one on the PATH")
		.option("-c, --config <file>", "a prosody.cfg.lua that both run, on a scratch copy without your data and ports")
		.option("--random <plays>", "also play so many random plays", whole_number)
		.option("--accounts <plays>", "also play so many random plays of what clients do with their accounts", whole_number)
		.option("--steps <steps>", "steps of a random play", whole_number, 60)
		.option("--seed <seed>", "where random plays start; the same seed makes the same plays", whole_number, 1)
		.option("--also <what>", "lua: play on a third server, too: Enjamb with Prosody's own rooms and archive in Lua")
		.option("--uplink", "have clients log in to a second Prosody, whose component our rooms are")
		.option("--servers", "have some of the clients on a Prosody and an ejabberd that reach the rooms by s2s")
		.option("--html <file>", "write a page with all transcripts side by side")
		.option("--json", "print results as JSON")
		.option("--shrink <folder>", "reduce differing random plays to short scripts, written to this folder")
		.action(async (scripts: string[], options: CompareFlags) => {
			const [
				{ run, status },
				{ accounts_config_text, default_config_text },
				{ default_stage, distant_stage },
				{ elsewhere },
				{ known_differences, servers_differences, uplink_differences },
				{ shell_word },
				{ comparable_config, prosody_modules, start_lua_subject, start_subject },
				{ reachable },
				{ start_uplink_subject },
				{ missing_for_peers },
				{ find_prosody, free_port, start_reference },
			] = await Promise.all([
				import("../../tools/compare.ts"),
				import("../../tools/compare/endpoints.ts"),
				import("../../tools/compare/stage.ts"),
				import("../../tools/compare/neighbours.ts"),
				import("../../tools/compare/known_differences.ts"),
				import("../../tools/compare/words.ts"),
				import("./compare/subjects.ts"),
				import("./compare/servers.ts"),
				import("./compare/uplink.ts"),
				import("../../tools/peers.ts"),
				import("../../tools/reference.ts"),
			]);
			// An interrupted run leaves no servers behind: they end when this process exits
			for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
				process.once(signal, () => process.exit(status.not_compared));
			const {
				config,
				random,
				accounts,
				steps,
				seed,
				reference,
				also,
				uplink = false,
				servers = false,
				html,
				json,
				shrink,
			} = options;
			const own = config === undefined ? undefined : comparable_config(await read_config(config), dirname(resolve(config)));
			if (own?.ok === false) refuse(own.error);
			const missing = own?.value.missing ?? [];
			if (missing.length > 0) {
				process.stderr.write(
					`enjamb: not there yet, so that what they do will differ: ${missing.map((name) => `mod_${name}`).join(", ")}\n`,
				);
			}
			if (also !== undefined && also !== "lua") refuse(`--also ${also}: expected lua`);
			const modules = also === "lua" ? prosody_modules(reference) : undefined;
			if (also === "lua" && modules === undefined) {
				refuse("--also lua needs Prosody's own modules: expected them in /usr/lib/prosody/modules, or beside the reference");
			}
			if (uplink && reference !== undefined && find_prosody(reference) === undefined) {
				refuse(`--uplink starts a Prosody for the clients: expected the path of one as --reference, not ${reference}`);
			}
			if (servers && uplink) refuse("--servers and --uplink: expected one of them");
			if (servers && reference !== undefined && find_prosody(reference) === undefined) {
				refuse(`--servers starts Prosodys that find each other: expected the path of one as --reference, not ${reference}`);
			}
			const lacking = servers ? missing_for_peers(reference) : undefined;
			if (lacking !== undefined) refuse(`--servers: ${lacking} (apt-get install prosody lua-unbound ejabberd)`);
			const stage = {
				...(own?.value ?? (servers ? distant_stage : default_stage)),
				...(servers && { elsewhere: Object.values(elsewhere) }),
			};
			const plugin_paths = own?.value.plugin_paths ?? [];
			const start_rooms = async (text: string) =>
				start_uplink_subject(text, stage.rooms, await free_port(), (config_text) =>
					start_reference({ prosody: reference, config: config_text, plugin_paths }),
				);
			process.exitCode = await run({
				scripts,
				random: random === undefined ? undefined : { plays: random, steps, seed },
				accounts: accounts === undefined ? undefined : { plays: accounts, steps, seed },
				reference,
				config_text:
					own?.value.text ??
					(accounts === undefined && scripts.length === 0 ? default_config_text : accounts_config_text).replaceAll(
						default_stage.host,
						stage.host,
					),
				stage,
				plugin_paths,
				rooms_elsewhere: uplink,
				reachable: servers ? reachable : undefined,
				start_subject: uplink ? start_rooms : (text) => start_subject(text, plugin_paths),
				also:
					modules === undefined
						? undefined
						: {
								start: (text) => start_lua_subject(text, modules, plugin_paths),
								remark: "with Prosody's rooms in Lua",
							},
				known: [...known_differences, ...(uplink ? uplink_differences : []), ...(servers ? servers_differences : [])],
				html,
				json,
				shrink_to: shrink,
				command: ["enjamb", ...process.argv.slice(2)].join(" "),
				again: [
					...Object.entries({ config, reference, also }).flatMap(([name, value]) =>
						value === undefined ? [] : [`--${name} ${shell_word(value)}`],
					),
					...(uplink ? ["--uplink"] : []),
					...(servers ? ["--servers"] : []),
				].join(" "),
				write: (text) => void process.stdout.write(text),
				complain: (text) => void process.stderr.write(text),
			});
		});
}
