// Counterpart: plugins/mod_bookmarks.lua (XEP-0402, XEP-0411)

import type { ModuleDefinition, Session, StanzaEvent } from "../core/types.ts";
import { ns } from "../util/ns.ts";
import type { Actor, PubsubError, PubsubService } from "../util/pubsub.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { legacy_storage } from "./bookmarks/convert.ts";
import { migrate_bookmarks } from "./bookmarks/migrate.ts";
import { publish_bookmarks } from "./bookmarks/publish.ts";

const earlier_namespace = "urn:xmpp:bookmarks:0";

/** A client that asks for its own bookmarks; undefined where it asks for somebody else's. */
interface Asking {
	readonly origin: Session;
	readonly stanza: Stanza;
	readonly service: PubsubService;
	readonly actor: string;
}

/** Bookmarks of rooms in their newest form, also for clients that know only the two older ones. */
export const definition: ModuleDefinition = {
	name: "bookmarks",
	load(module) {
		const pep = module.depends("pep");
		module.hook("account-disco-info", ({ reply }) => {
			for (const feature of [`${ns.bookmarks}#compat`, `${ns.bookmarks}#compat-pep`, "urn:xmpp:bookmarks-conversion:0"]) {
				reply.tag("feature", { var: feature }).up();
			}
		});
		module.add_feature(ns.private);

		function storage_of(items: ReadonlyMap<string, Stanza>): Stanza {
			return legacy_storage(items, (item) =>
				module.log(
					"warn",
					"Invalid bookmark published: expected {%s}conference, got %s",
					ns.bookmarks,
					item.first_tag?.top_tag(),
				),
			);
		}

		function refuse({ origin, stanza }: Asking, error: PubsubError): true {
			origin.send(st.error_reply(stanza, "cancel", error, "Failed to retrieve bookmarks from PEP"));
			return true;
		}

		function show_published(asking: Asking): true {
			const items = asking.service.get_items(ns.bookmarks, asking.actor);
			if (!items.ok) return refuse(asking, items.error);
			const reply = st.reply(asking.stanza).tag("pubsub", { xmlns: ns.pubsub }).tag("items", { node: ns.legacy_bookmarks });
			asking.origin.send(reply.tag("item", { id: "current" }).add_child(storage_of(items.value)).reset());
			return true;
		}

		function show_private(asking: Asking, query: Stanza): true {
			const { origin, stanza } = asking;
			const items = asking.service.get_items(ns.bookmarks, asking.actor);
			if (items.ok) origin.send(st.reply(stanza).query(ns.private).add_child(storage_of(items.value)).reset());
			else if (items.error === "item-not-found") origin.send(st.reply(stanza).add_child(st.clone(query)));
			else refuse(asking, items.error);
			return true;
		}

		function store({ origin, stanza, service, actor }: Asking, storage: Stanza, what: string): true {
			const published = publish_bookmarks(module, service, actor, storage, true);
			if (published.ok) {
				origin.send(st.reply(stanza));
				return true;
			}
			module.log("error", "Failed to sync %s bookmarks to PEP for %s: %s", what, actor, published.error);
			// Some of them may be published already
			if (published.error === "internal-server-error") module.server.turn.fail(new Error("not all bookmarks could be stored"));
			origin.send(st.error_reply(stanza, "cancel", "internal-server-error", "Failed to store bookmarks to PEP"));
			return true;
		}

		function asking({ origin, stanza }: StanzaEvent): Asking | undefined {
			if (stanza.attr["to"] !== undefined || origin.type !== "c2s" || origin.username === undefined) return undefined;
			return { origin, stanza, service: pep.get_pep_service(origin.username), actor: origin.full_jid ?? "" };
		}

		module.hook(
			`iq/bare/${ns.private}:query`,
			(event) => {
				const asked = asking(event);
				const query = event.stanza.get_child("query", ns.private);
				const storage = query?.get_child("storage", ns.legacy_bookmarks);
				if (asked === undefined || query === undefined || storage === undefined) return undefined;
				return event.stanza.attr["type"] === "get" ? show_private(asked, query) : store(asked, storage, "private XML");
			},
			1,
		);

		module.hook(
			`iq/bare/${ns.pubsub}:pubsub`,
			(event) => {
				const asked = asking(event);
				const pubsub = event.stanza.get_child("pubsub", ns.pubsub);
				if (asked === undefined || pubsub === undefined) return undefined;
				if (event.stanza.attr["type"] === "get") {
					return pubsub.get_child("items")?.attr["node"] === ns.legacy_bookmarks ? show_published(asked) : undefined;
				}
				const publish = pubsub.get_child("publish");
				if (publish?.attr["node"] === earlier_namespace) {
					const text = "Your client does XEP-0402 version 0.3.0 but 0.4.0+ is required";
					event.origin.send(st.error_reply(event.stanza, "modify", "not-allowed", text));
					return true;
				}
				if (publish?.attr["node"] !== ns.legacy_bookmarks) return undefined;
				const storage = publish.get_child("item")?.get_child("storage", ns.legacy_bookmarks);
				return storage === undefined ? undefined : store(asked, storage, "legacy");
			},
			1,
		);

		migrate_bookmarks(module, pep.get_pep_service);

		/** Clients that know only the older form are told of all bookmarks, whichever has changed. */
		function tell(service: PubsubService, actor: Actor): void {
			const found = service.get_items(ns.bookmarks, actor);
			if (!found.ok && found.error !== "item-not-found") return;
			const item = st.stanza("item", { xmlns: ns.pubsub, id: "current" });
			item.add_child(storage_of(found.ok ? found.value : new Map()));
			service.broadcast({ kind: "items", node: ns.legacy_bookmarks, recipients: new Map(), item, actor });
		}

		module.hook("presence/initial", ({ origin }) => {
			if (origin.type !== "c2s" || origin.username === undefined) return;
			tell(pep.get_pep_service(origin.username), origin.full_jid ?? "");
		});

		const published = ({ service, actor }: { service: PubsubService; actor: Actor }): void => tell(service, actor);
		const removed = ({ service, node, actor }: { service: PubsubService; node: string; actor: Actor }): void => {
			if (node === ns.bookmarks) tell(service, actor);
		};
		module.handle_items(
			"pep-service",
			({ item: { service } }) => {
				service.events.add_handler(`item-published/${ns.bookmarks}`, published);
				for (const event of ["item-retracted", "node-purged", "node-deleted"] as const)
					service.events.add_handler(event, removed);
			},
			({ item: { service } }) => {
				service.events.remove_handler(`item-published/${ns.bookmarks}`, published);
				for (const event of ["item-retracted", "node-purged", "node-deleted"] as const) {
					service.events.remove_handler(event, removed);
				}
			},
			true,
		);
	},
};
