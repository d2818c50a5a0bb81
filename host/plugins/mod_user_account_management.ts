// Counterpart: plugins/mod_user_account_management.lua

import type { C2sSession, ModuleDefinition, StanzaEvent } from "../core/types.ts";
import { nodeprep } from "../util/encodings.ts";
import { failed, type Result } from "../util/error.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { type Eventual, go_on, Waiting } from "../util/waiting.ts";
import { command, refused, result, text_of } from "./admin_shell/command.ts";

declare module "../core/types.ts" {
	interface EventMap {
		/** An account was deleted by its owner. */
		"user-deregistered": { username: string; host: string; source: string; session?: C2sSession };
		/** The same, for an account that is only disabled until `pending_until` (seconds since 1970). */
		"user-deregistered-pending": {
			username: string;
			host: string;
			source: string;
			session: C2sSession;
			status: { deleted_at: number; pending_until: number };
		};
	}
	interface ModuleExports {
		user_account_management: {
			/** Takes back the deletion of an account whose grace period still runs. */
			restore_account(username: string): Result<string, string>;
		};
	}
}

const source = "mod_register";
const day = 24 * 60 * 60;

function now(): number {
	return Math.floor(Date.now() / 1000);
}

/** Lets people change their password and remove their account (XEP-0077 §3.2, §3.3). */
export const definition: ModuleDefinition = {
	name: "user_account_management",
	load(module) {
		const { log, server, host } = module;
		const { usermanager } = server;
		const compat = module.get_option_boolean("registration_compat", true);
		const has_grace_period = module.get_option("registration_delete_grace_period") !== undefined;
		// A period that cannot be read must not mean that accounts are deleted at once.
		const grace_period = module.get_option_period("registration_delete_grace_period", "30 days");
		const deleted_accounts = module.open_store("accounts_cleanup");
		module.add_feature(ns.register);

		/** Answers to people whose accounts are being deleted; they have to be sent before the accounts' streams are closed. */
		const farewells = new Map<string, () => void>();
		const say_farewell = ({ username, host: of_host }: { username: string; host: string }): void => {
			if (of_host === host) farewells.get(username)?.();
		};
		module.hook_global("user-deleted", say_farewell, 1000);
		module.hook_global("user-disabled", say_farewell, 1000);

		function remove_later(session: C2sSession, username: string): Result<true, string> {
			const meta = { reason: "ibr", comment: "Deletion requested by user", when: now() };
			const disabled = usermanager.disable_user(username, host, meta);
			if (!disabled.ok) return disabled;
			const status = { deleted_at: now(), pending_until: now() + grace_period };
			const noted = deleted_accounts.set(username, status);
			if (!noted.ok) log("error", "The account '%s' is disabled, but not noted for deletion: %s", username, noted.error.text);
			log("info", "User removed their account: %s@%s (disabled, pending deletion)", username, host);
			module.fire_event("user-deregistered-pending", { username, host, source, session, status });
			return disabled;
		}

		function remove_now(session: C2sSession, username: string): Result<true, string> {
			const deleted = usermanager.delete_user(username, host);
			if (!deleted.ok) return deleted;
			log("info", "User removed their account: %s@%s (deleted)", username, host);
			module.fire_event("user-deregistered", { username, host, source, session });
			return deleted;
		}

		function remove(session: C2sSession, stanza: Stanza, username: string): void {
			farewells.set(username, () => session.send(st.reply(stanza)));
			const removed = has_grace_period ? remove_later(session, username) : remove_now(session, username);
			farewells.delete(username);
			if (removed.ok) return;
			log("debug", "Removing user account %s@%s failed: %s", username, host, removed.error);
			session.send(st.error_reply(stanza, "cancel", "service-unavailable", removed.error));
		}

		function change_password(session: C2sSession, stanza: Stanza, query: Stanza): Eventual<true> {
			const username = nodeprep(query.get_child_text("username") ?? "");
			const password = query.get_child_text("password");
			if (password === undefined || username === undefined || username !== session.username) {
				session.send(st.error_reply(stanza, "modify", "bad-request"));
				return true;
			}
			const { resource } = session;
			const hashed = password === "" ? failed("empty password") : usermanager.hash_password(username, host, password, session.ip);
			return go_on(hashed, (secret) => {
				// The turn in which the stanza came is over
				if (hashed instanceof Waiting) module.server.turn.record({ origin: session, stanza });
				const changed = secret.ok ? usermanager.set_password(username, host, secret.value, resource) : secret;
				session.send(changed.ok ? st.reply(stanza) : st.error_reply(stanza, "wait", "internal-server-error"));
				return true;
			});
		}

		function handle({ origin: session, stanza }: StanzaEvent): Eventual<true> | undefined {
			if (session.type !== "c2s" || session.host !== host) return undefined;
			const query = stanza.first_tag;
			const { username } = session;
			if (!query || username === undefined) return undefined;
			if (stanza.attr["type"] === "get") {
				const reply = st.reply(stanza).query(ns.register);
				reply.tag("registered").up().text_tag("username", username).tag("password").up();
				session.send(reply);
			} else if (query.first_tag?.name === "remove") {
				remove(session, stanza, username);
			} else {
				return change_password(session, stanza, query);
			}
			return true;
		}

		module.hook(`iq/self/${ns.register}:query`, handle);
		if (compat) {
			module.hook(`iq/host/${ns.register}:query`, (event) => {
				const { origin, stanza } = event;
				const is_own = origin.type === "c2s" && jid.bare(stanza.attr["to"]) === origin.host;
				return is_own ? handle(event) : undefined;
			});
		}

		// Whoever comes back within the grace period is told why the account is disabled.
		module.hook(
			"authentication-failure",
			(event) => {
				const username = event.session.sasl_handler?.username;
				if (event.condition !== "account-disabled" || username === undefined) return;
				const status = deleted_accounts.get(username);
				if (status.ok && status.value) event.text = "Account deleted";
			},
			-1000,
		);

		module.hook_global("user-enabled", (event) => {
			if (event.host === host) deleted_accounts.set(event.username, undefined);
		});

		function restore_account(username: string): Result<string, string> {
			const pending = deleted_accounts.get(username);
			if (!pending.ok) return failed(pending.error.text);
			if (!pending.value) return failed("Account not pending deletion");
			const enabled = usermanager.enable_user(username, host);
			return enabled.ok ? { ok: true, value: "Account restored" } : enabled;
		}

		/** Deletes an account whose grace period is over. */
		function clean_up(username: string): void {
			const info = usermanager.get_account_info(username, host);
			const status = deleted_accounts.get(username);
			if (!info.ok || !status.ok) {
				const reason = !info.ok ? info.error : !status.ok ? status.error.text : "";
				log("warn", "Unable to process delayed deletion of user '%s': %s", username, reason);
				return;
			}
			if (info.value.enabled !== false) {
				log("warn", "Account '%s' is not disabled, removing from deletion queue", username);
				deleted_accounts.set(username, undefined);
				return;
			}
			const pending_until = status.value?.["pending_until"];
			if (typeof pending_until !== "number" || pending_until > now()) return;
			const deleted = usermanager.delete_user(username, host);
			if (!deleted.ok) {
				log("warn", "Unable to process delayed deletion of user '%s': %s", username, deleted.error);
				return;
			}
			deleted_accounts.set(username, undefined);
			log("info", "Deleted account '%s', as its owner wanted", username);
			module.fire_event("user-deregistered", { username, host, source });
		}

		if (has_grace_period) {
			const cleanup_time = module.measure("cleanup", "times");
			module.add_timer(60, () => {
				const cleanup_done = cleanup_time();
				const pending = deleted_accounts.users();
				for (const username of pending.ok ? pending.value : []) clean_up(username);
				cleanup_done();
				return day;
			});
		}

		module.add_item("shell-command", {
			section: "user",
			host_selector: "jid",
			...command("restore(jid)", "Restore a user account scheduled for deletion", (_shell, [given]) => {
				const restored = restore_account(jid.node(text_of(given, "a JID")) ?? "");
				return restored.ok ? result(restored.value) : refused(restored.error);
			}),
		});

		return { restore_account };
	},
};
