// No counterpart: a client's session without a client.

import type { C2sSession } from "../../host/core/types.ts";
import { bare, host as host_of, node, resource } from "../../host/util/jid.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";

/** A client's session that remembers what was sent to it. */
export class FakeSession implements C2sSession {
	readonly id: string;
	readonly type = "c2s";
	readonly ip = "127.0.0.1";
	readonly sent: Stanza[] = [];
	readonly username: string | undefined;
	readonly host: string | undefined;
	readonly resource: string | undefined;
	secure = true;
	presence = undefined;
	priority = undefined;
	interested = false;
	directed = undefined;
	role = undefined;
	sasl_handler = undefined;

	constructor(readonly full_jid: string) {
		this.id = full_jid;
		this.username = node(full_jid);
		this.host = host_of(full_jid);
		this.resource = resource(full_jid);
	}

	get bare_jid(): string {
		return bare(this.full_jid) ?? this.full_jid;
	}

	log(): void {}

	send(stanza: Stanza): boolean {
		this.sent.push(st.clone(stanza));
		return true;
	}

	send_text(): never {
		throw new Error("the fake session takes stanzas only");
	}

	send_shared(): never {
		throw new Error("the fake session takes stanzas only");
	}

	/** The stanzas sent so far; forgets them. */
	take(): Stanza[] {
		return this.sent.splice(0);
	}

	close(): void {}

	filter(_kind: string, stanza: Stanza): Stanza {
		return stanza;
	}

	has_filter(): boolean {
		return false;
	}

	add_filter(): void {}

	remove_filter(): void {}

	reset_stream(): void {}
}
