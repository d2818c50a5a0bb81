import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClientSession } from "../../../host/core/c2s_session.ts";
import type { Connection, HostSession, Role } from "../../../host/core/types.ts";
import { document_framing } from "../../../host/util/framing.ts";
import * as st from "../../../host/util/stanza.ts";
import { start_test_server, type TestServer } from "../../helper.ts";

let running: TestServer;
let host: HostSession;

beforeEach(async () => {
	running = await start_test_server();
	const found = running.server.hosts.get("localhost");
	if (found === undefined) throw new Error("the host is not there");
	host = found;
});

afterEach(() => running.stop());

/** A session without a stream, and what it sends. */
function session_of(name?: string): { session: ClientSession; sent: string[] } {
	const sent: string[] = [];
	const conn: Connection = {
		ip: "192.0.2.1",
		secure: true,
		pending: 0,
		ondata() {},
		onclose() {},
		onreadtimeout: () => true,
		onpredrain() {},
		ondrain() {},
		ondiscard() {},
		write(text) {
			sent.push(String(text));
			return true;
		},
		write_shared(text, to) {
			sent.push(text.head + to + text.tail);
			return true;
		},
		set_keepalive() {},
		ssl_info: () => undefined,
		pause_writes() {},
		resume_writes() {},
		pause() {},
		resume() {},
		close() {},
		destroy() {},
		starttls() {},
	};
	const session = new ClientSession(running.server, "c2stest", conn, {
		framing: document_framing,
		close: (closed: ClientSession) => running.server.sessionmanager.destroy_session(closed),
		authenticated() {},
		reset_stream() {},
		hold: () => () => {},
		take_over() {},
	});
	session.host = "localhost";
	if (name !== undefined) running.server.sessionmanager.make_authenticated(session, name);
	return { session, sent };
}

describe("make_authenticated", () => {
	it("prepares the name, and gives the account's role", () => {
		const { session } = session_of();
		expect(running.server.sessionmanager.make_authenticated(session, "ADA")).toEqual({ ok: true, value: true });
		expect(session).toMatchObject({ username: "ada", type: "c2s_unbound" });
		expect(session.role?.name).toBe("prosody:registered");
	});

	it("gives the role that is asked for", () => {
		const { session } = session_of();
		const role: Role | undefined = host.authz.get_role_by_name("prosody:guest");
		running.server.sessionmanager.make_authenticated(session, "ada", "prosody:guest");
		expect(role).toBeDefined();
		expect(session.role).toBe(role);
	});

	it.each(["", "a b", "a@b", "\u0000"])("refuses the name %j", (name) => {
		const { session } = session_of();
		expect(running.server.sessionmanager.make_authenticated(session, name)).toEqual({ ok: false, error: "Invalid username" });
		expect(session.type).toBe("c2s_unauthed");
	});
});

describe("bind_resource", () => {
	const bind = (session: ClientSession, resource?: string) => running.server.sessionmanager.bind_resource(session, resource);

	it("puts the session where others find it", () => {
		const { session } = session_of("ada");
		expect(bind(session, "desk")).toEqual({ ok: true, value: true });
		expect(session).toMatchObject({ type: "c2s", resource: "desk", full_jid: "ada@localhost/desk" });
		expect(running.server.full_sessions.get("ada@localhost/desk")).toBe(session);
		expect(running.server.bare_sessions.get("ada@localhost")).toBe(host.sessions.get("ada"));
		expect(host.sessions.get("ada")?.sessions.get("desk")).toBe(session);
	});

	it.each([undefined, "", "\u0000"])("makes a resource up for %j", (resource) => {
		const { session } = session_of("ada");
		bind(session, resource);
		expect(session.resource).toMatch(/^[\w-]{12}$/);
	});

	it("refuses before authentication, and a second time", () => {
		expect(bind(session_of().session)).toMatchObject({ ok: false, error: { type: "auth", condition: "not-authorized" } });
		const { session } = session_of("ada");
		bind(session, "desk");
		expect(bind(session, "phone")).toMatchObject({ ok: false, error: { type: "cancel", condition: "not-allowed" } });
		expect(session.resource).toBe("desk");
	});

	it("asks modules, which may refuse or name another resource", () => {
		host.events.add_handler("pre-resource-bind", (event) => {
			if (event.resource === "bad") {
				event.error = { type: "wait", condition: "resource-constraint", text: "Too many" };
				return false;
			}
			if (event.resource === "rude") return false;
			event.resource = `${event.resource}-1`;
			return undefined;
		});
		const { session } = session_of("ada");
		expect(bind(session, "bad")).toEqual({
			ok: false,
			error: { type: "wait", condition: "resource-constraint", text: "Too many" },
		});
		expect(bind(session, "rude")).toMatchObject({ ok: false, error: { type: "cancel", condition: "not-allowed" } });
		expect(session.full_jid).toBeUndefined();
		bind(session, "desk");
		expect(session.resource).toBe("desk-1");
	});

	it("takes all back where the roster cannot be read", () => {
		const events: string[] = [];
		host.events.add_handler("resource-bind", () => {
			events.push("bound");
		});
		const broken = { version: 0, broken: true, items: new Map(), pending: new Map() };
		const { rostermanager } = running.server;
		const load_roster = rostermanager.load_roster;
		rostermanager.load_roster = () => broken;
		const { session } = session_of("ada");
		expect(bind(session, "desk")).toEqual({
			ok: false,
			error: { type: "cancel", condition: "internal-server-error", text: "Error loading roster" },
		});
		expect(session).toMatchObject({ type: "c2s_unbound", full_jid: undefined, resource: undefined });
		expect([running.server.full_sessions.size, running.server.bare_sessions.size, host.sessions.size]).toEqual([0, 0, 0]);
		expect(events).toEqual([]);
		rostermanager.load_roster = load_roster;
		expect(bind(session, "desk").ok).toBe(true);
	});
});

