// Counterpart: plugins/mod_bosh.lua

import type { Framing, StreamReader } from "../../util/framing.ts";
import { QueueReader } from "../../util/queue_reader.ts";
import type { Stanza } from "../../util/stanza.ts";
import type { StreamCallbacks, StreamFault, StreamOptions } from "../../util/xmppstream.ts";
import { text_with_namespace, to_attribute_with_namespace } from "../client_documents.lib.ts";
import { type Body, bosh_ns, read_body } from "./body.ts";

type Unit =
	/** A body begins: a new stream where one is expected (XEP-0206 §5). */
	| { readonly kind: "body" }
	| { readonly kind: "stanza"; readonly stanza: Stanza }
	| { readonly kind: "fault"; readonly fault: StreamFault }
	| { readonly kind: "terminate" };

/** The client's direction: one `<body/>` at a time. */
class BodyReader extends QueueReader<Unit> {
	constructor(
		private readonly framing: BoshFraming,
		callbacks: StreamCallbacks,
		options: StreamOptions,
	) {
		super(callbacks, options);
	}

	override set_stanza_size_limit(bytes: number): void {
		super.set_stanza_size_limit(bytes);
		this.framing.stanza_size_limit = bytes;
	}

	unread(): readonly string[] {
		return this.units.flatMap((unit) =>
			unit.kind === "stanza" ? `<body xmlns='${bosh_ns}'>${unit.stanza.toString()}</body>` : [],
		);
	}

	protected units_of(data: Buffer): readonly Unit[] {
		// Bytes that a filter has changed have to be read again
		const { attr, stanzas, fault } = this.framing.read.get(data) ?? read_body(data, this.options);
		const units: Unit[] = [{ kind: "body" }, ...stanzas.map((stanza): Unit => ({ kind: "stanza", stanza }))];
		if (fault !== undefined) units.push({ kind: "fault", fault });
		else if (attr?.["type"] === "terminate") units.push({ kind: "terminate" });
		return units;
	}

	protected take(unit: Unit): void {
		if (unit.kind === "terminate") this.end();
		else if (unit.kind === "fault") this.refuse(unit.fault);
		else if (unit.kind === "stanza") this.callbacks.handlestanza(unit.stanza);
		else if (!this.opened) {
			this.opened = true;
			this.callbacks.streamopened({ to: this.framing.host, version: "1.0", "xml:lang": this.framing.lang });
		}
	}
}

/** How one client's stream is written in bodies, which take the place of headers and ends of streams. */
export class BoshFraming implements Framing {
	/** Parsed bodies, by the bytes that they were read from. */
	readonly read = new WeakMap<Buffer, Body>();
	/** Most bytes of a stanza. */
	stanza_size_limit: number | undefined;
	/** Whether the stream was ended with an error. */
	has_error = false;
	readonly white_space = undefined;

	constructor(
		readonly host: string,
		readonly lang: string | undefined,
	) {}

	reader(callbacks: StreamCallbacks, options: StreamOptions): StreamReader {
		this.stanza_size_limit = options.stanza_size_limit;
		return new BodyReader(this, callbacks, options);
	}

	header(): string {
		return "";
	}

	text(stanza: Stanza): string {
		if (stanza.name === "stream:error") this.has_error = true;
		return text_with_namespace(stanza);
	}

	to_attribute(jid: string): string {
		return to_attribute_with_namespace(jid);
	}

	end(): string {
		return "";
	}
}
