// Counterpart: core/stanza_router.lua (core_process_stanza)

import * as jid from "../util/jid.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { resourceprep } from "../util/stringprep.ts";
import { holding, Waiting } from "../util/waiting.ts";
import type { StanzaAnswers } from "./stanza_answers.ts";
import { create_stored_ahead, type StoredNeeds } from "./stored_ahead.ts";
import type { Log, Server, Session, StanzaEvent, StanzaRouter, Waited } from "./types.ts";

/** Streams whose other end is authenticated, so that their stanzas are passed on. */
const passes_stanzas: ReadonlySet<Session["type"]> = new Set(["c2s", "component", "s2sin", "s2sout"]);
const iq_types = new Set(["get", "set", "result", "error"]);

/** How many addresses are kept, and how long they may be. */
const most_kept = 2000;
const longest_kept = 200;

const addresses = [
	["to", "destination"],
	["from", "source"],
] as const;

/** Why an IQ is malformed; undefined for a good one. Source: RFC 6120 §8.2.3. */
function iq_problem(stanza: Stanza): string | undefined {
	const type = stanza.attr["type"];
	if (type === undefined || !iq_types.has(type)) return "Invalid IQ type";
	if (stanza.attr["id"] === undefined) return "Missing required 'id' attribute";
	if ((type === "get" || type === "set") && stanza.tags.length !== 1) return "Incorrect number of children for IQ stanza";
	return undefined;
}

/** The bare JID of an address with a resource of which preparation leaves nothing, so that an answer can come from it. */
function without_empty_resource(address: string): string {
	const resource = jid.resource(address);
	const is_empty = resource !== undefined && resourceprep(resource) === "";
	return (is_empty ? jid.prep(jid.bare(address)) : undefined) ?? address;
}

/** The event of a stream element that is not a stanza of the stream's namespace, or of a stanza before authentication. */
function element_event(stanza: Stanza): `stanza/${string}` {
	const xmlns = stanza.attr["xmlns"];
	if (xmlns !== undefined) return `stanza/${xmlns}:${stanza.name}`;
	const payload = stanza.first_tag;
	const type = stanza.attr["type"];
	if (stanza.name === "iq" && (type === "set" || type === "get") && payload?.attr["xmlns"] !== undefined) {
		return `stanza/iq/${payload.attr["xmlns"]}:${payload.name}`;
	}
	return `stanza/${stanza.name}`;
}

/**
 * Takes stanzas as streams deliver them: checks them, puts the sender's address in, and posts them.
 * @param post passes on stanzas with good addresses
 * @param wants_debug whether received stanzas are logged
 */
export function create_checks(
	server: Pick<Server, "delivery" | "hosts" | "turn"> & StoredNeeds,
	log: Log,
	answers: StanzaAnswers,
	post: StanzaRouter["post_stanza"],
	wants_debug: () => boolean,
): StanzaRouter["process_stanza"] {
	/** Addresses that were found to be in their prepared form lately: many stanzas go to the same rooms and occupants. */
	const lately = new Set<string>();
	const stored_ahead = create_stored_ahead(server);

	/** The address in its prepared form; undefined for one that is no JID. */
	function prepare(address: string): string | undefined {
		if (server.delivery.is_online(address) || server.hosts.has(address)) return address;
		if (lately.has(address)) return address;
		const prepared = jid.prep(address);
		if (prepared === address && address.length <= longest_kept) {
			if (lately.size >= most_kept) lately.clear();
			// A copy: the address itself is a part of all that was read with it, which would be kept, too
			lately.add(Buffer.from(address).toString());
		}
		return prepared;
	}

	/** Whether a stanza may go on; if not, its sender was told. Afterwards its addresses are prepared, and it has its sender's. */
	function check(origin: Session, stanza: Stanza): boolean {
		const { attr } = stanza;
		const is_client = origin.type === "c2s";
		if (is_client && attr["xmlns"] === undefined) {
			if (attr["type"] === "error" && stanza.first_tag === undefined) {
				answers.unhandled(origin, stanza);
				return false;
			}
			const problem = stanza.name === "iq" ? iq_problem(stanza) : undefined;
			if (problem !== undefined) {
				// Something of type error must not be answered.
				if (attr["type"] !== "error") origin.send(st.error_reply(stanza, "modify", "bad-request", problem));
				return false;
			}
			// This is who the client is, whatever it claims.
			attr["from"] = origin.full_jid;
		}
		for (const [which, text] of addresses) {
			const address = attr[which];
			if (address === undefined || (which === "from" && is_client)) continue;
			const prepared = prepare(address);
			if (prepared === undefined) {
				log("warn", "Received stanza with invalid %s: %s", text, address);
				const type = attr["type"];
				if (type !== "error" && type !== "result") {
					const refusal = st.error_reply(stanza, "modify", "jid-malformed", `The ${text} address is invalid: ${address}`);
					if (which === "to") refusal.attr["from"] = without_empty_resource(address);
					origin.send(refusal);
				}
				return false;
			}
			attr[which] = prepared;
		}
		return true;
	}

	/** Fires the event of an element that is not a stanza, or of a stanza on a stream that may not send any. */
	function handle_element(origin: Session, stanza: Stanza): Waited {
		const host = server.hosts.get(stanza.attr["to"] ?? origin.host ?? "");
		const answer = host?.events.fire_waiting(element_event(stanza), { origin, stanza });
		if (answer instanceof Waiting) return answer.go_on((late) => (late ? undefined : answers.unhandled(origin, stanza)));
		if (!answer) answers.unhandled(origin, stanza);
		return undefined;
	}

	/** Handles it when what is stored of those whom it concerns was read. */
	function handle_later(origin: Session, stanza: Stanza, ready: Waiting<unknown>): Waited {
		const { type } = origin;
		return holding("hold" in origin ? origin : {}, ready, () => {
			// A session that has ended meanwhile must not do anything any more
			if (origin.type !== type) return undefined;
			server.turn.record({ origin, stanza } satisfies StanzaEvent);
			return passes_stanzas.has(origin.type) && stanza.attr["xmlns"] === undefined
				? post(origin, stanza, origin.type === "c2s")
				: handle_element(origin, stanza);
		});
	}

	return function process_stanza(origin, stanza) {
		if (wants_debug()) origin.log("debug", "Received[%s]: %s", origin.type, stanza.top_tag());
		server.turn.record({ origin, stanza } satisfies StanzaEvent);
		try {
			if (!check(origin, stanza)) return undefined;
			const ready = server.far_storage.is_used ? stored_ahead(origin, stanza) : undefined;
			let waiting: Waited;
			if (ready !== undefined) waiting = handle_later(origin, stanza, ready);
			else if (passes_stanzas.has(origin.type) && stanza.attr["xmlns"] === undefined) {
				waiting = post(origin, stanza, origin.type === "c2s");
			} else waiting = handle_element(origin, stanza);
			if (waiting !== undefined) answers.wait(origin, stanza, waiting);
			return waiting;
		} catch (error) {
			answers.mistake(origin, stanza, error);
			return undefined;
		}
	};
}
