// Counterpart: core/portmanager.lua (get_port_ssl_ctx, add_sni_host), core/certmanager.lua (find_service_cert)

import { idna_to_ascii } from "../util/encodings.ts";
import { failed, ok, type Result } from "../util/error.ts";
import { type CertificateFiles, find_cert } from "./certificate_files.ts";
import type { ConfigValue } from "./config/config.ts";
import { merge_settings, read_settings, type TlsSettings } from "./tls_settings.ts";
import type { Server, ServicePort, TlsContext } from "./types.ts";

/** What services with TLS from the first byte need from the manager of certificates. */
export interface HostCertificates {
	/** Makes a context of settings, the most general first; files that the settings name count more than the given ones. */
	create_context(layers: readonly TlsSettings[], files: CertificateFiles | undefined): Result<TlsContext, string>;
	/** Files for a name in the folder of certificates, or those that the option `certificate` of a host names. */
	find_host_cert(host: string): CertificateFiles | undefined;
	/** Files for a host, also those that its `ssl` names. */
	host_certificate(host: string): Result<CertificateFiles | undefined, string>;
	/** See {@link Server.tls_context}. */
	tls_context(host: string): TlsContext | undefined;
	/** A path that an option names. */
	path_option(value: ConfigValue | undefined): string | undefined;
	readonly certificates_folder: string;
}

/** Settings for one interface or port only: a table within an `ssl` table. */
function settings_at(option: ConfigValue | undefined, place: string | number): TlsSettings {
	if (option instanceof Map) return read_settings(option.get(place));
	return typeof place === "string" && read_settings(option).has(place)
		? read_settings(read_settings(option).get(place))
		: new Map();
}

/** Settings but for those of single interfaces and ports. */
function own_settings(option: ConfigValue | undefined): TlsSettings {
	const is_place = (key: string): boolean => /^\*$|[.:]/.test(key);
	return new Map([...read_settings(option)].filter(([key]) => !is_place(key)));
}

/** How many layers of {@link port_layers} are general ones, and not a service's own. */
const general_layers = 3;

/** What the options say about a port, the most general first. */
function port_layers(server: Pick<Server, "config">, { service, interface: name, port, ssl_config }: ServicePort): TlsSettings[] {
	const general = server.config.get("*", "ssl");
	const own = server.config.get("*", `${service}_ssl`);
	return [
		own_settings(general),
		settings_at(general, port),
		settings_at(general, name),
		read_settings(ssl_config),
		own_settings(own),
		settings_at(own, port),
		settings_at(own, name),
	];
}

function names_certificate(layers: readonly TlsSettings[]): boolean {
	return layers.some((layer) => layer.has("certificate"));
}

/**
 * Makes contexts for services that speak TLS from the first byte: one for clients that name no host, or none that is
 * served here, and those of hosts. The service's own settings, and a certificate that they name, apply to all of them.
 */
export class ServiceCertificates {
	private contexts = new Map<string, TlsContext | undefined>();
	/** The contexts from before a reload, for where new ones cannot be made. */
	private former: ReadonlyMap<string, TlsContext | undefined> = new Map();
	/** Hosts by the names that clients may use for them, each with that name as the configuration spells it, for each service. */
	private readonly served = new Map<string, ReadonlyMap<string, { readonly host: string; readonly name: string }>>();

	constructor(
		private readonly server: Pick<Server, "config" | "events" | "hosts" | "logger">,
		private readonly certificates: HostCertificates,
	) {
		const forget_hosts = (): void => this.served.clear();
		server.events.add_handler("host-activated", forget_hosts);
		server.events.add_handler("host-deactivated", forget_hosts);
	}

	/** Reads files and options again. */
	forget(): void {
		this.former = new Map([...this.former, ...this.contexts]);
		this.contexts = new Map();
		this.served.clear();
	}

	/** The context of a port; undefined where there is none, which the log says once. */
	context(at: ServicePort): TlsContext | undefined {
		return this.kept(this.place(at), () => {
			const base = this.create_base(at);
			if (!base.ok) return base;
			return ok({ ...base.value, by_name: (name) => this.by_name(at, name) ?? base.value });
		});
	}

	/**
	 * The key of a context: the service, with its port and interface where settings depend on them. Otherwise all its ports share
	 * one.
	 */
	private place(at: ServicePort): string {
		const { config } = this.server;
		const { service, port, interface: name } = at;
		const options = [config.get("*", "ssl"), config.get("*", `${service}_ssl`)];
		const differs = options.some((option) => settings_at(option, port).size > 0 || settings_at(option, name).size > 0);
		const by_port = typeof config.get("*", `${service}_certificate`) === "object";
		return differs || by_port ? `${service} port ${port} on ${name}` : service;
	}

