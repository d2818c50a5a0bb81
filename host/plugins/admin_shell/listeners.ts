// Counterpart: plugins/mod_admin_telnet.lua (new_session): those that type commands, over the socket of administrators or elsewhere

import { AdminSession } from "../../core/admin_session.ts";
import type { Connection } from "../../core/types.ts";
import type { ShellListener } from "./session.ts";

/** Whoever is connected to the socket. */
function socket_listener(admin: AdminSession): ShellListener {
	return {
		takes_questions: true,
		get destroyed() {
			return admin.destroyed;
		},
		send: (stanza) => admin.send(stanza),
		send_certainly: (send) => admin.send_certainly(send),
	};
}

/** Whoever a module lets in by a way of its own, which prints lines. */
function printing_listener(print: (text: string) => unknown): ShellListener {
	return {
		takes_questions: false,
		destroyed: false,
		send: (stanza) => print(stanza.get_text() ?? ""),
		send_certainly: (send) => send(),
	};
}

/** Whoever typed a line: a session of the socket, or an object with `print`. Undefined where nothing can be said there. */
export function listener_of(origin: object): ShellListener | undefined {
	if (origin instanceof AdminSession) return socket_listener(origin);
	const print: unknown = Reflect.get(origin, "print");
	return typeof print === "function" ? printing_listener((text) => print(text)) : undefined;
}

function is_connection(value: unknown): value is Pick<Connection, "onclose"> {
	return typeof value === "object" && value !== null && "onclose" in value;
}

/** Calls back when whoever a module lets in is gone: when the connection ends, and at once where there is none. */
export function when_gone(origin: object, callback: () => void): void {
	const conn: unknown = Reflect.get(origin, "conn");
	if (!is_connection(conn)) {
		callback();
		return;
	}
	const { onclose } = conn;
	conn.onclose = (error) => {
		callback();
		onclose(error);
	};
}
