// No counterpart: part of `enjamb compare`.

import { failed, ok, type Result } from "../../host/util/error.ts";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { find_prosody, free_port, start_reference } from "../reference.ts";
import { Client } from "../scansion/client.ts";
import { Neighbours } from "./neighbours.ts";
import type { Stage } from "./stage.ts";
import type { Endpoint, Network } from "./types.ts";

/**
 * What both servers run when no configuration is given: rooms, in memory, with any password accepted. Options whose defaults
 * changed between Prosody's versions are set, so that they do not count as differences in behaviour.
 */
export const default_config_text = `
modules_enabled = { "roster", "saslauth", "disco", "version", "uptime", "time", "ping" }
modules_disabled = { "s2s", "tls" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
storage = "memory"
admins = { "admin@localhost" }

VirtualHost "localhost"

Component "conference.localhost" "muc"
	modules_enabled = { "muc_mam" }
	component_admins_as_room_owners = true
	muc_room_default_public = true
	restrict_room_creation = false
`;

/** The same for plays of what clients do with their accounts. */
export const accounts_config_text = `${default_config_text.replace(
	'"ping" }',
	`"ping", "blocklist", "bookmarks", "carbons", "csi_simple", "lastactivity", "mam", "pep", "private", "register", "smacks",
	"tombstones", "vcard4", "vcard_legacy" }`,
)}
VirtualHost "court.localhost"
	authentication = "internal_hashed"
	allow_registration = true

Component "halls.localhost" "muc"
	restrict_room_creation = false
	muc_room_locking = false

Component "pubsub.localhost" "pubsub"
	admins = { "mercutio@localhost" }
`;

/** How to make servers: a fresh one for each play, so that plays do not see each other. */
export interface Servers {
	reference(): Promise<Result<Endpoint, string>>;
	subject(): Promise<Result<Endpoint, string>>;
	/** A third one, where one was asked for. */
	also?(): Promise<Result<Endpoint, string>>;
	/** Ends what all plays share. */
	end(): Promise<void>;
}

/** How long a server may take to say what it is, in milliseconds. */
const patience = 10_000;

/** Asks a server for its name and version; the given name where it does not tell. */
async function server_name(host: string, port: number, stage: Stage, fallback: string): Promise<string> {
	const account = { jid: `version-asker@${stage.host}`, password: "password" };
	const client = await Client.connect({ ...account, host, port, timeout: patience });
	if (!client.ok) return fallback;
	client.value.send(st.iq({ type: "get", id: "version", to: stage.host }).query(ns.version));
	const answer = await client.value.take((stanza) => stanza.attr["id"] === "version", patience);
	await client.value.disconnect();
	const query = answer?.get_child("query", ns.version);
	const name = query?.child_with_name("name")?.get_text();
	const version = query?.child_with_name("version")?.get_text();
	return name === undefined ? fallback : [name, version].filter((part) => part !== undefined).join(" ");
}

