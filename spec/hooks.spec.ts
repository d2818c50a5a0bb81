import { existsSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import type { EventMap, ModuleApi } from "../host/core/types.ts";
import type { Handler } from "../host/util/events.ts";
import { definition as muc } from "../muc/mod_muc.ts";
import { type Hook, read_hooks } from "../tools/hooktable.ts";
import { start_test_server } from "./helper.ts";
import { not_installed } from "./needs.ts";

const root = join(import.meta.dirname, "..");

/** Files of ours whose part has another name in Prosody; all that lies in muc/room/ is of muc.lib.lua. */
const origins: { readonly [file: string]: string } = {
	"rooms.ts": "mod_muc.lua",
	"tombstones.ts": "mod_muc.lua",
	"commands.ts": "mod_muc.lua",
	"listing.ts": "mod_muc.lua",
	"recovery.ts": "mod_muc.lua",
	"elsewhere.ts": "mod_muc.lua",
};

/** Where Prosody has what a file of ours has, `muc/x.lib.ts` or `muc/room/x.ts`. */
function origin_of(file: string): string {
	if (file.startsWith("muc/room/")) return "muc.lib.lua";
	const name = basename(file);
	return origins[name] ?? name.replace(/\.ts$/, ".lua");
}

/** Whether a file is a feature that Prosody does not have, as its first line says. */
function is_ours(file: string): boolean {
	return file.endsWith(".lib.ts") && readFileSync(join(root, file), "utf8").startsWith("// No counterpart");
}

/** The file below muc/ that called, as a path from the project's root. */
function calling_file(): string | undefined {
	for (const line of (new Error("where").stack ?? "").split("\n")) {
		const path = /(?:file:\/\/)?(\/[^\s():]+\.ts)/.exec(line)?.[1];
		const file = path && relative(root, decodeURI(path));
		if (file?.startsWith("muc/")) return file;
	}
	return undefined;
}

/** A hook as one line. */
function line_of({ event, priority, global, file }: Omit<Hook, "line">): string {
	return `${event} ${priority} ${file}${global ? " on the server" : ""}`;
}

/** What our mod_muc hooks on a real server, with the options' defaults. */
async function our_hooks(): Promise<string[]> {
	const lines: string[] = [];

	function record(module: ModuleApi): void {
		const note = (event: string, priority: number | undefined, global: boolean): void => {
			const file = calling_file();
			if (file === undefined) throw new Error(`${event} is hooked from nowhere below muc/`);
			if (is_ours(file)) return;
			lines.push(line_of({ event, priority: priority ?? 0, global, file: origin_of(file) }));
		};
		const hook = module.hook.bind(module);
		const hook_global = module.hook_global.bind(module);
		module.hook = <Name extends keyof EventMap & string>(
			event: Name,
			handler: Handler<EventMap[Name]>,
			priority?: number,
		): void => {
			note(event, priority, false);
			hook(event, handler, priority);
		};
		module.hook_global = <Name extends keyof EventMap & string>(
			event: Name,
			handler: Handler<EventMap[Name]>,
			priority?: number,
		): void => {
			note(event, priority, true);
			hook_global(event, handler, priority);
		};
	}

	const recorded = {
		...muc,
		load(module: ModuleApi) {
			record(module);
			return muc.load(module);
		},
	};
	const test = await start_test_server({ modules: [recorded] });
	await test.stop();
	return lines.sort();
}

/** Hooks of ours that no Prosody has, each with its reason. */
const ours_only: { readonly [line: string]: string } = {
	"component-uplink-connected 0 ghosts.lua": "Prosody is nobody's component.",
	"component-uplink-disconnected 0 ghosts.lua": "Prosody is nobody's component.",
	"muc-config-cancelled 0 lock.lib.lua": "Rooms that nobody wants to configure end (XEP-0045 §10.1.3).",
	"muc-occupant-joined 0 mod_muc.lua": "Who is in a room and stays though the server is killed is written down at once.",
	"muc-occupant-left 0 mod_muc.lua": "The same where they leave.",
	"muc-occupant-joined -100 unused.lua": "When a room was used last is noted.",
	"muc-occupant-left 100 unused.lua": "The same where they leave.",
	"muc-occupant-groupchat 21 occupant_id.lib.lua": "Subjects say who set them (XEP-0421).",
	"muc-pre-decline -1 muc.lib.lua": "Only who was invited may decline.",
	"muc-room-destroyed 0 ghosts.lua": "Nobody is looked for in a room that is gone.",
	"muc-room-destroyed 1 unused.lua": "Nobody asks when a room was used last that is gone.",
	"muc-room-restored 0 ghosts.lua": "Occupants behind another server may have gone meanwhile.",
	"turn-failed 0 vcard.lib.lua on the server":
		"Prosody has no turns that could fail, after which hashes of avatars are made anew.",
};

/** Hooks of Prosody 13 that 0.12 does not have, each with its reason. */
const newer_only: { readonly [line: string]: string } = {
	"iq/bare/vcard-temp:vCard 10 vcard.lib.lua": "Rooms have avatars since Prosody 13.",
	"muc-disco#info 0 vcard.lib.lua": "Rooms have avatars since Prosody 13.",
	"muc-occupant-joined 0 vcard.lib.lua": "Rooms have avatars since Prosody 13.",
	"vcard-updated 0 vcard.lib.lua": "Rooms have avatars since Prosody 13.",
	"muc-config-form 0 restrict_pm.lib.lua": "Private messages can be restricted since Prosody 13.",
	"muc-config-submitted/muc#roomconfig_allowpm 0 restrict_pm.lib.lua": "Private messages can be restricted since Prosody 13.",
	"muc-config-submitted/{xmpp:prosody.im}muc#allow_modpm 0 restrict_pm.lib.lua":
		"Private messages can be restricted since Prosody 13.",
	"muc-private-message 1 restrict_pm.lib.lua": "Private messages can be restricted since Prosody 13.",
};

/** What is in one list more often than in the other. */
function difference(list: readonly string[], other: readonly string[]): string[] {
	const rest = [...other];
	return list.filter((line) => {
		const index = rest.indexOf(line);
		if (index >= 0) rest.splice(index, 1);
		return index < 0;
	});
}

function their_hooks(folder: string): string[] {
	const read = read_hooks(folder);
	if (!read.ok) throw new Error(read.error);
	expect(read.value.problems).toEqual([]);
	return read.value.hooks.map(line_of).sort();
}

const debian = "/usr/lib/prosody/modules/muc";
const source = process.env["PROSODY_SOURCE"];
const no_debian = not_installed(existsSync(debian), "Prosody 0.12", "our hooks are not compared with its own");
if (source === undefined) {
	console.warn("PROSODY_SOURCE does not name the folder of Prosody 13's sources: our hooks are not compared with its own");
}

describe("what rooms hook", () => {
	it.skipIf(source === undefined)("is what they hook in Prosody 13: event, priority and file", async () => {
		const ours = await our_hooks();
		const theirs = their_hooks(join(source ?? "", "plugins", "muc"));
		expect(difference(theirs, ours)).toEqual([]);
		expect(difference(ours, theirs)).toEqual(Object.keys(ours_only).sort());
	});

	it.skipIf(no_debian)("is what they hook in Prosody 0.12, and what came later", async () => {
		const ours = await our_hooks();
		const theirs = their_hooks(debian);
		expect(difference(theirs, ours)).toEqual([]);
		expect(difference(ours, theirs)).toEqual([...Object.keys(ours_only), ...Object.keys(newer_only)].sort());
	});
});
