// No counterpart: other servers with names of their own, which servers on this machine talk to by s2s.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { failed, ok, type Result } from "../host/util/error.ts";
import { ejabberd_in, has_ejabberd } from "./ejabberd.ts";
import type { NameServer } from "./name_server.ts";
import { find_prosody, start_reference } from "./reference.ts";
import { address, free_port, Running } from "./running.ts";

/** How streams between servers are secured. Files are PEM. */
export interface PeerSecurity {
	readonly certificate: string;
	readonly key: string;
	/** The trusted authorities. */
	readonly authority: string;
	/** Whether others must show a trusted certificate; otherwise dialback is enough. */
	readonly by_certificate: boolean;
}

/** Options of another server. Everybody may log in there, with any password. */
export interface PeerOptions {
	readonly domain: string;
	/** The name server; the new server is entered there. */
	readonly names: NameServer;
	/** By default nothing is encrypted, and servers are authenticated by dialback. */
	readonly security?: PeerSecurity | undefined;
	/** TLS from the first byte between servers, instead of STARTTLS. */
	readonly direct_tls?: boolean | undefined;
	/** Ports for clients and servers, where they must be those of a server before it. */
	readonly ports?: { readonly clients: number; readonly servers: number } | undefined;
}

/** Another server. */
export interface Peer {
	readonly domain: string;
	/** Where clients log in. */
	readonly host: string;
	readonly port: number;
	/** Where other servers connect. */
	readonly server_port: number;
	readonly pid: number;
	/** What it logged last. */
	log(): string;
	/** Ends it, waits until it has ended, and removes its folder. */
	stop(): Promise<void>;
}

/** How often other ports are tried when somebody took those that were free a moment ago. */
const port_tries = 3;
const port_taken = "Failed to open socket";
/** How long a server may take to start, in milliseconds. */
const patience = 120_000;

