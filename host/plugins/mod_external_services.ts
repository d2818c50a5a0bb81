// Counterpart: plugins/mod_external_services.lua (XEP-0215)

import type { ModuleDefinition, Session, StanzaEvent } from "../core/types.ts";
import { datetime } from "../util/datetime.ts";
import { bare, host } from "../util/jid.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { tonumber } from "../util/tonumber.ts";
import { create_preparation, type ExternalService, type Service } from "./external_services.lib.ts";

/** What other modules may ask about external services. */
export interface ExternalServicesExports {
	/** All services, with credentials that are valid from now on. */
	get_services(): Service[];
	services_xml(services: readonly Service[], name?: string, namespace?: string): Stanza;
}

/** A client asks for services, or for credentials; handlers may change the list. */
interface ServicesEvent {
	origin: Session;
	stanza: Stanza;
	services: (Service | ExternalService)[];
}

declare module "../core/types.ts" {
	interface ItemTypes {
		/** A service outside of XMPP, such as a TURN server. */
		external_service: ExternalService;
	}
	interface ModuleExports {
		external_services: ExternalServicesExports;
	}
	interface EventMap {
		"external_service/services": ServicesEvent & { requested_type: string | undefined };
		/** What is asked for, as `type:host:port`, with port 0 where none is named. */
		"external_service/credentials": ServicesEvent & { requested_credentials: Set<string> };
	}
}

/** The version of XEP-0215 that holds, and the one before, whose attributes were the same as far as clients use them. */
const namespaces = ["urn:xmpp:extdisco:2", "urn:xmpp:extdisco:1"] as const;

function services_xml(services: readonly Service[], name = "services", namespace: string = namespaces[0]): Stanza {
	const element = st.stanza(name, { xmlns: namespace });
	for (const { type, transport, host: service_host, port, username, password, expires, restricted } of services) {
		const attributes = { type, transport, host: service_host, port: port?.toFixed(0), username, password };
		const until = expires === undefined ? undefined : datetime(expires);
		element.tag("service", { ...attributes, expires: until, restricted: restricted ? "1" : undefined }).up();
	}
	return element;
}

function by_identity(services: readonly Service[]): Map<unknown, Service> {
	return new Map(services.map((service) => [service, service]));
}

/**
 * Tells clients of services outside of XMPP, with credentials for them. Options: external_services, external_service_host,
 * external_service_port, external_service_secret, external_service_ttl, external_service_access.
 */
export const definition: ModuleDefinition = {
	name: "external_services",
	load(module): ExternalServicesExports {
		const prepare = create_preparation(module);
		const configured = module.get_option_array("external_services");
		const access = module.get_option_set("external_service_access");

		for (const namespace of namespaces) {
			module.add_feature(namespace);
			module.hook(`iq-get/host/${namespace}:services`, tell_services);
			module.hook(`iq-get/host/${namespace}:credentials`, tell_credentials);
		}
		module.handle_items("external_service", ({ item }) => prepare(item) && module.set_status("core", "OK"), check, false);
		check();

		function get_services(): Service[] {
			const all = [...configured, ...module.get_host_items("external_service")];
			return all.map(prepare).filter((service) => service !== undefined);
		}

		/** Says at once what is wrong with services, and not when a client asks. */
		function check(): void {
			if (get_services().length === 0) module.set_status("warn", "No services configured or all had errors");
		}

		/** Whoever may see the services: accounts of this host, or those of the option. */
		function may_see({ origin, stanza }: StanzaEvent): boolean {
			const account = bare(stanza.attr["from"]);
			return access.size === 0 ? origin.type === "c2s" : access.has(account) || access.has(host(account));
		}

		function forbid({ origin, stanza }: StanzaEvent): true {
			origin.send(st.error_reply(stanza, "auth", "forbidden"));
			return true;
		}

		/** Services after handlers had a look at them: what these have added is made whole. */
		function settle(services: readonly (Service | ExternalService)[], own: ReadonlyMap<unknown, Service>): Service[] {
			return services.map((service) => {
				const whole = own.get(service) ?? prepare(service);
				if (whole === undefined) throw new TypeError("Invalid service entry added");
				return whole;
			});
		}

		function answer({ origin, stanza }: StanzaEvent, services: readonly Service[]): true {
			const asked = stanza.first_tag;
			origin.send(st.reply(stanza).add_child(services_xml(services, asked?.name, asked?.attr["xmlns"])));
			return true;
		}

		function tell_services(event: StanzaEvent): true {
			if (!may_see(event)) return forbid(event);
			const requested_type = event.stanza.first_tag?.attr["type"];
			const services = get_services().filter(({ type }) => requested_type === undefined || type === requested_type);
			const own = by_identity(services);
			module.fire_event("external_service/services", { ...event, requested_type, services });
			return answer(event, settle(services, own));
		}

		function tell_credentials(event: StanzaEvent): true {
			const { origin, stanza } = event;
			if (origin.type !== "c2s") return forbid(event);
			const requested_credentials = new Set<string>();
			for (const { attr } of stanza.first_tag?.childtags("service") ?? []) {
				const port = tonumber(attr["port"]) ?? 0;
				if (attr["type"] === undefined || attr["host"] === undefined || !Number.isInteger(port)) {
					origin.send(st.error_reply(stanza, "modify", "bad-request", "The 'port' and 'type' attributes are required."));
					return true;
				}
				requested_credentials.add(`${attr["type"]}:${attr["host"]}:${port}`);
			}
			const services = get_services().filter(({ restricted }) => restricted);
			const own = by_identity(services);
			module.fire_event("external_service/credentials", { ...event, requested_credentials, services });
			const wanted = settle(services, own).filter((service) =>
				[service.port ?? 0, 0].some((port) => requested_credentials.has(`${service.type}:${service.host}:${port}`)),
			);
			return answer(event, wanted);
		}

		return { get_services, services_xml };
	},
};
