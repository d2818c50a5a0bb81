// Counterpart: plugins/mod_mam/mamprefs.lib.lua, plugins/mod_mam/mamprefsxml.lib.lua (XEP-0441)

import type { ModuleApi, StorageError, StoreMap, UserSessions } from "../../core/types.ts";
import { ok, type Result } from "../../util/error.ts";
import * as jid from "../../util/jid.ts";
import { ns } from "../../util/ns.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";

/** Whether messages are archived: all, none, or those with contacts. */
export type Policy = boolean | "roster";

/** What of somebody's is archived. */
export interface Prefs {
	/** Undefined where a client has set none: then nothing is. */
	readonly default: Policy | undefined;
	/** By bare JID: always, or never. */
	readonly rules: ReadonlyMap<string, boolean>;
}

const policies: ReadonlyMap<string, Policy> = new Map<string, Policy>([
	["always", true],
	["never", false],
	["roster", "roster"],
]);

/** What a `<prefs/>` says. Jids that are none are left out. */
export function from_stanza(element: Stanza): Prefs {
	const rules = new Map<string, boolean>();
	for (const [name, rule] of [
		["always", true],
		["never", false],
	] as const) {
		for (const tag of element.get_child(name)?.childtags("jid") ?? []) {
			const address = jid.prep(tag.get_text());
			if (address !== undefined) rules.set(address, rule);
		}
	}
	return { default: policies.get(element.attr["default"] ?? ""), rules };
}

export function to_stanza(prefs: Prefs): Stanza {
	const policy = [...policies].find(([, value]) => value === prefs.default)?.[0];
	const element = st.stanza("prefs", { xmlns: ns.mam, default: policy });
	for (const [name, rule] of [
		["always", true],
		["never", false],
	] as const) {
		element.tag(name);
		for (const [address, its] of prefs.rules) if (its === rule) element.text_tag("jid", address);
		element.up();
	}
	return element;
}

function read(stored: StoreMap): Prefs {
	const rules = new Map<string, boolean>();
	for (const [key, value] of stored) if (typeof key === "string" && typeof value === "boolean") rules.set(key, value);
	const policy = stored.get(false);
	return { rules, default: typeof policy === "boolean" || policy === "roster" ? policy : undefined };
}

function write(prefs: Prefs): StoreMap {
	const stored: StoreMap = new Map(prefs.rules);
	if (prefs.default !== undefined) stored.set(false, prefs.default);
	return stored;
}

/** The preferences of a host's accounts. */
export interface StoredPrefs {
	/** @param explicit whether a client that knows archives asks, so that archiving begins where that is smart */
	get(username: string, explicit?: boolean): Result<Prefs, StorageError>;
	set(username: string, prefs: Prefs): Result<void, StorageError>;
}

/** Options: default_archive_policy, mam_smart_enable. The store is named by `archive_store`. */
export function open_prefs(module: ModuleApi, archive_store: string): StoredPrefs {
	const wanted = module.get_option_enum<string | boolean>("default_archive_policy", "always", "roster", "never", true, false);
	const policy = typeof wanted === "boolean" ? wanted : policies.get(wanted);
	const smart_enable = module.get_option_boolean("mam_smart_enable", false);
	const store = module.open_store(`${archive_store}_prefs`);
	/** Of those who are online. */
	const known = new WeakMap<UserSessions, Prefs>();
	const sessions_of = (username: string): UserSessions | undefined => module.host_session().sessions.get(username);

	function set(username: string, prefs: Prefs): Result<void, StorageError> {
		const sessions = sessions_of(username);
		const stored = store.set_table(username, write(prefs));
		if (sessions === undefined) return stored;
		if (stored.ok) known.set(sessions, prefs);
		else known.delete(sessions);
		module.server.turn.remember({ undo: () => void known.delete(sessions) });
		return stored;
	}

	return {
		set,
		get(username, explicit = false) {
			const sessions = sessions_of(username);
			const cached = sessions === undefined ? undefined : known.get(sessions);
			if (cached !== undefined) return ok(cached);
			const stored = store.get_table(username);
			if (!stored.ok) return stored;
			if (stored.value !== undefined) {
				const prefs = read(stored.value);
				if (sessions !== undefined) known.set(sessions, prefs);
				return ok(prefs);
			}
			const defaults: Prefs = { default: policy, rules: new Map() };
			if (!smart_enable) {
				// Each message asks for them
				if (sessions !== undefined) known.set(sessions, defaults);
				return ok(defaults);
			}
			if (!explicit) return ok({ default: false, rules: new Map() });
			const begun = set(username, defaults);
			return begun.ok ? ok(defaults) : begun;
		},
	};
}
