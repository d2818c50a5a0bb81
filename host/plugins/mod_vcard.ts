// Counterpart: plugins/mod_vcard.lua (XEP-0054)

import type { KeyvalStore, ModuleApi, ModuleDefinition, Session, StanzaEvent } from "../core/types.ts";
import { base64_decode } from "../util/encodings.ts";
import { sha1 } from "../util/hashes.ts";
import { node } from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";

/** What other modules may ask about the vCards of a host. */
export interface VcardExports {
	/** SHA-1 of somebody's photo in hexadecimal (XEP-0153 §4); undefined without a photo that can be read. */
	get_avatar_hash(username: string | undefined): string | undefined;
}

declare module "../core/types.ts" {
	interface ModuleExports {
		vcard: VcardExports;
	}
	interface StanzaEvent {
		/** On components, a handler before mod_vcard's sets this where the sender may replace the vCard. */
		allow_vcard_modification?: boolean;
	}
	interface EventMap {
		/** A vCard was replaced; the payload is the event of the stanza that did it. */
		"vcard-updated": StanzaEvent;
	}
}

/** The store's name: from the option, by the kind of host, or else the module's name. Option: vcard_store_name. */
function open_vcards(module: ModuleApi, is_component: boolean): KeyvalStore {
	const is_for_rooms = is_component && module.get_option_string("component_module") === "muc";
	return module.open_store(module.get_option_string("vcard_store_name", is_for_rooms ? "vcard_muc" : undefined));
}

/** The account that a session belongs to. */
function username_of(session: Session): string | undefined {
	return session.type === "c2s" ? session.username : undefined;
}

function load(module: ModuleApi): VcardExports {
	const is_component = module.get_host_type() === "component";
	const vcards = open_vcards(module, is_component);
	module.add_feature(ns.vcard_temp);

	/** False where it cannot be read; the answer must not be that there is none then. */
	function read(username: string | undefined): Stanza | false | undefined {
		const stored = vcards.get_table(username);
		if (stored.ok) return st.deserialize(stored.value);
		module.log("error", "The vCard of %s could not be read: %s", username ?? module.host, stored.error.text);
		return false;
	}

	function write(username: string | undefined, vcard: Stanza): boolean {
		const written = vcards.set_table(username, st.preserialize(vcard));
		if (!written.ok) module.log("error", "The vCard of %s could not be written: %s", username ?? module.host, written.error.text);
		return written.ok;
	}

	function show({ origin, stanza }: StanzaEvent): void {
		const { to } = stanza.attr;
		const owner = to === undefined ? username_of(origin) : node(to);
		const is_nobody = to === undefined && owner === undefined;
		const vcard = is_nobody ? undefined : read(owner);
		if (vcard) origin.send(st.reply(stanza).add_child(vcard));
		else if (vcard === undefined) origin.send(st.error_reply(stanza, "cancel", "item-not-found"));
		else origin.send(st.error_reply(stanza, "wait", "internal-server-error"));
	}

	function replace(event: StanzaEvent): void {
		const { origin, stanza } = event;
		const { to } = stanza.attr;
		const vcard = stanza.first_tag;
		// The account itself, in a stanza without `to`; on components, those whom a handler has allowed it
		const owner = to === undefined ? username_of(origin) : node(to);
		const may_replace = to === undefined ? owner !== undefined : is_component && event.allow_vcard_modification === true;
		if (!may_replace || vcard === undefined) {
			origin.send(st.error_reply(stanza, "auth", "forbidden"));
		} else if (write(owner, vcard)) {
			origin.send(st.reply(stanza));
			module.fire_event("vcard-updated", event);
		} else {
			origin.send(st.error_reply(stanza, "wait", "internal-server-error"));
		}
	}

	function handle_vcard(event: StanzaEvent): true {
		if (event.stanza.attr["type"] === "get") show(event);
		else replace(event);
		return true;
	}
	module.hook("iq/bare/vcard-temp:vCard", handle_vcard);
	module.hook("iq/host/vcard-temp:vCard", handle_vcard);

	return {
		get_avatar_hash(username) {
			const vcard = read(username);
			const photo = vcard ? vcard.get_child("PHOTO")?.get_child_text("BINVAL") : undefined;
			const bytes = photo === undefined ? undefined : base64_decode(photo);
			return bytes === undefined || bytes.length === 0 ? undefined : sha1(bytes, true);
		},
	};
}

/** Keeps a vCard for each account, or for each room of a component. */
export const definition: ModuleDefinition = { name: "vcard", load };
