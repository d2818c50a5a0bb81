// A real Prosody whose rooms are ours: they are a component of it.

import { connect, type Server as NodeServer, type Socket } from "node:net";
import { compose_server } from "../host/composition.ts";
import { Config } from "../host/core/configmanager.ts";
import type { RunningServer } from "../host/running_server.ts";
import { free_port, scratch_config, start_reference } from "../tools/reference.ts";
import { play_on } from "./scripts.ts";

/** How the two sides are set up. */
export interface UplinkOptions {
	/** The executable of the Prosody, or its folder. */
	readonly prosody?: string | undefined;
	/** The secret that the rooms say. */
	readonly secret?: string;
	/** A server that is not listening yet: what the rooms say goes through it. */
	readonly through?: NodeServer;
	/** Told of each connection that goes through it, which it may end. */
	on_connection?(socket: Socket): unknown;
	/** Further options of the room service. */
	readonly rooms?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** A server that others wrote, which has the accounts and waits for rooms. */
export interface Upstream {
	/** Where clients log in. */
	readonly port: number;
	/** Where it listens for components. */
	readonly component_port: number;
	stop(): Promise<void>;
}

export interface UplinkPair {
	/** Where clients log in, on the Prosody. */
	readonly port: number;
	/** Settled once the rooms are connected. */
	connected(): Promise<void>;
	stop(): Promise<void>;
}

/** The configuration of a Prosody to which rooms connect from outside. */
export function uplink_config(component_port: number, secret = "secret"): string {
	const [hosts = ""] = scratch_config.split('Component "conference.localhost"');
	return `component_ports = { ${component_port} }
component_interfaces = { "127.0.0.1" }
${hosts}
Component "conference.localhost"
	component_secret = "${secret}"
`;
}

/** A server of ours with nothing but rooms, that connects to a port. */
export function compose_rooms(address: string, options: UplinkOptions = {}): RunningServer {
	const config = Config.from({
		"*": { storage: "memory", admins: ["admin@localhost"], modules_disabled: ["s2s", "tls"], data_path: "/nonexistent" },
		"conference.localhost": {
			component_module: "muc",
			modules_enabled: ["muc_mam"],
			component_uplink: address,
			component_secret: options.secret ?? "secret",
			...(options.rooms as Record<string, string>),
		},
	});
	const composed = compose_server(config, { log: [] });
	if (!composed.ok) throw new Error(composed.error);
	return composed.value;
}

/** Waits until the rooms of a server are connected. */
export function uplink_of(server: RunningServer): Promise<void> {
	const host = server.hosts.get("conference.localhost");
	return new Promise((resolve) => host?.events.add_handler("component-uplink-connected", () => void resolve()));
}

/** Has a server hand on all that it gets to a port, and back; answers with its own port. */
async function pass_through(server: NodeServer, to: number, { on_connection }: UplinkOptions): Promise<number> {
	server.on("connection", (socket) => {
		on_connection?.(socket);
		const other = connect(to, "127.0.0.1");
		socket.pipe(other).pipe(socket);
		for (const [one, another] of [
			[socket, other],
			[other, socket],
		] as const) {
			one.on("error", () => {});
			one.on("close", () => another.destroy());
		}
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const at = server.address();
	return typeof at === "object" && at !== null ? at.port : 0;
}

/** A Prosody that has accounts, and waits for rooms. Throws where it does not start. */
export async function start_upstream(options: Pick<UplinkOptions, "prosody"> = {}): Promise<Upstream> {
	const component_port = await free_port();
	const started = await start_reference({ prosody: options.prosody, config: uplink_config(component_port) });
	if (!started.ok) throw new Error(started.error);
	const reference = started.value;
	return { port: reference.port, component_port, stop: () => reference.stop() };
}

/** Starts rooms as the component of a server, and waits until they are connected. Throws where they do not start. */
async function start_rooms(component_port: number): Promise<RunningServer> {
	const rooms = compose_rooms(`127.0.0.1:${component_port}`);
	const listening = await rooms.start();
	if (!listening.ok) throw new Error(listening.error);
	await uplink_of(rooms);
	return rooms;
}

/** Plays one of our scripts with clients on a server that others wrote; answers with why it failed, or with nothing. */
export function play_behind(upstream: Upstream, name: string, timeout?: number): Promise<string> {
	const start = async () => {
		const rooms = await start_rooms(upstream.component_port);
		return { port: upstream.port, stop: () => rooms.stop("The script is over") };
	};
	return play_on(start, name, timeout);
}

/** Starts both sides. Throws where one of them does not start. */
export async function start_pair(options: UplinkOptions = {}): Promise<UplinkPair> {
	const upstream = await start_upstream(options);
	const { component_port } = upstream;
	const port = options.through === undefined ? component_port : await pass_through(options.through, component_port, options);
	const rooms = compose_rooms(`127.0.0.1:${port}`, options);
	const listening = await rooms.start();
	if (!listening.ok) throw new Error(listening.error);
	const connected = uplink_of(rooms);
	return {
		port: upstream.port,
		connected: () => connected,
		async stop() {
			await rooms.stop("The test is over");
			options.through?.close();
			await upstream.stop();
		},
	};
}