	private kept(name: string, make: () => Result<TlsContext, string>): TlsContext | undefined {
		if (this.contexts.has(name)) return this.contexts.get(name);
		const made = make();
		const context = made.ok ? made.value : this.former.get(name);
		if (!made.ok) {
			const what = context === undefined ? "No TLS for %s: %s" : "TLS for %s stays as it was: %s";
			this.server.logger("certmanager")("error", what, name, made.error);
		}
		this.contexts.set(name, context);
		return context;
	}

	/** What `SERVICE_certificate` names: a file or folder, or one for each port; else the service's own in the folder of certificates. */
	private service_files({ service, port }: ServicePort): Result<CertificateFiles | undefined, string> {
		const { path_option, certificates_folder } = this.certificates;
		const option = this.server.config.get("*", `${service}_certificate`);
		const given =
			option instanceof Map
				? (option.get(port) ?? option.get("default"))
				: typeof option === "string"
					? option
					: read_settings(option).get("default");
		const path = path_option(given);
		const files = find_cert(path ?? certificates_folder, service);
		if (path === undefined || files !== undefined) return ok(files);
		return failed(`${service}_certificate: ${path} with a matching key does not exist`);
	}

	private create_base(at: ServicePort): Result<TlsContext, string> {
		const layers = port_layers(this.server, at);
		const files = this.service_files(at);
		if (!files.ok) return files;
		if (files.value !== undefined || names_certificate(layers)) return this.certificates.create_context(layers, files.value);
		const hosts = [...this.server.hosts.values()].filter(({ type }) => type === "local").map(({ host }) => host);
		for (const host of hosts) {
			const found = this.certificates.host_certificate(host);
			if (found.ok && found.value !== undefined) return this.certificates.create_context(layers, found.value);
		}
		// No certificates but those that this program makes
		const own = this.certificates.create_context(layers, undefined);
		const [first] = hosts;
		return own.ok && first !== undefined ? ok(this.certificates.tls_context(first) ?? own.value) : own;
	}

	private by_name(at: ServicePort, name: string): TlsContext | undefined {
		let names = this.served.get(at.service);
		if (names === undefined) {
			names = this.names_of_hosts(at.service);
			this.served.set(at.service, names);
		}
		const meant = names.get(name.toLowerCase());
		if (meant === undefined) return undefined;
		return this.kept(`${meant.name} at ${this.place(at)}`, () => this.create_for_host(at, meant.host, meant.name));
	}

	/** Source: portmanager.lua, add_sni_host (`https_host`, `http_host`). */
	private names_of_hosts(service: string): Map<string, { host: string; name: string }> {
		const { config, hosts } = this.server;
		const names = new Map<string, { host: string; name: string }>();
		const add = (name: ConfigValue | undefined, host: string): void => {
			if (typeof name === "string") names.set((idna_to_ascii(name) ?? name).toLowerCase(), { host, name });
		};
		for (const host of hosts.keys()) {
			add(config.get(host, `${service}_host`) ?? (service === "https" ? config.get(host, "http_host") : undefined), host);
		}
		for (const host of hosts.keys()) add(host, host);
		return names;
	}

	private create_for_host(at: ServicePort, host: string, name: string): Result<TlsContext, string> {
		const { certificates, server } = this;
		const own = server.config.get(host, `${at.service}_ssl`);
		const layers = [...port_layers(server, at), own_settings(own)];
		// A certificate in the service's own settings comes before the host's, one in the general settings does not
		const service_layers = layers.slice(general_layers);
		if (names_certificate(service_layers)) return certificates.create_context(layers, undefined);
		const found = certificates.find_host_cert(name) ?? certificates.find_host_cert(host);
		const general = layers.map(without_files);
		if (found !== undefined) return certificates.create_context(general, found);
		const of_host = certificates.host_certificate(host);
		if (!of_host.ok) return of_host;
		const password = merge_settings([read_settings(server.config.get(host, "ssl"))]).settings.get("password");
		const with_password = password === undefined ? general : [...general, new Map([["password", password]])];
		if (of_host.value !== undefined) return certificates.create_context(with_password, of_host.value);
		const files = this.service_files(at);
		if (files.ok && files.value !== undefined) return certificates.create_context(layers, files.value);
		const made = certificates.tls_context(host);
		return made === undefined ? failed("the host has no certificate") : ok(made);
	}
}

function without_files(layer: TlsSettings): TlsSettings {
	return new Map([...layer].filter(([key]) => key !== "certificate" && key !== "key"));
}
