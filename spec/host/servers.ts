// Servers that find each other: each has an address of its own in 127.0.0.0/8, and a file of hosts instead of DNS.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose_server } from "../../host/composition.ts";
import { Config, type ConfigValue } from "../../host/core/configmanager.ts";
import type { RunningServer } from "../../host/running_server.ts";
import { idna_to_ascii } from "../../host/util/idna.ts";
import { type Reference, start_reference } from "../../tools/reference.ts";
import { Client } from "../../tools/scansion/client.ts";
import { patience } from "../helper.ts";

/** A folder with what servers need of each other: where they are, and an authority that vouches for them. */
export class Neighbourhood {
	readonly folder = mkdtempSync(join(tmpdir(), "enjamb-servers-"));
	readonly hosts_file = join(this.folder, "hosts");
	private readonly lines: string[] = [];
	private has_authority = false;

	/** Says where a domain is. */
	place(address: string, ...domains: string[]): void {
		this.lines.push(`${address} ${domains.join(" ")}`);
		writeFileSync(this.hosts_file, `${this.lines.join("\n")}\n`);
	}

	get authority(): string {
		const certificate = join(this.folder, "authority.crt");
		if (!this.has_authority) {
			this.openssl(
				"req",
				"-x509",
				"-newkey",
				"ec",
				"-pkeyopt",
				"ec_paramgen_curve:prime256v1",
				"-nodes",
				"-days",
				"2",
				"-subj",
				"/CN=An authority",
				"-keyout",
				join(this.folder, "authority.key"),
				"-out",
				certificate,
			);
			this.has_authority = true;
		}
		return certificate;
	}

	/**
	 * Makes a certificate for domains, and for other names that say of which kind they are (`otherName:…`), which the authority vouches
	 * for, or nobody.
	 * @param extensions more of them, as openssl writes them
	 */
	certify(
		name: string,
		domains: readonly string[],
		by: "authority" | "itself" = "authority",
		extensions: readonly string[] = [],
		days = 2,
	): { certificate: string; key: string } {
		const file = (ending: string): string => join(this.folder, `${name}.${ending}`);
		const names = `subjectAltName=${domains.map((name) => (name.includes(":") ? name : `DNS:${idna_to_ascii(name) ?? name}`)).join(",")}`;
		const new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file("key")];
		if (by === "itself") {
			this.openssl(
				"req",
				"-x509",
				...new_key,
				"-days",
				"2",
				"-subj",
				`/CN=${domains[0]?.slice(0, 64)}`,
				"-addext",
				names,
				"-out",
				file("crt"),
			);
		} else {
			const { authority } = this;
			this.openssl("req", ...new_key, "-subj", `/CN=${domains[0]?.slice(0, 64)}`, "-out", file("csr"));
			writeFileSync(file("ext"), [names, ...extensions].join("\n"));
			this.openssl(
				"x509",
				"-req",
				"-in",
				file("csr"),
				"-CA",
				authority,
				"-CAkey",
				join(this.folder, "authority.key"),
				"-CAcreateserial",
				"-days",
				String(days),
				"-extfile",
				file("ext"),
				"-out",
				file("crt"),
			);
		}
		return { certificate: file("crt"), key: file("key") };
	}

	private openssl(...args: string[]): void {
		execFileSync("openssl", args, { stdio: "ignore" });
	}

	remove(): void {
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** What a server of ours is in a neighbourhood. */
export interface NeighbourOptions {
	readonly address: string;
	readonly domain: string;
	readonly port: number;
	/** The certificate; one that vouches for itself where none is given. */
	readonly pair?: { certificate: string; key: string };
	readonly options?: Readonly<Record<string, ConfigValue>>;
	readonly modules?: readonly string[];
	readonly log?: string;
}

/** Starts a server of ours with accounts and rooms. Throws where it cannot start. */
export async function start_neighbour(neighbours: Neighbourhood, given: NeighbourOptions): Promise<RunningServer> {
	const { address, domain, port, pair, options = {}, modules = ["dialback"] } = given;
	neighbours.place(address, domain, `conference.${domain}`);
	const config = Config.from({
		"*": {
			storage: "memory",
			data_path: neighbours.folder,
			interfaces: [address],
			c2s_ports: [0],
			s2s_ports: [port],
			authentication: "insecure",
			insecure_open_authentication: "Yes please, I know what I'm doing!",
			c2s_require_encryption: false,
			allow_unencrypted_plain_auth: true,
			modules_enabled: ["disco", "roster", "saslauth", "tls", "ping", ...modules],
			unbound: { hoststxt: neighbours.hosts_file, forward: "127.0.0.1@9" },
			ssl: { cafile: neighbours.authority, ...(pair === undefined ? {} : { certificate: pair.certificate, key: pair.key }) },
			...options,
		},
		[domain]: {},
		[`conference.${domain}`]: {
			component_module: "muc",
			modules_enabled: ["muc_mam", "muc_moderation", "vcard_muc"],
			muc_room_locking: false,
		},
	});
	const composed = compose_server(config, { log: given.log === undefined ? [] : [{ to: { file: given.log }, level: "debug" }] });
	if (!composed.ok) throw new Error(composed.error);
	const listening = await composed.value.start();
	if (!listening.ok) throw new Error(listening.error);
	return composed.value;
}

/** What a Prosody is in a neighbourhood. */
export interface ProsodyNeighbourOptions {
	readonly prosody?: string | undefined;
	readonly address: string;
	readonly domain: string;
	readonly pair: { certificate: string; key: string };
	readonly modules: readonly string[];
	readonly plugin_paths?: readonly string[];
	/** More of them, as they stand in a configuration file. */
	readonly options: string;
	/** What hosts it has beside its domain. */
	readonly hosts?: string;
}

/** Starts a real Prosody with accounts; servers reach it at port 5269. Throws where it cannot start. */
export async function start_prosody_neighbour(neighbours: Neighbourhood, given: ProsodyNeighbourOptions): Promise<Reference> {
	const { prosody, address, domain, pair, modules, plugin_paths = [], options, hosts = "" } = given;
	neighbours.place(address, domain, `conference.${domain}`);
	const started = await start_reference({
		prosody,
		plugin_paths,
		config: `
s2s_ports = { 5269 }
s2s_interfaces = { "${address}" }
unbound = { hoststxt = "${neighbours.hosts_file}", forward = "127.0.0.1@9" }
modules_enabled = { "roster", "saslauth", "tls", "disco", "ping", ${modules.map((name) => `"${name}"`).join(", ")} }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
storage = "memory"
ssl = { certificate = "${pair.certificate}", key = "${pair.key}", cafile = "${neighbours.authority}" }
${options}
VirtualHost "${domain}"
${hosts}
`,
	});
	if (!started.ok) throw new Error(started.error);
	return started.value;
}

/** Logs in to where a server listens for clients. Throws where that fails. */
export async function log_in_at(host: string, port: number, jid: string, password = "password"): Promise<Client> {
	const client = await Client.connect({ host, port, jid, password, timeout: patience });
	if (!client.ok) throw new Error(client.error);
	return client.value;
}

/** Logs in to a server, wherever it listens for clients. Throws where that fails. */
export async function log_in_to(server: RunningServer, jid: string): Promise<Client> {
	const at = server.addresses().find(({ service }) => service === "c2s");
	return log_in_at(at?.host ?? "", at?.port ?? 0, jid);
}