/** `HOST:PORT`, as opposed to the path of an executable. */
function read_address(text: string): { host: string; port: number } | undefined {
	const match = /^([^/\s]+):([0-9]{1,5})$/.exec(text);
	const [, host, port] = match ?? [];
	return host === undefined || port === undefined ? undefined : { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

/** What {@link create_servers} starts servers with. */
export interface ServerOptions {
	/** The path of a Prosody, or `HOST:PORT` of one that runs; one on the PATH when absent. */
	readonly reference?: string | undefined;
	readonly config_text: string;
	readonly plugin_paths: readonly string[];
	readonly stage: Stage;
	/** Starts a server of ours on a free port. */
	readonly start_subject: StartServer;
	/** Whether rooms are not on the server of ours that clients log in to. */
	readonly rooms_elsewhere?: boolean | undefined;
	/**
	 * For clients on other servers: gives the configuration with which a server reaches them and is reached.
	 * @throws where the text is no configuration
	 */
	readonly reachable?: ((config_text: string, server_port: number, names_port: number) => Promise<string>) | undefined;
	/** Starts a third server, and what it is beside what it says itself. */
	readonly also?: { readonly start: StartServer; readonly remark: string } | undefined;
}

/** Starts a server with a configuration on a free port. Throws where it cannot. */
export type StartServer = (
	config_text: string,
) => Promise<{ port: number; stop(): Promise<void> | void; settled?(): Promise<void> }>;

/**
 * Prepares to start both servers.
 * @returns why there is no reference: no Prosody found, or nothing listens where one should
 */
export async function create_servers(options: ServerOptions): Promise<Result<Servers, string>> {
	const { config_text, stage, plugin_paths } = options;
	const address = options.reference === undefined ? undefined : read_address(options.reference);
	const names = new Map<string, string>();
	const named = async (side: string, host: string, port: number, fallback: string): Promise<string> => {
		const name = names.get(side) ?? (await server_name(host, port, stage, fallback));
		names.set(side, name);
		return name;
	};

	const neighbours = new Map<string, Promise<Result<Neighbours, string>>>();

	/** What a server of one side runs, and the other servers that clients of that side log in to. */
	async function surroundings(side: string): Promise<Result<{ text: string; around: Neighbours | undefined }, string>> {
		if (options.reachable === undefined) return ok({ text: config_text, around: undefined });
		const started = neighbours.get(side) ?? Neighbours.start(options.reference);
		neighbours.set(side, started);
		const around = await started;
		if (!around.ok) return around;
		const port = await free_port();
		around.value.place(port, stage.host, stage.rooms);
		return ok({ text: await options.reachable(config_text, port, around.value.names_port), around: around.value });
	}

	function network(around: Neighbours | undefined, host: string, port: number): Network | undefined {
		if (around === undefined && !options.rooms_elsewhere) return undefined;
		return { rooms: stage.rooms, places: [{ domain: stage.host, host, port }, ...(around?.places ?? [])] };
	}

	async function reference(): Promise<Result<Endpoint, string>> {
		if (address) {
			const { host, port } = address;
			return ok({ name: await named("reference", host, port, `${host}:${port}`), host, port, stop: () => undefined });
		}
		const surrounded = await surroundings("reference");
		if (!surrounded.ok) return surrounded;
		const { text, around } = surrounded.value;
		const started = await start_reference({ prosody: options.reference, config: text, plugin_paths });
		if (!started.ok) return started;
		const { host, port, stop } = started.value;
		const name = await named("reference", host, port, "Prosody");
		return ok({ name, host, port, ...(around && { network: network(around, host, port) }), stop });
	}

	async function own(side: string, start: StartServer): Promise<Result<Endpoint, string>> {
		try {
			const surrounded = await surroundings(side);
			if (!surrounded.ok) return surrounded;
			const { text, around } = surrounded.value;
			const { port, stop, settled } = await start(text);
			const host = "127.0.0.1";
			const name = await named(side, host, port, "Enjamb");
			return ok({ name, host, port, network: network(around, host, port), stop, ...(settled && { settled }) });
		} catch (error) {
			return failed(`our own server does not start: ${error instanceof Error ? error.message : String(error)}`);
		}
	}

	async function third(start: StartServer, remark: string): Promise<Result<Endpoint, string>> {
		const started = await own("also", start);
		return started.ok ? ok({ ...started.value, name: `${started.value.name} ${remark}` }) : started;
	}

	if (!address && find_prosody(options.reference) === undefined) {
		return failed(
			options.reference === undefined
				? "there is no prosody on the PATH to compare with: install it (apt-get install prosody), or name one with --reference PATH or HOST:PORT"
				: `${options.reference} is no prosody: expected the path of one, or HOST:PORT of one that runs`,
		);
	}
	async function subject(): Promise<Result<Endpoint, string>> {
		const started = await own("subject", options.start_subject);
		if (!started.ok || !options.rooms_elsewhere) return started;
		const name = `${started.value.name} with our rooms as its component`;
		return ok({ ...started.value, name });
	}
	async function end(): Promise<void> {
		for (const started of neighbours.values()) {
			const around = await started;
			if (around.ok) await around.value.stop();
		}
	}
	const { also } = options;
	return ok({ reference, subject, end, ...(also ? { also: () => third(also.start, also.remark) } : {}) });
}
