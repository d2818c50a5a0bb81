// No counterpart: part of `enjamb compare`. Where plays take place.

import type { Play } from "./types.ts";

/** Where plays find an account and a room service, by the names that scripts use for them. */
export interface Stage {
	/** In place of `localhost`. */
	readonly host: string;
	/** In place of `conference.localhost`. */
	readonly rooms: string;
	/** Hosts of other servers, on which some of the accounts are. */
	readonly elsewhere?: readonly string[] | undefined;
}

/** The names that scripts are written with. */
export const default_stage: Stage = { host: "localhost", rooms: "conference.localhost" };

/** The hosts of the server with the rooms where clients come from other servers, since nobody can look up `localhost`. */
export const distant_stage: Stage = { host: "home.example", rooms: "conference.home.example" };

/** The account that has to be on the server with the rooms, since it is the admin there. */
const admin = "admin@localhost";

/**
 * Which accounts are on which host: dealt out one after the other.
 * @param shift where to begin, so that it is not always the same account that is on a host
 */
function deal_out(play: Play, { host, elsewhere = [] }: Stage, shift: number): Map<string, string> {
	const hosts = [host, ...elsewhere];
	const accounts = [...new Set(play.players.map(({ jid }) => jid))].filter((jid) => jid.endsWith("@localhost") && jid !== admin);
	return new Map(accounts.map((jid, index) => [jid, hosts[(index + shift) % hosts.length] ?? host]));
}

/** The number of a random play in its series; scripts have none. */
function number_of({ source }: Play): number {
	return Number(/^seed:\d+:(\d+):/.exec(source)?.[1] ?? 0);
}

/** Replaces one name by another, in upper case where the first one was. */
function alike(old: string, name: string): string {
	return old === old.toUpperCase() ? name.toUpperCase() : name;
}

/** Moves a play to the hosts of a stage. */
export function on_stage(play: Play, stage: Stage): Play {
	const homes = deal_out(play, stage, number_of(play));
	const home_of = (node: string): string => homes.get(`${node.toLowerCase()}@localhost`) ?? stage.host;
	const move = (text: string): string =>
		text
			.replace(
				/(?<![\w.+-])([\w.+-]+)@(localhost)\b/gi,
				(_, node: string, host: string) => `${node}@${alike(host, home_of(node))}`,
			)
			.replace(/\b(conference\.)?localhost\b/gi, (host, rooms: string | undefined) =>
				alike(host, rooms === undefined ? stage.host : stage.rooms),
			);
	return {
		...play,
		players: play.players.map((player) => ({ ...player, jid: move(player.jid) })),
		steps: play.steps.map((step) => ("xml" in step ? { ...step, xml: move(step.xml) } : step)),
	};
}
