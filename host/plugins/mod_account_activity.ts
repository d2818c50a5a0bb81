// Counterpart: plugins/mod_account_activity.lua

import type { C2sSession, ModuleApi, ModuleDefinition } from "../core/types.ts";
import { datetime, now } from "../util/datetime.ts";
import { parse_duration } from "../util/human/io.ts";
import * as jid from "../util/jid.ts";
import { entries, get, is_table } from "../util/luatable.ts";
import { command, done, type Outcome, refused, type Shell, type ShellCommandItem, text_of } from "./admin_shell/command.ts";

/** The second of a time in UTC, as administrators read it. */
function in_words(time: number, between: string): string {
	return datetime(time).slice(0, 19).replace("T", between);
}

/** When accounts were last used, in seconds since 1970. */
class Activity {
	private readonly store;
	private readonly tables;

	constructor(private readonly module: ModuleApi) {
		this.store = module.open_store(undefined, "map");
		this.tables = module.open_store("lastlog2");
	}

	note(username: string, time = Math.floor(now())): boolean {
		const stored = this.store.set(username, "timestamp", time);
		if (!stored.ok) this.module.log("error", "The last activity of %s could not be stored: %s", username, stored.error.text);
		return stored.ok;
	}

	of(username: string): number | undefined {
		const stored = this.store.get(username, "timestamp");
		if (!stored.ok) throw new Error(`the last activity of ${username} could not be read: ${stored.error.text}`);
		return typeof stored.value === "number" ? stored.value : undefined;
	}

	/** What the community's mod_lastlog2 knows of an account. */
	private of_lastlog2(username: string): number | undefined {
		const stored = this.tables.get_table(username);
		if (!stored.ok) throw new Error(`what mod_lastlog2 stored for ${username} could not be read: ${stored.error.text}`);
		const times = (stored.value === undefined ? [] : entries(stored.value)).flatMap(([event, value]) => {
			const time = event !== "registered" && value !== undefined && is_table(value) ? get(value, "timestamp") : undefined;
			return typeof time === "number" ? [time] : [];
		});
		return times.length === 0 ? undefined : Math.max(...times);
	}

	/** Takes over what the community's mod_lastlog2 has stored. */
	take_over(shell: Shell): Outcome {
		const users = this.tables.users();
		if (!users.ok) return refused(`what mod_lastlog2 stored cannot be listed: ${users.error.text}`);
		let [imported, errors, skipped] = [0, 0, 0];
		for (const username of users.value) {
			const latest = this.of_lastlog2(username);
			const known = this.of(username);
			if (latest === undefined || (known !== undefined && known >= latest)) skipped++;
			else if (this.note(username, latest)) imported++;
			else {
				shell.print(`WW: Failed to import "${username}"`);
				errors++;
			}
		}
		return done(`${imported} accounts imported, ${errors} errors, ${skipped} skipped`);
	}
}

function list_inactive(module: ModuleApi, activity: Activity, shell: Shell, host: string, duration: string): Outcome {
	const { usermanager } = module.server;
	const seconds = parse_duration(duration);
	if (seconds === undefined) return refused(`Invalid duration "${duration}" - try something like "30d"`);
	const since = now() - seconds;
	let [inactive, unknown] = [0, 0];
	for (const username of usermanager.users(host)) {
		const last = activity.of(username);
		const info = last === undefined ? usermanager.get_account_info(username, host) : undefined;
		const time = last ?? (info?.ok ? info.value.created : undefined);
		if (time === undefined) unknown++;
		else if (time < since) {
			shell.print(username, last === undefined ? "" : in_words(last, "T"));
			inactive++;
		}
	}
	const rest = unknown > 0 ? ` (${unknown} unknown)` : "";
	return done(`${inactive} accounts inactive since ${in_words(since, "T")}${rest}`);
}

function commands(module: ModuleApi, activity: Activity): ShellCommandItem[] {
	const user = { section: "user", section_desc: "View user activity data" };
	return [
		{
			...user,
			host_selector: "jid",
			...command("activity(jid)", "View the last recorded user activity for an account", (_shell, [address]) => {
				const username = jid.prepped_split(text_of(address, "a JID")).node ?? "";
				const is_online = module.host_session().sessions.has(username);
				const time = is_online ? now() : activity.of(username);
				return done(time === undefined ? "No activity" : `${in_words(time, " ")} (${is_online ? "online" : "offline"})`);
			}),
		},
		{
			...user,
			host_selector: "host",
			...command("list_inactive(host, duration)", "List inactive user accounts", (shell, [host, duration]) =>
				list_inactive(module, activity, shell, text_of(host, "a host"), text_of(duration, "a duration such as 30d")),
			),
		},
		{
			section: "migrate",
			section_desc: "Perform data migrations",
			host_selector: "host",
			...command("account_activity_lastlog2(host)", "Migrate account activity information from mod_lastlog2", (shell) =>
				activity.take_over(shell),
			),
		},
	];
}

/** Remembers when accounts were last used, for administrators. */
export const definition: ModuleDefinition = {
	name: "account_activity",
	load(module) {
		const activity = new Activity(module);
		const note = ({ session }: { session: C2sSession }): void => {
			if (session.username !== undefined) activity.note(session.username);
		};
		module.hook("authentication-success", note);
		module.hook("resource-unbind", note);
		for (const item of commands(module, activity)) module.add_item("shell-command", item);
	},
};
