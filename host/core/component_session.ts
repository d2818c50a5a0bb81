// Counterpart: plugins/mod_component.lua (sessions)

import { ns } from "../util/ns.ts";
import { BaseStreamSession, type StreamControl } from "./stream_session.ts";
import type { ComponentSession, Connection, Server } from "./types.ts";

/** A component's stream (XEP-0114), in either direction: of one that connects to us, or of ours to another server. */
export class ComponentStreamSession extends BaseStreamSession implements ComponentSession {
	type: ComponentSession["type"] = "component_unauthed";
	/** The domain of the component. */
	host: string | undefined;

	constructor(server: Pick<Server, "logger">, id: string, conn: Connection, control: StreamControl) {
		super(server, id, conn, ns.component_accept, control);
	}

	get destroyed(): boolean {
		return this.type === "component_destroyed";
	}

	protected get address(): string | undefined {
		return this.host;
	}

	protected keeps_output(): boolean {
		return this.type !== "component";
	}
}