function folders_in(folder: string): string[] {
	return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

/** Whether Prosody's resolver is here, without which it asks the name servers of the system. */
function has_unbound(): boolean {
	const folders = [...folders_in("/usr/lib").map((folder) => join(folder, "lua")), "/usr/lib/lua", "/usr/local/lib/lua"];
	return folders.flatMap(folders_in).some((folder) => existsSync(join(folder, "lunbound.so")));
}

/**
 * What is missing for a Prosody and an ejabberd that find each other, as "ejabberd is not installed"; undefined where nothing is.
 * @param prosody the executable, or a folder with a built checkout; the one on the PATH where it is absent
 */
export function missing_for_peers(prosody?: string): string | undefined {
	if (find_prosody(prosody) === undefined) return "Prosody is not installed";
	if (!has_unbound()) return "lua-unbound is not installed";
	return has_ejabberd() ? undefined : "ejabberd is not installed";
}

/** The part of a Prosody's configuration for finding servers by a name server on this machine. */
export function prosody_network(names: NameServer, server_port: number, direct_tls = false): string {
	return `s2s_ports = { ${direct_tls ? "" : server_port} }
s2s_direct_tls_ports = { ${direct_tls ? server_port : ""} }
s2s_interfaces = { "${address}" }
s2s_direct_tls_interfaces = { "${address}" }
unbound = { resolvconf = false, hoststxt = false, forward = "${address}@${names.port}", options = { ["do-not-query-localhost:"] = "no" } }
`;
}

function prosody_config({ domain, security }: PeerOptions): string {
	const tls =
		security === undefined
			? 'modules_disabled = { "tls" }\ns2s_require_encryption = false\ns2s_secure_auth = false\n'
			: `s2s_secure_auth = ${security.by_certificate}
ssl = { certificate = "${security.certificate}", key = "${security.key}", cafile = "${security.authority}" }
`;
	return `${tls}modules_enabled = { "roster", "saslauth", "tls", "disco", "ping", "version"${security?.by_certificate ? "" : ', "dialback"'} }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
storage = "memory"
VirtualHost "${domain}"
Component "conference.${domain}" "muc"
	modules_enabled = { "muc_mam" }
	muc_room_locking = false
	restrict_room_creation = false
`;
}

/**
 * Starts a real Prosody with accounts at a domain, and rooms below it.
 * @param prosody the executable, or a folder with a built checkout; the one on the PATH where it is absent
 */
export async function start_prosody_peer(options: PeerOptions, prosody?: string): Promise<Result<Peer, string>> {
	const { domain, names, direct_tls = false, ports } = options;
	const server_port = ports?.servers ?? (await free_port());
	const config = prosody_network(names, server_port, direct_tls) + prosody_config(options);
	const started = await start_reference({ prosody, config, port: ports?.clients });
	if (!started.ok) return started;
	names.place({ [direct_tls ? "direct_tls" : "plain"]: server_port }, domain, `conference.${domain}`);
	const { host, port, pid } = started.value;
	return ok({ domain, host, port, server_port, pid, log: () => started.value.log(), stop: () => started.value.stop() });
}

/** Two clients of one account may be there at once, and everybody may make rooms. */
function ejabberd_config({ domain, security, direct_tls }: PeerOptions, c2s: number, s2s: number, certificate: string): string {
	const trust =
		security === undefined
			? ["s2s_use_starttls: false"]
			: ["s2s_use_starttls: required", `ca_file: "${security.authority}"`, "certfiles:", `  - "${certificate}"`];
	return `${[
		`hosts: ["${domain}"]`,
		"loglevel: info",
		"listen:",
		"  -",
		`    port: ${c2s}`,
		`    ip: "${address}"`,
		"    module: ejabberd_c2s",
		"    access: all",
		"    shaper: none",
		"  -",
		`    port: ${s2s}`,
		`    ip: "${address}"`,
		"    module: ejabberd_s2s_in",
		"    shaper: none",
		...(direct_tls ? ["    tls: true"] : []),
		"auth_method: [anonymous]",
		"anonymous_protocol: login_anon",
		"allow_multiple_connections: true",
		...trust,
		// After a connection failed, others wait so many seconds at most
		"s2s_max_retry_delay: 1",
		"modules:",
		"  mod_disco: {}",
		"  mod_ping: {}",
		"  mod_roster: {}",
		"  mod_version: {}",
		...(security?.by_certificate ? [] : ["  mod_s2s_dialback: {}"]),
		"  mod_mam:",
		"    db_type: mnesia",
		"    default: never",
		"  mod_muc:",
		`    host: "conference.${domain}"`,
		"    access: all",
		"    access_create: all",
		"    default_room_options:",
		"      mam: true",
	].join("\n")}\n`;
}

/** Erlang looks everything up with one name server, and in no file. Source: its User's Guide, Inet Configuration. */
function inetrc(names: NameServer): string {
	// The first line also forgets the default files
	return `{hosts_file, ""}.\n{resolv_conf, ""}.\n{lookup, [dns]}.\n{nameserver, {${address.replaceAll(".", ",")}}, ${names.port}}.\n`;
}

/** Waits until a log tells that it listens on all of these ports; a text says why it does not. */
async function until_listening(
	ports: readonly number[],
	log: () => string,
	ended: () => string | undefined,
): Promise<string | undefined> {
	for (const deadline = Date.now() + patience; ; ) {
		const text = log();
		if (text.includes(port_taken)) return port_taken;
		if (ports.every((port) => new RegExp(`Start accepting T(CP|LS) connections at ${address}:${port} `).test(text)))
			return undefined;
		const end = ended();
		if (end !== undefined) return `it ended with ${end}`;
		if (Date.now() > deadline) return `it did not listen within ${patience / 1000} s`;
		await delay(50);
	}
}

/** Starts a real ejabberd with accounts at a domain, and rooms below it. */
export async function start_ejabberd_peer(options: PeerOptions): Promise<Result<Peer, string>> {
	const { domain, names, security, direct_tls = false, ports } = options;
	let problem = "";
	for (let tries = 0; tries < port_tries; tries++) {
		const port = ports?.clients ?? (await free_port());
		const server_port = ports?.servers ?? (await free_port());
		const folder = mkdtempSync(join(tmpdir(), "enjamb-ejabberd-"));
		const certificate = join(folder, "certificate.pem");
		if (security) writeFileSync(certificate, readFileSync(security.certificate, "utf8") + readFileSync(security.key, "utf8"));
		const { command, environment } = ejabberd_in(folder, ejabberd_config(options, port, server_port, certificate));
		const network = join(folder, "inetrc");
		writeFileSync(network, inetrc(names));
		const [program = "", ...args] = command;
		const running = new Running(program, args, folder, { ...environment, ERL_INETRC: network });
		const log = (): string => running.log() + read_text(join(folder, "ejabberd.log"));
		const stop = async () => {
			await running.stop();
			rmSync(folder, { recursive: true, force: true });
		};
		const trouble = await until_listening([port, server_port], log, () => running.ended);
		if (trouble === undefined) {
			names.place({ [direct_tls ? "direct_tls" : "plain"]: server_port }, domain, `conference.${domain}`);
			return ok({ domain, host: address, port, server_port, pid: running.pid, log, stop });
		}
		problem = `ejabberd did not start: ${trouble}\n${log().trimEnd().split("\n").slice(-20).join("\n")}`;
		await stop();
		if (trouble !== port_taken) break;
	}
	return failed(problem);
}

function read_text(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return "";
	}
}
