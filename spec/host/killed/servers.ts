// Servers that are killed and started again, at the same places.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { NameServer } from "../../../tools/name_server.ts";
import { type Peer, prosody_network, start_ejabberd_peer, start_prosody_peer } from "../../../tools/peers.ts";
import { free_port, type Reference, start_reference } from "../../../tools/reference.ts";
import { Running } from "../../../tools/running.ts";
import type { Home } from "./wanderer.ts";

export const home_domain = "home.example";
export const far_domain = "far.example";
export const service = `conference.${home_domain}`;
/** How often occupants of other servers are asked whether they are there, in seconds. */
export const ping_interval = 2;

const anybody = `authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
c2s_require_encryption = false
s2s_require_encryption = false
s2s_secure_auth = false
allow_unencrypted_plain_auth = true
modules_disabled = { "tls" }
modules_enabled = { "disco", "roster", "saslauth", "ping", "dialback" }
`;

/** A server that can be killed. */
export interface Mortal {
	readonly what: string;
	/** Where its clients log in; undefined where it has none. */
	readonly home?: Home;
	/** Ends it without a chance to say anything, and starts it again. Settled once it serves everybody. */
	die_and_rise(): Promise<void>;
	stop(): Promise<void>;
}

/** Kills a process and lets it start again by the same function. */
class Reborn<Life extends { readonly pid: number; stop(): Promise<void> }> implements Mortal {
	private constructor(
		readonly what: string,
		private readonly start: (last: Life | undefined) => Promise<Life>,
		protected life: Life,
		private readonly place: ((life: Life) => ReturnType<Home>) | undefined,
	) {}

	static async create<Life extends { readonly pid: number; stop(): Promise<void> }>(
		what: string,
		start: (last: Life | undefined) => Promise<Life>,
		place?: (life: Life) => ReturnType<Home>,
	): Promise<Reborn<Life>> {
		return new Reborn(what, start, await start(undefined), place);
	}

	get home(): Home | undefined {
		const { place } = this;
		return place && (() => place(this.life));
	}

	async die_and_rise(): Promise<void> {
		process.kill(this.life.pid, "SIGKILL");
		await this.life.stop();
		this.life = await this.start(this.life);
	}

	stop(): Promise<void> {
		return this.life.stop();
	}
}

/** The server of those who come from elsewhere. */
export function start_far(names: NameServer, kind: "prosody" | "ejabberd", prosody: string | undefined): Promise<Mortal> {
	const start = async (last: Peer | undefined): Promise<Peer> => {
		const ports = last && { clients: last.port, servers: last.server_port };
		const options = { domain: far_domain, names, ports };
		const started = await (kind === "prosody" ? start_prosody_peer(options, prosody) : start_ejabberd_peer(options));
		if (!started.ok) throw new Error(started.error);
		return started.value;
	};
	return Reborn.create(`the other server, ${kind}`, start, ({ domain, host, port }) => ({ domain, host, port }));
}

/** The server whose component our rooms are, a Prosody. */
export async function start_uplink(names: NameServer, component_port: number, prosody: string | undefined): Promise<Mortal> {
	const server_port = await free_port();
	const config = `${prosody_network(names, server_port)}${anybody}storage = "memory"
component_ports = { ${component_port} }
component_interfaces = { "127.0.0.1" }
VirtualHost "${home_domain}"
Component "${service}"
	component_secret = "secret"
`;
	names.place({ plain: server_port }, home_domain, service);
	const start = async (last: Reference | undefined): Promise<Reference> => {
		const started = await start_reference({ prosody, config, port: last?.port });
		if (!started.ok) throw new Error(started.error);
		return started.value;
	};
	return Reborn.create("the uplink", start, ({ host, port }) => ({ domain: home_domain, host, port }));
}

/** Our server, in a process of its own, with its data. */
export interface OwnServer extends Mortal {
	readonly data: string;
	/** Its log, of all lives. */
	log(): string;
	/** Ends it, and leaves its data to be looked at. */
	rest(): Promise<void>;
}

/**
 * Starts ours: with rooms as a component of the uplink, or with accounts of its own and s2s.
 * @param program the built program
 * @param component_port where the uplink listens; undefined for none
 */
export async function start_own(
	program: string,
	names: NameServer,
	storage: string,
	component_port: number | undefined,
): Promise<OwnServer> {
	const folder = mkdtempSync(join(tmpdir(), "enjamb-killed-"));
	const data = join(folder, "data");
	mkdirSync(data);
	const [c2s, s2s] = [await free_port(), await free_port()];
	if (component_port === undefined) names.place({ plain: s2s }, home_domain, service);
	const path = join(folder, "prosody.cfg.lua");
	const rooms = `Component "${service}" "muc"
	modules_enabled = { "muc_mam" }
	muc_room_default_persistent = true
	muc_room_locking = false
	muc_log_expires_after = "never"
	muc_occupant_ping_interval = ${ping_interval}
`;
	const uplink = `	component_uplink = "127.0.0.1:${component_port}"
	component_secret = "secret"
`;
	const accounts = `${prosody_network(names, s2s)}${anybody}interfaces = { "127.0.0.1" }
c2s_ports = { ${c2s} }
VirtualHost "${home_domain}"
`;
	writeFileSync(
		path,
		`data_path = "${data}"
storage = "${storage}"
storage_archive_item_limit = 1000000
log = { info = "*console" }
${component_port === undefined ? accounts + rooms : `modules_disabled = { "s2s", "tls" }\n${rooms}${uplink}`}`,
	);
	let log = "";
	const sign = component_port === undefined ? "listens on" : "as the component";
	const start = async (): Promise<Running> => {
		// Its own folder, not the data: what a process leaves behind is removed with it
		const scratch = mkdtempSync(join(folder, "life-"));
		const running = new Running(process.execPath, [program, "start", "--config", path], scratch);
		while (!running.log().includes(sign)) {
			if (running.ended !== undefined) throw new Error(`our server does not start: ${running.ended}\n${running.log()}`);
			await delay(20);
		}
		return running;
	};
	let running = await start();
	const collect = (): void => {
		log += running.log();
	};
	return {
		what: "our server",
		data,
		log: () => log + running.log(),
		...(component_port === undefined && { home: () => ({ domain: home_domain, host: "127.0.0.1", port: c2s }) }),
		async die_and_rise() {
			process.kill(running.pid, "SIGKILL");
			await running.stop();
			collect();
			running = await start();
		},
		rest: () => running.stop(),
		async stop() {
			await running.stop();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}
