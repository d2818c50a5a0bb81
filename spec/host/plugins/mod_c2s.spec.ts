import { afterEach, describe, expect, it } from "vitest";
import type { EventMap, ModuleApi, ModuleDefinition } from "../../../host/core/types.ts";
import * as st from "../../../host/util/stanza.ts";
import { start_test_server, type TestServer, type TestServerOptions } from "../../helper.ts";
import { auth_plain, bind, features, header, RawClient } from "../raw_client.ts";

let running: TestServer | undefined;
const clients: RawClient[] = [];

afterEach(async () => {
	for (const client of clients.splice(0)) client.destroy();
	await running?.stop();
	running = undefined;
});

/** A module that runs a test's code on the host. */
function spy(load: (module: ModuleApi) => void): ModuleDefinition {
	return { name: "spy", load };
}

const modules_enabled = ["disco", "roster", "saslauth", "spy"];

async function start(
	config: Record<string, string | number | string[] | Record<string, number>> = {},
	load: (module: ModuleApi) => void = () => {},
): Promise<TestServer> {
	const options: TestServerOptions = { config: { "*": { modules_enabled, ...config } }, modules: [spy(load)] };
	running = await start_test_server(options);
	return running;
}

async function dial(server: TestServer): Promise<RawClient> {
	const client = await RawClient.connect(server.port);
	clients.push(client);
	return client;
}

async function login(server: TestServer, name: string, resource: string): Promise<RawClient> {
	const client = await RawClient.login(server.port, name, resource);
	clients.push(client);
	return client;
}

describe("features", () => {
	it("say how big stanzas may be, and how long a client may be silent", async () => {
		const server = await start({ c2s_stanza_size_limit: 20_000, network_settings: { read_timeout: 100 } });
		const client = await dial(server);
		const limits = (bytes: number): string =>
			`<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>${bytes}</max-bytes><idle-seconds>100</idle-seconds></limits></stream:features>`;
		expect(await client.ask(header(), features)).toContain(limits(10_000));
		await client.ask(auth_plain("ada"), "/>");
		expect(await client.ask(header(), features)).toContain(limits(20_000));
	});

	it("that offer nothing end the stream", async () => {
		const server = await start({ modules_enabled: ["disco"] });
		const client = await dial(server);
		expect(await client.ask(header())).toContain(
			"<undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>No stream features to proceed with</text></stream:error></stream:stream>",
		);
	});
});

describe("limits", () => {
	it("raise once a client is known", async () => {
		const server = await start();
		const big = `<message to='ada@localhost/desk' id='big'><body>${"x".repeat(20_000)}</body></message>`;
		const client = await login(server, "ada", "desk");
		expect(await client.ask(big, "</message>")).toContain("x".repeat(20_000));
		const stranger = await dial(server);
		await stranger.ask(header(), features);
		expect(await stranger.ask(big)).toContain(
			"<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>XML stanza is too big</text><stanza-too-big xmlns='urn:xmpp:errors'/>",
		);
	});

	it.each([
		["deep", "c2s_stanza_depth_limit", `<message>${"<a>".repeat(20)}`],
		["rich", "c2s_max_child_elements", `<message>${"<a/>".repeat(20)}</message>`],
		["adorned", "c2s_stanza_attribute_limit", `<message ${[..."abcdefghijklmnopqrst"].map((name) => `${name}=''`).join(" ")}/>`],
	])("end streams with too %s stanzas", async (_, option, stanza) => {
		const server = await start({ [option]: 10 });
		const client = await login(server, "ada", "desk");
		expect(await client.ask(stanza)).toContain(
			"<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>XML stanza is too complex: ",
		);
	});

	it("end a stream whose client takes nothing", async () => {
		const server = await start({ network_settings: { max_send_buffer_size: 200_000 } });
		const flooded = await login(server, "ada", "desk");
		const client = await login(server, "bob", "desk");
		// Not read from here on, so that what it is sent piles up.
		flooded.pause();
		const message = `<message to='ada@localhost/desk'><body>${"x".repeat(100_000)}</body></message>`;
		while (server.server.full_sessions.has("ada@localhost/desk")) {
			client.send(message);
			await new Promise(setImmediate);
		}
		expect(server.server.full_sessions.has("bob@localhost/desk")).toBe(true);
	});
});

