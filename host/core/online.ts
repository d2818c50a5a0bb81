// No counterpart: in Prosody whoever is online is in the tables of this process.

import { fields_of, list_of, number_of, text_of } from "../util/cluster/read.ts";
import { type Eventual, waiting_for } from "../util/waiting.ts";
import type { C2sSession, Question, Server } from "./types.ts";

/** A session in a list of who is online. */
export interface OnlineSession {
	readonly username: string;
	readonly resource: string;
	/** `available`, what `<show/>` says, or `unavailable`. */
	readonly status: string;
	readonly priority: number | undefined;
	/** Empty where it is not known. */
	readonly ip: string;
}

/** Who is online on a host. */
export interface Online {
	readonly sessions: readonly OnlineSession[];
	/** Why those of some nodes are missing. */
	readonly missing: ReadonlyMap<string, string>;
}

interface AskedOnline {
	readonly host: string;
	readonly username: string | undefined;
}

interface AskedEnd extends AskedOnline {
	readonly username: string;
	/** All sessions of the account where it is not said. */
	readonly resource: string | undefined;
}

const online_question: Question<AskedOnline, OnlineSession[]> = {
	name: "online",
	read_asked(given) {
		const fields = fields_of(given);
		const host = text_of(fields?.["host"]);
		return host === undefined ? undefined : { host, username: text_of(fields?.["username"]) };
	},
	read_answer: (given) =>
		list_of(given, (one) => {
			const fields = fields_of(one);
			const [username, resource, status] = [
				text_of(fields?.["username"]),
				text_of(fields?.["resource"]),
				text_of(fields?.["status"]),
			];
			if (username === undefined || resource === undefined || status === undefined) return undefined;
			return { username, resource, status, priority: number_of(fields?.["priority"]), ip: text_of(fields?.["ip"]) ?? "" };
		}),
};

const end_question: Question<AskedEnd, number> = {
	name: "end-sessions",
	read_asked(given) {
		const fields = fields_of(given);
		const [host, username] = [text_of(fields?.["host"]), text_of(fields?.["username"])];
		return host === undefined || username === undefined ? undefined : { host, username, resource: text_of(fields?.["resource"]) };
	},
	read_answer: number_of,
};

type OnlineNeeds = Pick<Server, "cluster" | "hosts" | "nodes">;

function show({ resource = "", presence, priority, ip }: C2sSession, username: string): OnlineSession {
	const show = presence?.child_with_name("show");
	const status = presence === undefined ? "unavailable" : show === undefined ? "available" : (show.get_text() ?? "[invalid!]");
	return { username, resource, status, priority, ip };
}

function online_here(server: OnlineNeeds, { host, username }: AskedOnline): OnlineSession[] {
	const accounts = server.hosts.get(host)?.sessions;
	if (accounts === undefined) return [];
	const one = username === undefined ? undefined : accounts.get(username);
	const meant = username === undefined ? [...accounts] : one === undefined ? [] : [[username, one] as const];
	return meant.flatMap(([name, { sessions }]) => [...sessions.values()].map((session) => show(session, name)));
}

function end_here(server: OnlineNeeds, { host, username, resource }: AskedEnd): number {
	const sessions = [...(server.hosts.get(host)?.sessions.get(username)?.sessions ?? [])];
	const meant = sessions.filter(([name]) => resource === undefined || name === resource);
	for (const [, session] of meant) session.close();
	return meant.length;
}

/** Has a server answer who is online there, and end sessions. */
export function answer_online(server: OnlineNeeds): void {
	server.nodes.answer(online_question, (asked) => online_here(server, asked));
	server.nodes.answer(end_question, (asked) => end_here(server, asked));
}

/** Who is online on a host, on all nodes; or the sessions of one account. */
export function online(server: OnlineNeeds, host: string, username?: string): Eventual<Online> {
	const asked = { host, username };
	if (server.cluster === undefined) return { sessions: online_here(server, asked), missing: new Map() };
	return waiting_for(
		server.nodes.ask_all(online_question, asked).then(({ answers, missing }) => ({
			sessions: answers.flatMap(({ answer }) => answer),
			missing,
		})),
	);
}

/** Ends all sessions of an account, or one, wherever they are. Gives how many, or why that could not be done. */
export function end_sessions(server: OnlineNeeds, host: string, username: string, resource?: string): Eventual<number | string> {
	const asked = { host, username, resource };
	if (server.cluster === undefined) return end_here(server, asked);
	return waiting_for(
		server.nodes.ask_owner(`${username}@${host}`, end_question, asked).then((told) => (told.ok ? told.value.answer : told.error)),
	);
}
