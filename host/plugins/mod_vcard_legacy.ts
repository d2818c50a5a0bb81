// Counterpart: plugins/mod_vcard_legacy.lua (XEP-0398, XEP-0054, XEP-0153)

import type { C2sSession, KeyvalStore, ModuleApi, ModuleDefinition, Session, StanzaEvent } from "../core/types.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import type { Actor, Done, PubsubError, PubsubService } from "../util/pubsub.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { open_avatar_hashes } from "./vcard_legacy/avatar_hashes.ts";
import { type Avatar, add_from_vcard4, avatar_of, to_vcard4 } from "./vcard_legacy/convert.ts";

const vcard4_node = "urn:xmpp:vcard4";
/** How nodes are made; those that there are stay as they are. */
const requested = { config: { access_model: "open" }, is_for_new_only: true } as const;
const done = { ok: true, value: true } as const;

function username_of(origin: Session): string | undefined {
	return origin.type === "c2s" ? origin.username : undefined;
}

function send_error(origin: Session, stanza: Stanza, error: PubsubError): void {
	if (error === "forbidden") origin.send(st.error_reply(stanza, "auth", "forbidden"));
	else if (error === "internal-server-error") origin.send(st.error_reply(stanza, "wait", "internal-server-error"));
	else origin.send(st.error_reply(stanza, "modify", "undefined-condition", error));
}

/** Adds the avatar that somebody has published to a card in the older form. */
function add_photo(card: Stanza, service: PubsubService, actor: Actor): void {
	const last = service.get_last_item(ns.avatar_metadata, actor);
	const info = last.ok ? last.value?.[1].first_tag?.get_child("info") : undefined;
	if (info === undefined) return;
	const { type, url, id } = info.attr;
	card.tag("PHOTO");
	if (type !== undefined) card.text_tag("TYPE", type);
	if (url !== undefined) card.text_tag("EXTVAL", url);
	else if (id !== undefined) {
		const found = service.get_items(ns.avatar_data, actor, [id]);
		const data = found.ok ? found.value.get(id)?.first_tag : undefined;
		if (data !== undefined) card.text_tag("BINVAL", data.get_text());
	}
	card.up();
}

/** Publishes a card and an avatar; no avatar takes the published one away. */
function publish(service: PubsubService, actor: Actor, card: Stanza | undefined, avatar: Avatar | "none" | undefined): Done {
	if (avatar !== undefined) {
		if (service.purge(ns.avatar_metadata, actor).ok) service.purge(ns.avatar_data, actor);
		if (avatar !== "none") {
			for (const [node, item] of [
				[ns.avatar_data, avatar.data],
				[ns.avatar_metadata, avatar.metadata],
			] as const) {
				const published = service.publish(node, actor, avatar.hash, item, requested);
				if (!published.ok) return published;
			}
		}
	}
	return card === undefined ? done : service.publish(vcard4_node, actor, "current", card, requested);
}

/** Takes over cards that mod_vcard has stored, when their owners log in. Option: upgrade_legacy_vcards. */
function take_over(module: ModuleApi, service_of: (username: string) => PubsubService, vcards: KeyvalStore): void {
	function has(service: PubsubService, node: string): boolean {
		const last = service.get_last_item(node, true);
		return last.ok && last.value !== undefined;
	}

	function migrate({ session }: { session: C2sSession }): void {
		const { username } = session;
		if (username === undefined) return;
		const stored = vcards.get_table(username);
		const vcard_temp = stored.ok ? st.deserialize(stored.value) : undefined;
		if (!stored.ok) session.log("error", "The legacy vCard could not be read: %s", stored.error.text);
		if (vcard_temp === undefined) return;
		const service = service_of(username);
		const card = has(service, vcard4_node) ? undefined : to_vcard4(vcard_temp);
		const has_avatar = has(service, ns.avatar_metadata) || has(service, ns.avatar_data);
		const avatar = has_avatar ? undefined : (avatar_of(vcard_temp) ?? "none");
		const published = publish(service, true, card, avatar);
		const removed = published.ok && vcards.set(username, undefined).ok;
		if (removed) session.log("info", "Migrated vCard-temp to PEP");
		else
			session.log(
				"info",
				"Failed to migrate vCard-temp to PEP: %s",
				published.ok ? "problem emptying 'vcard' store" : published.error,
			);
	}

	if (module.get_option_boolean("upgrade_legacy_vcards", true)) module.hook("resource-bind", migrate);
}

/** Cards in the older form, made of what people publish, and published where clients know only the older form. */
export const definition: ModuleDefinition = {
	name: "vcard_legacy",
	load(module) {
		const pep = module.depends("pep");
		module.add_feature(ns.vcard_temp);
		module.hook("account-disco-info", ({ reply }) => {
			reply.tag("feature", { var: "urn:xmpp:pep-vcard-conversion:0" }).up();
		});

		module.hook(`iq-get/bare/${ns.vcard_temp}:vCard`, ({ origin, stanza }) => {
			const { to, from = "" } = stanza.attr;
			const username = to === undefined ? username_of(origin) : jid.node(to);
			const service = pep.get_pep_service(username ?? "");
			// Whoever sees an empty card may store it in place of the true one
			if (service.broken) {
				send_error(origin, stanza, "internal-server-error");
				return true;
			}
			const card = st.stanza("vCard", { xmlns: ns.vcard_temp });
			const last = service.get_last_item(vcard4_node, from);
			const vcard4 = last.ok ? last.value?.[1].first_tag : undefined;
			if (vcard4 !== undefined) add_from_vcard4(card, vcard4);
			else {
				const nick = service.get_last_item(ns.nick, from);
				const nickname = nick.ok ? nick.value?.[1].get_child_text("nick", ns.nick) : undefined;
				if (nickname !== undefined) card.text_tag("NICKNAME", nickname);
			}
			add_photo(card, service, from);
			origin.send(st.reply(stanza).add_child(card.reset()));
			return true;
		});

		module.hook(`iq-set/self/${ns.vcard_temp}:vCard`, ({ origin, stanza }) => {
			const username = username_of(origin);
			const vcard_temp = stanza.first_tag;
			if (origin.type !== "c2s" || username === undefined || vcard_temp === undefined) return undefined;
			const service = pep.get_pep_service(username);
			const published = publish(service, origin.full_jid ?? "", to_vcard4(vcard_temp), avatar_of(vcard_temp) ?? "none");
			if (published.ok) origin.send(st.reply(stanza));
			else send_error(origin, stanza, published.error);
			return true;
		});

		const hash_of = open_avatar_hashes(module);
		/** Says in a presence which avatar somebody has, where the client does not (XEP-0153). */
		function add_hash({ origin, stanza }: StanzaEvent): void {
			const username = username_of(origin);
			if (username === undefined || stanza.attr["type"] !== undefined) return;
			let update = stanza.get_child("x", ns.vcard_update);
			if (update?.get_child("photo") !== undefined) return;
			if (update === undefined) {
				update = st.stanza("x", { xmlns: ns.vcard_update });
				stanza.add_direct_child(update);
			}
			update.text_tag("photo", hash_of(pep.get_pep_service(username)));
		}
		for (const kind of ["full", "bare", "host"] as const) module.hook(`pre-presence/${kind}`, add_hash, 1);

		take_over(module, pep.get_pep_service, module.open_store("vcard"));
	},
};