describe("destroy_session", () => {
	it("leaves nothing of the session that others could mistake for it", () => {
		const { session } = session_of("ada");
		running.server.sessionmanager.bind_resource(session, "desk");
		const unbound: (string | undefined)[] = [];
		host.events.add_handler("resource-unbind", (event) => {
			unbound.push(event.session.full_jid, event.error);
			// Whatever handlers do to it, it ends once.
			event.session.close();
		});
		running.server.sessionmanager.destroy_session(session, "gone");
		running.server.sessionmanager.destroy_session(session, "again");
		expect(unbound).toEqual(["ada@localhost/desk", "gone"]);
		expect(session).toMatchObject({
			type: "c2s_destroyed",
			full_jid: undefined,
			username: undefined,
			host: undefined,
			role: undefined,
		});
		expect([running.server.full_sessions.size, running.server.bare_sessions.size, host.sessions.size]).toEqual([0, 0, 0]);
	});

	it("can be prevented by a module", () => {
		const { session } = session_of("ada");
		running.server.sessionmanager.bind_resource(session, "desk");
		host.events.add_handler("pre-resource-unbind", () => true);
		running.server.sessionmanager.destroy_session(session);
		expect(running.server.full_sessions.get("ada@localhost/desk")).toBe(session);
		expect(session.type).toBe("c2s");
	});

	it("keeps the account's other resources", () => {
		const [desk, phone] = [session_of("ada").session, session_of("ada").session];
		running.server.sessionmanager.bind_resource(desk, "desk");
		running.server.sessionmanager.bind_resource(phone, "phone");
		running.server.sessionmanager.destroy_session(desk);
		expect([...running.server.full_sessions.keys()]).toEqual(["ada@localhost/phone"]);
		expect(running.server.bare_sessions.has("ada@localhost")).toBe(true);
	});

	it("is nothing special before a resource is bound", () => {
		const { session } = session_of("ada");
		running.server.sessionmanager.destroy_session(session);
		expect(session.type).toBe("c2s_destroyed");
	});
});

describe("sending to an account", () => {
	it("reaches the resources that are available, or interested", () => {
		const [desk, phone, idle] = ["desk", "phone", "idle"].map((resource) => {
			const made = session_of("ada");
			running.server.sessionmanager.bind_resource(made.session, resource);
			return made;
		});
		if (!desk || !phone || !idle) throw new Error("no sessions");
		desk.session.presence = st.presence();
		phone.session.interested = true;
		const { sessionmanager } = running.server;
		expect(sessionmanager.send_to_available_resources("ada", "localhost", st.message({ id: "a" }))).toBe(1);
		expect(sessionmanager.send_to_interested_resources("ada", "localhost", st.message({ id: "b" }))).toBe(1);
		expect(sessionmanager.send_to_available_resources("bob", "localhost", st.message({ id: "c" }))).toBe(0);
		expect([desk.sent, phone.sent, idle.sent]).toEqual([["<message id='a'/>"], ["<message id='b'/>"], []]);
	});
});

describe("a session", () => {
	it("sends through its filters, and nothing once it ended", () => {
		const { session, sent } = session_of("ada");
		session.add_filter("stanzas/out", (stanza) => (stanza.attr["id"] === "secret" ? undefined : st.clone(stanza).body("!")));
		expect(session.has_filter("stanzas/out")).toBe(true);
		expect(session.send(st.message({ id: "1" }))).toBe(true);
		expect(session.send(st.message({ id: "secret" }))).toBe(true);
		expect(session.send_text("<presence/>")).toBe(true);
		session.end_stream({ condition: "reset" });
		expect(session.send(st.message({ id: "2" }))).toBe(false);
		expect(session.send_text("<presence/>")).toBe(false);
		expect(sent).toEqual([
			"<message id='1'><body>!</body></message>",
			"<presence/>",
			"<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
			"</stream:stream>",
		]);
	});

	it("that was destroyed sends nothing", () => {
		const { session, sent } = session_of("ada");
		running.server.sessionmanager.destroy_session(session);
		expect(session.send(st.message())).toBe(false);
		expect(session.send_text("<presence/>")).toBe(false);
		expect(sent).toEqual([]);
	});
});