describe("time", () => {
	it("runs out for clients that do not log in", async () => {
		const server = await start({ c2s_timeout: 0.05 });
		const client = await dial(server);
		await client.ask(header());
		expect(client.said).toContain(
			"<stream:error><connection-timeout xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
		);
	});

	it("does not run out for those that did", async () => {
		const server = await start({ c2s_timeout: 0.5 });
		const client = await login(server, "ada", "desk");
		// Whose time began later.
		const stranger = await dial(server);
		await stranger.closed();
		expect(client.ended).toBe(false);
	});

	it("of silence is answered with whitespace, and ends only streams that were never opened", async () => {
		const server = await start({ network_settings: { read_timeout: 1 } });
		const open = await dial(server);
		await open.ask(header(), features);
		const silent = await dial(server);
		await silent.closed();
		expect(silent.said).toBe("");
		await open.until(() => open.said.endsWith(`${features}  `));
		expect(open.ended).toBe(false);
	});

	it("for the client's own end of the stream is limited", async () => {
		const server = await start({ c2s_close_timeout: 0.05 });
		const client = await login(server, "ada", "desk");
		server.server.full_sessions.get("ada@localhost/desk")?.close();
		expect(await client.closed()).toMatch(/<\/stream:stream>$/);
		expect(server.server.full_sessions.size).toBe(0);
	});
});

describe("sessions", () => {
	it("handle what is on its way while they close", async () => {
		const seen: string[] = [];
		const server = await start({}, (module) => {
			module.hook("message/bare", ({ stanza }) => {
				seen.push(stanza.attr["id"] ?? "");
				return true;
			});
		});
		const client = await login(server, "ada", "desk");
		const session = server.server.full_sessions.get("ada@localhost/desk");
		session?.close();
		await client.until(() => client.said.endsWith("</stream:stream>"));
		expect(session?.send(st.message({ id: "never" }))).toBe(false);
		client.send("<message to='bob@localhost' id='late'/></stream:stream>");
		await client.closed();
		expect(seen).toEqual(["late"]);
		expect(session?.type).toBe("c2s_destroyed");
		expect(session?.full_jid).toBeUndefined();
		expect(client.said).not.toContain("never");
	});

	it("tell modules in order when they end", async () => {
		const events: string[] = [];
		const server = await start({}, (module) => {
			const note = (name: keyof EventMap & string): void => {
				module.hook(name, () => {
					events.push(`${name} ${module.server.full_sessions.has("ada@localhost/desk")}`);
				});
			};
			note("resource-bind");
			note("pre-session-close");
			note("pre-resource-unbind");
			note("resource-unbind");
			module.hook_global("c2s-closed", () => {
				events.push("c2s-closed");
			});
		});
		const client = await login(server, "ada", "desk");
		await client.ask("</stream:stream>");
		while (!events.includes("c2s-closed")) await new Promise(setImmediate);
		expect(events).toEqual([
			"resource-bind true",
			"pre-session-close true",
			"pre-resource-unbind true",
			"resource-unbind false",
			"c2s-closed",
		]);
	});

	it("end when the connection does", async () => {
		const server = await start();
		const client = await login(server, "ada", "desk");
		client.destroy();
		while (server.server.full_sessions.size > 0) await new Promise(setImmediate);
		expect(server.server.bare_sessions.size).toBe(0);
	});

	it("read the answer of an account's deletion", async () => {
		const server = await start();
		const client = await login(server, "ada", "desk");
		server.server.events.fire_event("user-deleted", { username: "ada", host: "localhost" });
		expect(await client.closed()).toContain(
			"<not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Account deleted</text>",
		);
	});

	it("of an account end when its password changes, but not the one that changed it", async () => {
		const server = await start();
		const desk = await login(server, "ada", "desk");
		const phone = await login(server, "ada", "phone");
		server.server.events.fire_event("user-password-changed", { username: "ada", host: "localhost", resource: "desk" });
		expect(await phone.closed()).toContain(
			"<reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Password changed</text>",
		);
		expect(desk.ended).toBe(false);
	});

	it("are told why the server stops", async () => {
		const server = await start();
		const client = await login(server, "ada", "desk");
		const stopped = server.server.stop("Gone fishing");
		expect(await client.closed()).toContain(
			"<system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Gone fishing</text></stream:error></stream:stream>",
		);
		await stopped;
	});
});

