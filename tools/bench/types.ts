// No counterpart: what the parts of the benchmark hand to each other.

import type { NameServer } from "../name_server.ts";
import type { Firewall } from "./firewall.ts";

/**
 * The servers that can be measured: this one, two well-known ones, the least that a relay in Node has to do, and this one with
 * Prosody's own rooms in Lua.
 */
export const subject_names = ["enjamb", "prosody", "ejabberd", "floor", "lua"] as const;
export type SubjectName = (typeof subject_names)[number];

/** What carries the streams of clients. */
export type Carrier = "tcp" | "tls" | "websocket" | "wss" | "bosh";

/** What lies between the server and those who are in rooms: the streams of clients, or one of a component or a server for all of them. */
export type Entrance = Carrier | "component" | "uplink" | "s2s";

/** A running server. */
export interface Subject {
	readonly name: SubjectName;
	/** Where clients connect, or components; where this program awaits the server as its component. */
	readonly port: number;
	readonly carrier: Carrier;
	/** Where the server looks up other servers. */
	readonly names?: NameServer | undefined;
	/** The process whose processor time and memory are measured. */
	readonly pid: number;
	/** The time from its start until it accepts a connection, in milliseconds. */
	readonly start_ms: number;
	stop(): Promise<void>;
}

/** What one load cost a server. */
export interface Measurement {
	/** Stanzas that reached clients while it was measured. */
	readonly deliveries: number;
	/** Processor time of the server for each of them, in microseconds. */
	readonly cpu_micros: number;
	/** The part of it that the kernel took, where that was looked at. */
	readonly kernel_micros?: number;
	/** How long deliveries (or, where stanzas carry no time, whole operations) took, in milliseconds. */
	readonly p50_ms: number;
	readonly p99_ms: number;
	readonly max_ms: number;
	/** Deliveries in a second of real time. */
	readonly per_second: number;
	/** Memory of the server afterwards, in MiB. */
	readonly rss_mib: number;
}

/** What one load showed: a cost, or a single number such as memory. */
export type Finding = Measurement | { readonly value: number; readonly details?: { readonly [name: string]: number } };

/** How much is measured at once. */
export interface Effort {
	/** How long a load runs before it is measured, for compilers and caches, in milliseconds. */
	readonly warm_up_ms: number;
	/** Whether it also runs until it was done often enough: where a busy machine gives a server little time, that is not so after a while. */
	readonly warms_by_count?: boolean;
	/** How long it is measured, in milliseconds. */
	readonly measure_ms: number;
	/** Join storms that are added up. */
	readonly storms: number;
}

/** Where rooms may be kept: in Prosody's files, or in SQLite. */
export type RoomStorage = "internal" | "sql";

/** A load that is put on a freshly started server. */
export interface Scenario {
	readonly id: string;
	readonly title: string;
	/** What the figure is counted per: `delivery`, `presence`; or the unit of a single number. */
	readonly unit: string;
	/** Rooms are archived. */
	readonly archive?: boolean;
	/** Where rooms are kept, which stay then; in memory, and no longer than somebody is in them, unless said otherwise. */
	readonly storage?: RoomStorage;
	/** How those in the rooms reach the server; by TCP unless said otherwise. Others than this server and Prosody are not asked. */
	readonly entrance?: Entrance;
	/** Rules of mod_firewall that each stanza for a client goes through. Only this server and Prosody have them. */
	readonly firewall?: Firewall;
	/**
	 * Clients have accounts, whose host has these modules beside the general ones, and archives in SQLite where wanted; they are
	 * anonymous unless said otherwise. ejabberd is asked where it has these modules. Any password opens them, unless they have their own.
	 */
	readonly accounts?: { readonly modules: readonly string[]; readonly archive?: boolean; readonly passwords?: boolean };
	/** Needs modules of the community in Prosody: those in the folder that PROSODY_MODULES names, and a Prosody 13. */
	readonly community?: boolean;
	/** Writes what the server finds stored when it starts; only this server is measured then. */
	prepare?(data_folder: string): void;
	/** How many processes the server has; only this one has several. */
	readonly workers?: number;
	/** Place in a sweep: how many there are of what the sweep varies. */
	readonly sweep?: { readonly of: "occupants" | "rooms"; readonly at: number };
	/** Whether the floor can take part. */
	readonly floor: boolean;
	run(subject: Subject, effort: Effort): Promise<Finding>;
}

/** A load that starts what it needs by itself: more than one server. Only this one is measured. */
export interface OwnScenario extends Pick<Scenario, "id" | "title" | "unit"> {
	measure(effort: Effort, place: { readonly program: readonly string[]; readonly core: number }): Promise<Finding>;
}

/** All runs of one scenario on one server. */
export interface ScenarioResult {
	readonly scenario: Pick<Scenario, "id" | "title" | "unit" | "sweep">;
	/** The server's name; where there are several of a kind, with its version. */
	readonly subject: string;
	readonly runs: readonly Finding[];
}

/** Where and when something was measured. */
export interface Machine {
	readonly processor: string;
	readonly cores: number;
	readonly memory_mib: number;
	readonly system: string;
	readonly node: string;
	readonly server_core: number;
	readonly generator_core: number;
	readonly date: string;
	/** Load averages before and after. */
	readonly load: readonly [number, number];
}

/** All results of a benchmark. */
export interface BenchReport {
	readonly machine: Machine;
	readonly command: string;
	readonly results: readonly ScenarioResult[];
}
