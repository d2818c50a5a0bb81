// Counterpart: mod_cloud_notify.lua of prosody-modules

import { ClientSession } from "../core/c2s_session.ts";
import type { C2sSession, ModuleDefinition, StanzaEvent } from "../core/types.ts";
import type { Handler } from "../util/events.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { type Devices, identifier_of, open_devices, type PushInfo } from "./cloud_notify/devices.ts";
import { is_urgent } from "./cloud_notify/importance.ts";
import { Notifier, xmlns_push } from "./cloud_notify/notify.ts";
import { WaitingSessions } from "./cloud_notify/waiting.ts";
import type {} from "./mam/archive.ts";

declare module "../core/types.ts" {
	interface EventMap {
		/** A client wants its device to be woken; false refuses, once the client was told why. */
		"cloud_notify/registration": { origin: C2sSession; stanza: Stanza; push_info: PushInfo };
		/** Wakes all devices of an account, or these. */
		"cloud-notify-ping": { user: string; push_services?: Devices };
	}
}

const nothing: Devices = new Map();

/** Wakes devices by services elsewhere when something waits for them (XEP-0357). */
export const definition: ModuleDefinition = {
	name: "cloud_notify",
	load(module) {
		const options = {
			with_body: module.get_option_boolean("push_notification_with_body", false),
			with_sender: module.get_option_boolean("push_notification_with_sender", false),
			important_body: module.get_option_string("push_notification_important_body", "New Message!"),
			max_errors: module.get_option_integer("push_max_errors", 16, 1),
		};
		const devices = open_devices(module, module.get_option_integer("push_max_devices", 5, 1));
		const notifier = new Notifier(module, options, devices, (username, identifier) => waiting.forget(username, identifier));
		const longest_wait = module.get_option_period("push_max_hibernation_timeout", 72 * 3600);
		const waiting = new WaitingSessions(module, notifier, longest_wait, devices);

		module.hook("account-disco-info", ({ reply }) => {
			reply.tag("feature", { var: xmlns_push }).up();
		});

		/** The devices of an account; none where they cannot be read. */
		function devices_of(username: string): Devices {
			const found = devices.get(username);
			if (found.ok) return found.value;
			module.log("warn", "The devices of %s could not be read: %s", username, found.error.text);
			return nothing;
		}

		function refuse(origin: StanzaEvent["origin"], stanza: Stanza, condition: string, text: string): true {
			origin.send(st.error_reply(stanza, condition === "internal-server-error" ? "wait" : "modify", condition, text));
			return true;
		}

		function read_info(origin: ClientSession, stanza: Stanza, enable: Stanza, push_jid: string): PushInfo {
			const form = enable.get_child("x", ns.data);
			const { node, include_payload } = enable.attr;
			return {
				jid: push_jid,
				node,
				include_payload,
				options: form === undefined ? undefined : st.preserialize(form),
				timestamp: Math.floor(Date.now() / 1000),
				resource: origin.resource,
				language: stanza.attr["xml:lang"],
			};
		}

		const enable_push: Handler<StanzaEvent> = ({ origin, stanza }) => {
			const enable = stanza.first_tag;
			if (!(origin instanceof ClientSession) || origin.username === undefined || enable === undefined) return undefined;
			const { username } = origin;
			const { jid: push_jid, node } = enable.attr;
			if (push_jid === undefined) return refuse(origin, stanza, "bad-request", "Missing jid");
			if (push_jid === stanza.attr["from"]) return refuse(origin, stanza, "bad-request", "JID must be different from ours");
			if (jid.prep(push_jid) === undefined) return refuse(origin, stanza, "jid-malformed", "The 'jid' is no address");
			const push_info = read_info(origin, stanza, enable, push_jid);
			if (module.fire_event("cloud_notify/registration", { origin, stanza, push_info }) === false) return true;
			const identifier = identifier_of(push_jid, node);
			const known = devices.get(username);
			const others = new Map(known.ok ? known.value : nothing);
			others.delete(identifier);
			// What cannot be read must not be written over
			const stored = known.ok ? devices.set(username, others.set(identifier, push_info)) : known;
			if (!stored.ok) {
				module.log("error", "The devices of %s could not be stored: %s", username, stored.error.text);
				return refuse(origin, stanza, "internal-server-error", "This could not be stored");
			}
			notifier.forget_errors(username, identifier);
			waiting.watch(origin, identifier, push_info);
			origin.log("info", "Push notifications enabled for %s (%s)", stanza.attr["from"], identifier);
			origin.send(st.reply(stanza));
			return true;
		};
		module.hook(`iq-set/self/${xmlns_push}:enable`, enable_push);

		const disable_push: Handler<StanzaEvent> = ({ origin, stanza }) => {
			if (!(origin instanceof ClientSession) || origin.username === undefined) return undefined;
			const { username } = origin;
			const { jid: push_jid, node } = stanza.first_tag?.attr ?? {};
			if (push_jid === undefined) return refuse(origin, stanza, "bad-request", "Missing jid");
			const known = devices.get(username);
			const left = new Map(known.ok ? known.value : nothing);
			const gone = [...left].filter(([, info]) => info.jid === push_jid && (node === undefined || info.node === node));
			for (const [identifier] of gone) left.delete(identifier);
			const stored = known.ok && gone.length > 0 ? devices.set(username, left) : known;
			if (!stored.ok) {
				module.log("error", "The devices of %s could not be stored: %s", username, stored.error.text);
				return refuse(origin, stanza, "internal-server-error", "This could not be stored");
			}
			for (const [identifier] of gone) {
				origin.log("info", "Push notifications disabled (%s)", identifier);
				notifier.forget_errors(username, identifier);
				waiting.forget(username, identifier);
			}
			origin.send(st.reply(stanza));
			return true;
		};
		module.hook(`iq-set/self/${xmlns_push}:disable`, disable_push);

		/** Whom a stanza is for. */
		function recipient({ origin, stanza }: StanzaEvent): string | undefined {
			const { to } = stanza.attr;
			return to === undefined && origin.type === "c2s" ? origin.username : jid.node(to);
		}

		const tell_all = (event: StanzaEvent): undefined => {
			const username = recipient(event);
			if (username !== undefined) notifier.notify(event.stanza, username, devices_of(username));
		};
		// What is kept until somebody is online
		module.hook("message/offline/handle", tell_all, 1);
		// What rooms send to accounts that have no client online
		module.hook("message/bare/groupchat", tell_all, 1);

		module.hook("archive-message-added", (event) => {
			const { stanza, for_user } = event;
			if (module.host_session().sessions.get(for_user) === undefined || recipient(event) !== for_user) return;
			const all = devices_of(for_user);
			if (all.size === 0) return;
			// A call rings at once, since a session may only seem to be there; those that wait are told of the rest by themselves
			const present = is_urgent(stanza) ? new Set<string>() : waiting.identifiers(for_user);
			notifier.notify(stanza, for_user, new Map([...all].filter(([identifier]) => !present.has(identifier))));
		});

		module.hook("cloud-notify-ping", ({ user, push_services }) => {
			notifier.notify(undefined, user, push_services ?? devices_of(user));
		});

		module.hook_global("user-deleted", ({ username, host }) => {
			if (host === module.host) devices.forget(username);
		});
		module.unload = () => waiting.stop();
	},
};
