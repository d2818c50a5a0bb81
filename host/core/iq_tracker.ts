// Counterpart: core/moduleapi.lua (send_iq)

import { is_error_type } from "../util/error.ts";
import type { Events, Handler } from "../util/events.ts";
import * as jid from "../util/jid.ts";
import type { Stanza } from "../util/stanza.ts";
import { IqError } from "./iq_error.ts";
import type { EventMap, IqAnswer, Session, StanzaEvent, Timer } from "./types.ts";

/** How many queries of a module may wait for answers at the same time; when one more is sent, the oldest fails. */
const most_waiting = 256;

/** What a module's queries need of the module. */
export interface IqServices {
	readonly events: Events<EventMap>;
	send(stanza: Stanza, origin: Session): void;
	add_timer(delay: number, callback: () => void): Timer;
}

type AnswerEvent = "iq/full" | `iq-result/${string}` | `iq-error/${string}`;

/** The queries of one module that wait for their answers. */
export class IqTracker {
	/** Functions that end the wait, by kind of sender and id, oldest first. */
	private readonly waiting = new Map<string, (outcome: IqAnswer | IqError) => void>();

	constructor(private readonly module: IqServices) {}

	/** Sends a query; the promise fails with an {@link IqError}. Timeout in seconds. */
	ask(query: Stanza, origin: Session, timeout: number): Promise<IqAnswer> {
		const { id } = query.attr;
		if (id === undefined) return Promise.reject(new TypeError("an iq needs an id"));
		const from = query.attr["from"];
		const kind = from === undefined || jid.node(from) === undefined ? "host" : jid.resource(from) === undefined ? "bare" : "full";
		const key = `${kind}/${id}`;
		return new Promise((resolve, reject) => {
			if (this.waiting.has(key)) {
				reject(new IqError("modify", "conflict", "IQ stanza id attribute already used", undefined));
				return;
			}
			const { events } = this.module;
			const names: AnswerEvent[] = kind === "full" ? ["iq/full"] : [`iq-result/${key}`, `iq-error/${key}`];
			const finish = (outcome: IqAnswer | IqError): void => {
				if (this.waiting.get(key) !== finish) return;
				this.waiting.delete(key);
				for (const name of names) events.remove_handler(name, handler);
				timer.stop();
				if (outcome instanceof IqError) reject(outcome);
				else resolve(outcome);
			};
			const handler: Handler<StanzaEvent> = ({ origin: answerer, stanza }) => {
				// the router may have taken \`to\` from the query by then, as it does for a client's own account
				if (stanza.attr["id"] !== id || stanza.attr["from"] !== query.attr["to"]) return undefined;
				if (stanza.attr["type"] === "result") finish({ stanza, origin: answerer });
				else if (stanza.attr["type"] === "error") finish(error_of(stanza));
				else return undefined;
				return true;
			};
			const timer = this.module.add_timer(timeout, () =>
				finish(new IqError("wait", "remote-server-timeout", "IQ stanza timed out", undefined)),
			);
			this.make_room();
			this.waiting.set(key, finish);
			for (const name of names) events.add_handler(name, handler, 1);
			this.module.send(
				query,
				answering(query, origin, (stanza) => finish({ stanza })),
			);
		});
	}

	/** Forgets all queries. */
	release(): void {
		for (const finish of [...this.waiting.values()]) {
			finish(new IqError("cancel", "undefined-condition", "the module was unloaded", undefined));
		}
	}

	private make_room(): void {
		if (this.waiting.size < most_waiting) return;
		const [oldest] = this.waiting.values();
		oldest?.(new IqError("wait", "resource-constraint", "evicted from iq tracking cache", undefined));
	}
}

function error_of(stanza: Stanza): IqError {
	const error = stanza.get_error();
	const type = is_error_type(error?.type) ? error?.type : "cancel";
	return new IqError(type, error?.condition ?? "undefined-condition", error?.text, stanza);
}

/** The origin of a query, which also sees an answer that this server sends it directly: one to a query without `from`. */
function answering(query: Stanza, origin: Session, heard: (answer: Stanza) => void): Session {
	const send = (stanza: Stanza): boolean => {
		if (stanza.name === query.name && stanza.attr["id"] === query.attr["id"]) heard(stanza);
		return origin.send(stanza);
	};
	return new Proxy(origin, { get: (target, name) => (name === "send" ? send : Reflect.get(target, name)) });
}
