// Counterpart: plugins/mod_dialback.lua (XEP-0220)

import { ServerStreamSession } from "../core/s2s_session.ts";
import type { ModuleDefinition } from "../core/types.ts";
import { nameprep } from "../util/encodings.ts";
import { equals, hmac_sha256, sha256 } from "../util/hashes.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";
import * as uuid from "../util/uuid.ts";
import type {} from "./s2s/events.ts";

/** Most domains that one stream may ask to be known for; more is nobody's honest wish. */
const most_domains = 1000;

/** Servers prove who they are by being asked where their domain's DNS says that they are. */
export const definition: ModuleDefinition = {
	name: "dialback",
	load(module) {
		const s2s = module.depends("s2s");
		const { hosts } = module.server;
		const secret = sha256(
			module.get_option_string("dialback_secret", module.server.cluster?.secret("dialback") ?? uuid.generate()),
			true,
		);
		/** Streams that wait for an answer, by the domain that was asked and the stream's id. */
		const waiting = new Map<string, ServerStreamSession>();

		function key_of(id: string, to: string, from: string): string {
			return hmac_sha256(secret, `${to} ${from} ${id}`, true);
		}

		function begin(session: ServerStreamSession): true {
			const { from_host = "", to_host = "", streamid = "" } = session;
			session.dialback_key = key_of(streamid, to_host, from_host);
			session.sends2s(st.stanza("db:result", { from: from_host, to: to_host }).text(session.dialback_key));
			session.log("debug", "sent dialback key on outgoing s2s stream");
			// Others may wait to hear from there whether a key is theirs
			s2s.send_waiting(session);
			return true;
		}

		// Somebody asks whether a key is ours
		module.hook(`stanza/${ns.dialback}:verify`, function verify_own_key({ origin, stanza }) {
			if (!(origin instanceof ServerStreamSession) || origin.direction !== "incoming") return undefined;
			const { id = "", from = "", to = "", type } = stanza.attr;
			if (type !== undefined) {
				module.log(
					"warn",
					"Ignoring incoming session from %s claiming a dialback key for %s is %s",
					origin.from_host,
					from,
					type,
				);
				return true;
			}
			const key = stanza.get_text() ?? "";
			const is_ours = equals(key, key_of(id, from, to));
			if (!is_ours)
				origin.log("warn", "Asked to verify a dialback key that was incorrect. An imposter is claiming to be %s?", to);
			origin.sends2s(st.stanza("db:verify", { from: to, to: from, id, type: is_ours ? "valid" : "invalid" }).text(key));
			return true;
		});

		// Somebody wants to be known as a domain: that domain's server is asked
		module.hook(`stanza/${ns.dialback}:result`, function ask_authority({ origin, stanza }) {
			if (!(origin instanceof ServerStreamSession) || origin.direction !== "incoming") return undefined;
			const { to: given_to, from: given_from } = stanza.attr;
			const to = given_to === undefined ? undefined : nameprep(given_to);
			const from = given_from === undefined ? undefined : nameprep(given_from);
			if (to === undefined || from === undefined || hosts.has(from)) {
				origin.log("debug", "Wrong dialback addressing (from=%s, to=%s)", given_from, given_to);
				origin.close({ condition: from !== undefined && hosts.has(from) ? "not-authorized" : "improper-addressing" });
				return true;
			}
			if (!hosts.get(to)?.modules.has("dialback")) {
				origin.log("warn", "%s tried to connect to %s, which we don't serve", from, to);
				origin.close({ condition: "host-unknown" });
				return true;
			}
			if (origin.hosts.size >= most_domains) {
				origin.close({ condition: "resource-constraint", text: `More than ${most_domains} domains on one stream` });
				return true;
			}
			const key = stanza.get_text() ?? "";
			origin.hosts.set(from, { dialback_key: key, authed: origin.hosts.get(from)?.authed ?? false });
			// Not all servers say who they are in the header
			origin.from_host ??= from;
			origin.to_host ??= to;
			const { streamid = "" } = origin;
			waiting.set(`${from}/${streamid}`, origin);
			origin.log("debug", "asking %s if key %s belongs to them", from, key);
			s2s.ask(to, from, st.stanza("db:verify", { from: to, to: from, id: streamid }).text(key), origin);
			return true;
		});

		// The domain's server has answered
		module.hook(`stanza/${ns.dialback}:verify`, function answer_claim({ origin, stanza }) {
			if (!(origin instanceof ServerStreamSession) || origin.direction !== "outgoing") return undefined;
			const { id = "", from = "", to = "", type } = stanza.attr;
			const claim = `${from}/${id}`;
			const session = waiting.get(claim);
			if (session === undefined || from !== origin.to_host) return true;
			waiting.delete(claim);
			const is_valid = type === "valid";
			if (!is_valid) module.log("warn", "authoritative server for %s denied the key", from);
			if (session.destroyed) return true;
			// Known before it is told, since it may go on at once
			const key = session.hosts.get(from)?.dialback_key ?? "";
			if (is_valid) module.fire_event("s2s-authenticated", { session, host: from, mechanism: "dialback" });
			else session.hosts.delete(from);
			if (!session.destroyed) {
				session.sends2s(st.stanza("db:result", { from: to, to: from, id, type: is_valid ? "valid" : "invalid" }).text(key));
			}
			return true;
		});

		// We are told whether we are known
		module.hook(`stanza/${ns.dialback}:result`, function end_dialback({ origin, stanza }) {
			if (!(origin instanceof ServerStreamSession) || origin.direction !== "outgoing") return undefined;
			const { from = "", to = "", type } = stanza.attr;
			if (!hosts.has(to)) origin.close({ condition: "host-unknown" });
			else if (origin.from_host !== to || origin.to_host !== from || origin.dialback_key === undefined)
				origin.close({ condition: "invalid-id" });
			else if (type === "valid") module.fire_event("s2s-authenticated", { session: origin, host: from, mechanism: "dialback" });
			else
				origin.give_up({ condition: "not-authorized", text: "dialback authentication failed" }, "dialback authentication failed");
			return true;
		});

		module.hook(
			`stanza/${ns.sasl}:failure`,
			function fall_back({ origin }) {
				if (!(origin instanceof ServerStreamSession) || origin.external_auth !== "failed") return undefined;
				module.log("debug", "SASL EXTERNAL failed, falling back to dialback");
				return begin(origin);
			},
			100,
		);
		module.hook(
			`stanza/${ns.streams}:features`,
			function begin_after_features({ origin }) {
				if (!(origin instanceof ServerStreamSession) || origin.type !== "s2sout_unauthed") return undefined;
				if (origin.external_auth !== undefined && origin.external_auth !== "failed") return undefined;
				return begin(origin);
			},
			100,
		);
		module.hook("s2sout-authenticate-legacy", ({ origin }) => begin(origin), 100);
		module.hook("s2s-stream-features", function offer_dialback({ features }) {
			features.tag("dialback", { xmlns: ns.dialback_feature }).up();
		});
		module.hook_global("s2s-destroyed", function forget_claims({ session }) {
			for (const [claim, other] of waiting) if (other === session) waiting.delete(claim);
		});
	},
};
