// No counterpart: Prosody hands each recipient's copy of a stanza to the handlers that reach other servers and components.

import { host } from "../util/jid.ts";
import type { HostSession, Server, Stanza, TextRoute } from "./types.ts";

/** What a text for many needs of its server, to find streams by which several of its recipients are reached. */
export type RouteNeeds = Pick<Server, "hosts"> & { readonly cluster?: Server["cluster"] };

/**
 * The way that stanzas of one kind would take by the handlers of an event, where these can take finished text, and nothing else sees
 * the event but handlers that are known to leave it alone; undefined where each recipient needs a stanza.
 */
function route_by(
	on: HostSession,
	event: string,
	domain: string,
	from: string,
	stanza: Stanza | undefined,
): TextRoute | undefined {
	if (on.text_routes.size === 0) return undefined;
	for (const handler of on.events.unwrapped_handlers(event) ?? []) {
		const way_to = on.text_routes.get(handler);
		const route = way_to?.(on.host, domain);
		if (route !== undefined) return route;
		if (way_to === undefined && on.bystanders.get(handler)?.(from, stanza) !== true) return undefined;
	}
	return undefined;
}

/** The ways of one text to those who are nobody's session: components that connect, other servers. */
export class TextRoutes {
	/** The last recipient's domain, and the way there. */
	private domain: string | undefined;
	private is_remote = false;
	private route: TextRoute | undefined;

	/**
	 * @param name of the stanzas
	 * @param from the sender, or another address of the same domain
	 * @param stanza undefined where several are to come
	 */
	constructor(
		private readonly server: RouteNeeds,
		private readonly name: string,
		private readonly from: string,
		private readonly stanza?: Stanza,
	) {}

	/** The way to a recipient; undefined where it has to be a stanza of its own, which passes all handlers. */
	to(jid: string): TextRoute | undefined {
		const slash = jid.indexOf("/");
		const end = slash < 0 ? jid.length : slash;
		const at = jid.indexOf("@");
		const start = at < end ? at + 1 : 0;
		const { domain } = this;
		if (domain === undefined || end - start !== domain.length || !jid.startsWith(domain, start)) {
			this.look_up(jid.slice(start, end));
		}
		// For a host here, the event is another one where not all parts are there
		return this.is_remote || (start > 0 && slash > 0) ? this.route : undefined;
	}

	private look_up(domain: string): void {
		const { server, from, stanza } = this;
		this.domain = domain;
		this.route = undefined;
		const here = server.hosts.get(domain);
		this.is_remote = here === undefined;
		if (here !== undefined) {
			// In a cluster, another node may have the component's stream
			if (server.cluster === undefined) this.route = route_by(here, `${this.name}/full`, domain, from, stanza);
			return;
		}
		const own = server.hosts.get(host(from) ?? "");
		if (own !== undefined) this.route = route_by(own, "route/remote", domain, from, stanza);
	}
}
