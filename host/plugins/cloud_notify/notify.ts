// Counterpart: mod_cloud_notify.lua of prosody-modules (handle_notify_request, handle_push_error, handle_push_success)

import { IqError } from "../../core/iq_error.ts";
import type { ModuleApi } from "../../core/types.ts";
import { type Form, new_form } from "../../util/dataforms.ts";
import * as id from "../../util/id.ts";
import { ns } from "../../util/ns.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";
import type { DeviceStore, Devices, PushInfo } from "./devices.ts";
import { is_important } from "./importance.ts";

/** The namespace of XEP-0357. */
export const xmlns_push = "urn:xmpp:push:0";

/** What a configuration says of notifications. */
export interface PushOptions {
	readonly with_body: boolean;
	readonly with_sender: boolean;
	/** What stands for the body of an important message. */
	readonly important_body: string;
	/** How many errors in a row end the notifications of a device. */
	readonly max_errors: number;
}

/** What a device is told. */
export interface PushSummary {
	"message-count": string;
	"last-message-sender"?: string | undefined;
	"last-message-body"?: string | undefined;
	[field: string]: string | undefined;
}

declare module "../../core/types.ts" {
	interface EventMap {
		/** A notification is about to be sent; any answer that is true stops it, for the `reason` if one is set. */
		"cloud_notify/push": {
			notification_stanza: Stanza;
			notification_payload: Stanza;
			original_stanza: Stanza | undefined;
			username: string;
			push_info: PushInfo;
			push_summary: PushSummary;
			important: boolean;
			reason?: string;
		};
	}
}

const summary_form: Form = new_form({
	fields: [
		{ name: "FORM_TYPE", type: "hidden", value: "urn:xmpp:push:summary" },
		{ name: "message-count", type: "text-single" },
		{ name: "pending-subscription-count", type: "text-single" },
		{ name: "last-message-sender", type: "jid-single" },
		{ name: "last-message-body", type: "text-single" },
	],
});

/** Wakes devices, and stops waking those whose services refuse. */
export class Notifier {
	/** Which devices were woken for a stanza. */
	private readonly woken = new WeakMap<Stanza, Set<string>>();
	/** Errors in a row, by account and device. */
	private readonly errors = new Map<string, number>();

	/**
	 * @param disabled told of devices that are not woken any more
	 */
	constructor(
		private readonly module: ModuleApi,
		private readonly options: PushOptions,
		private readonly devices: DeviceStore,
		private readonly disabled: (username: string, identifier: string) => void,
	) {}

	/** Whether a device was woken for a stanza already. */
	was_woken(stanza: Stanza, identifier: string): boolean {
		return this.woken.get(stanza)?.has(identifier) === true;
	}

	/** A device is not known any more, or is new. */
	forget_errors(username: string, identifier: string): void {
		this.errors.delete(`${username}\n${identifier}`);
	}

	/**
	 * Wakes devices of an account for a stanza, once each, or for nothing in particular. Answers with how many were told.
	 */
	notify(stanza: Stanza | undefined, username: string, devices: Devices): number {
		let count = 0;
		for (const [identifier, info] of devices) {
			if (stanza !== undefined) {
				const woken = this.woken.get(stanza) ?? new Set<string>();
				this.woken.set(stanza, woken);
				if (woken.has(identifier)) continue;
				woken.add(identifier);
			}
			if (this.wake(stanza, username, identifier, info)) count++;
		}
		return count;
	}

	private summary_of(stanza: Stanza | undefined): PushSummary {
		const { with_sender, with_body, important_body } = this.options;
		// More than one means nothing: XEP-0357 does not say what is to be counted
		const summary: PushSummary = { "message-count": "1" };
		if (stanza === undefined) return summary;
		if (with_sender) summary["last-message-sender"] = stanza.attr["from"];
		if (with_body) summary["last-message-body"] = stanza.get_child_text("body");
		else if (is_important(stanza)) summary["last-message-body"] = important_body;
		return summary;
	}

	private wake(stanza: Stanza | undefined, username: string, identifier: string, info: PushInfo): boolean {
		const { module } = this;
		const summary = this.summary_of(stanza);
		const payload = st.stanza("notification", { xmlns: xmlns_push });
		payload.add_child(summary_form.form(summary));
		const publish = st
			.iq({ to: info.jid, from: module.host, type: "set", id: id.long() })
			.tag("pubsub", { xmlns: ns.pubsub })
			.tag("publish", { node: info.node })
			.tag("item")
			.add_child(payload)
			.up()
			.up();
		const options = info.options === undefined ? undefined : st.deserialize(info.options);
		if (options !== undefined) publish.tag("publish-options").add_child(options).up();
		publish.reset();
		const important = summary["last-message-body"] !== undefined;
		const account = `${username}@${module.host}`;
		module.log("debug", "Telling %s (%s) of something for %s, important: %s", info.jid, info.node, account, important);
		const event: Parameters<typeof module.fire_event<"cloud_notify/push">>[1] = {
			notification_stanza: publish,
			notification_payload: payload,
			original_stanza: stanza,
			username,
			push_info: info,
			push_summary: summary,
			important,
		};
		const said = module.fire_event("cloud_notify/push", event);
		if (said !== undefined && said !== false) {
			module.log("debug", "A module does not want %s to be told: %s", info.jid, event.reason ?? "it does not say why");
			return false;
		}
		module.query_iq(publish).then(
			() => this.succeeded(username, identifier),
			(error: unknown) => this.refused(username, identifier, error),
		);
		return true;
	}

	private succeeded(username: string, identifier: string): void {
		this.forget_errors(username, identifier);
	}

	private refused(username: string, identifier: string, error: unknown): void {
		const { module } = this;
		// Nobody has answered
		if (!(error instanceof IqError) || error.stanza === undefined || error.type === "wait") return;
		const known = this.devices.get(username);
		if (!known.ok || !known.value.has(identifier)) return;
		const key = `${username}\n${identifier}`;
		const count = (this.errors.get(key) ?? 0) + 1;
		this.errors.set(key, count);
		module.log(
			"info",
			"%s for %s answers with %s (%s), %d times in a row",
			identifier,
			username,
			error.condition,
			error.type,
			count,
		);
		if (count < this.options.max_errors) return;
		module.log("warn", "Disabling push notifications for identifier '%s'", identifier);
		this.errors.delete(key);
		const left = new Map(known.value);
		left.delete(identifier);
		const stored = this.devices.set(username, left);
		if (!stored.ok) module.log("error", "The devices of %s could not be stored: %s", username, stored.error.text);
		this.disabled(username, identifier);
	}
}