describe("conflicts of resources", () => {
	const jid_in = (said: string): string | undefined => /<jid>([^<]+)<\/jid>/.exec(said)?.[1];

	async function login_twice(conflict_resolve: string): Promise<[RawClient, RawClient, TestServer]> {
		const server = await start({ conflict_resolve });
		return [await login(server, "ada", "desk"), await login(server, "ada", "desk"), server];
	}

	it("end the older stream", async () => {
		const [older, newer, server] = await login_twice("kick_old");
		expect(await older.closed()).toContain(
			"<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Replaced by new connection</text>",
		);
		expect(jid_in(newer.said)).toBe("ada@localhost/desk");
		expect(server.server.full_sessions.get("ada@localhost/desk")?.send(st.message({ id: "here" }))).toBe(true);
		await newer.until(() => newer.said.includes("here"));
	});

	it("or refuse the newer one", async () => {
		const [older, newer] = await login_twice("kick_new");
		expect(newer.said).toMatch(/<error type='cancel'><conflict .*<text [^>]*>Resource already exists<\/text>/);
		expect(older.ended).toBe(false);
	});

	it("or number it", async () => {
		const [older, newer, server] = await login_twice("increment");
		const third = await login(server, "ada", "desk");
		expect([older, newer, third].map(({ said }) => jid_in(said))).toEqual([
			"ada@localhost/desk",
			"ada@localhost/desk#1",
			"ada@localhost/desk#2",
		]);
	});

	it("or name it by chance", async () => {
		const [older, newer] = await login_twice("random");
		expect(jid_in(older.said)).toBe("ada@localhost/desk");
		expect(jid_in(newer.said)).toMatch(/^ada@localhost\/[\w-]{12}$/);
	});
});

describe("mistakes in modules", () => {
	it("that handle a stanza are answered, and cost nobody the stream", async () => {
		const server = await start({}, (module) => {
			module.hook("iq-get/host/urn:mistake:query", () => {
				throw new Error("mistake");
			});
		});
		const client = await login(server, "ada", "desk");
		expect(await client.ask("<iq type='get' to='localhost' id='1'><query xmlns='urn:mistake'/></iq>", "</iq>")).toContain(
			"<internal-server-error",
		);
		expect(await client.ask("<iq type='get' to='localhost' id='2'><query xmlns='urn:none'/></iq>", "</iq>")).toContain(
			"<service-unavailable",
		);
	});

	it("that offer features end the stream with an error", async () => {
		const server = await start({}, (module) => {
			module.hook("stream-features", () => {
				throw new Error("mistake");
			});
		});
		const client = await dial(server);
		expect(await client.ask(header())).toContain("<internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>");
	});

	it("that filter stanzas end the stream with an error", async () => {
		const server = await start({}, (module) => {
			module.hook("resource-bind", ({ session }) => {
				session.add_filter("stanzas/in", () => {
					throw new Error("mistake");
				});
			});
		});
		const client = await login(server, "ada", "desk");
		const bystander = await login(server, "bob", "desk");
		expect(await client.ask("<presence/>")).toContain("<internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>");
		expect(bystander.ended).toBe(false);
	});

	it("at the end of a session leave no trace of it", async () => {
		const server = await start({}, (module) => {
			module.hook("resource-unbind", () => {
				throw new Error("mistake");
			});
		});
		const client = await login(server, "ada", "desk");
		client.send("</stream:stream>");
		await client.closed();
		while (server.server.full_sessions.size > 0) await new Promise(setImmediate);
	});
});

describe("one chunk", () => {
	it("may hold everything from the header to the first stanza", async () => {
		const server = await start();
		const client = await dial(server);
		const all = header() + auth_plain("ada") + header() + bind("desk");
		expect(await client.ask(all, "</iq>")).toContain("<jid>ada@localhost/desk</jid>");
	});

	it("counts no further than to the stanza that ends the stream", async () => {
		const seen: string[] = [];
		const server = await start({}, (module) => {
			module.hook("message/bare", ({ stanza }) => {
				seen.push(stanza.attr["id"] ?? "");
				return true;
			});
		});
		const client = await login(server, "ada", "desk");
		await client.ask("<message to='bob@localhost' id='1'/><foo/><message to='bob@localhost' id='2'/>");
		expect(seen).toEqual(["1"]);
	});
});
