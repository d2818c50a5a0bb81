// Logging in by SASL2 over sockets (XEP-0388), with what can be asked for in its course (XEP-0386, XEP-0198, XEP-0280, XEP-0352).

import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import type { ModuleDefinition } from "../../../host/core/types.ts";
import * as st from "../../../host/util/stanza.ts";
import { ask as ask_iq, eventually, start_test_server, type TestServer } from "../../helper.ts";
import { header, RawClient } from "../raw_client.ts";
import { agent, ask, authenticate, bind, client_id, elements, open, plain, sasl2, scram } from "../sasl2_client.ts";

let running: TestServer | undefined;
const clients: RawClient[] = [];

afterEach(async () => {
	for (const client of clients.splice(0)) client.destroy();
	await running?.stop();
	running = undefined;
});

/** A server with the account `user`, whose password is `pencil`. */
async function start(options: Record<string, ConfigValue> = {}, modules: ModuleDefinition[] = []): Promise<TestServer> {
	const names = modules.map(({ name }) => name);
	running = await start_test_server({
		config: {
			"*": { authentication: "internal_hashed", default_iteration_count: 4096, ...options },
			localhost: { defined: true, modules_enabled: names },
		},
		modules,
	});
	expect(running.server.usermanager.create_user("user", "localhost", "pencil").ok).toBe(true);
	return running;
}

/** A stream that says whose it is. */
async function stream(name?: string): Promise<RawClient> {
	const [client] = await open(running?.port ?? 0, name);
	clients.push(client);
	return client;
}

const bind2 = "urn:xmpp:bind:0";
const id_suffix = createHash("sha1").update(client_id).digest().subarray(0, 9).toString("base64");

describe("the features of a stream", () => {
	it("say how to log in, and what can be had on the way", async () => {
		const { port } = await start();
		const [client, said] = await open(port);
		clients.push(client);
		const authentication = elements(said)[0]?.get_child("authentication", sasl2);
		const mechanisms = [...(authentication?.childtags("mechanism") ?? [])].map((one) => one.get_text());
		expect(mechanisms).toEqual(["SCRAM-SHA-1", "PLAIN"]);
		expect(authentication?.get_child("inline", sasl2)?.toString()).toBe(
			"<inline xmlns='urn:xmpp:sasl:2'><bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/>" +
				"<feature var='urn:xmpp:csi:0'/><feature var='urn:xmpp:sm:3'/></inline></bind><fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism>" +
				"</fast><sm xmlns='urn:xmpp:sm:3'/></inline>",
		);
	});

	it("have none of it where nothing can be offered", async () => {
		const { port } = await start({ disable_sasl_mechanisms: ["PLAIN", "SCRAM-SHA-1"] });
		const [client, said] = await open(port);
		clients.push(client);
		expect(said).not.toContain("<authentication");
	});

	it("have it on encrypted streams only, where that is asked for", async () => {
		const { port } = await start({ c2s_require_encryption: true });
		const client = await RawClient.connect(port);
		clients.push(client);
		const said = await client.ask(header() + plain(), "</failure>");
		expect(said).not.toContain("<authentication");
		expect(said).toContain("encryption-required");
	});
});

describe("a login", () => {
	it.each(["PLAIN", "SCRAM-SHA-1"])("with %s goes on without a new stream", async (mechanism) => {
		await start();
		const client = await stream();
		const said = mechanism === "PLAIN" ? await ask(client, plain()) : await scram(client, mechanism);
		const [success, offered] = elements(said);
		expect(success?.get_child_text("authorization-identifier")).toBe("user@localhost");
		expect(offered?.get_child("bind", "urn:ietf:params:xml:ns:xmpp-bind")).toBeDefined();
		const bound = await client.ask(
			"<iq type='set' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>",
			"</iq>",
		);
		expect(bound).toContain("<jid>user@localhost/r</jid>");
	});

	it("may name a host with other letters, and an account that is nobody's", async () => {
		await start();
		const client = await stream("USER");
		expect(await ask(client, plain("", "USER"))).toContain("<authorization-identifier>user@localhost<");
		const other = await stream("nobody");
		expect(await ask(other, plain())).toContain("<authorization-identifier>user@localhost<");
	});

	it("takes names and passwords in any form that means the same", async () => {
		const { server } = await start();
		server.usermanager.create_user("j\u00fcrgen", "localhost", "p\u00e4ssw\u00f6rd \u2168");
		for (const [name, password] of [
			["j\u00fcrgen", "p\u00e4ssw\u00f6rd \u2168"],
			["ju\u0308rgen", "pa\u0308sswo\u0308rd\u00a0IX"],
			["J\u00dcRGEN", "p\u00e4ss\u00adw\u00f6rd IX"],
		] as const) {
			const client = await stream();
			expect(await ask(client, plain("", name, password))).toContain(">j\u00fcrgen@localhost<");
		}
		const client = await stream();
		expect(await ask(client, plain("", "j\u00fcrgen", "\u0007"))).toContain("<malformed-request");
	});

	it("can be tried again on the same stream, after each way of failing", async () => {
		await start();
		const client = await stream();
		const tries: [string, string][] = [
			[plain("", "user", "pen"), "not-authorized"],
			[plain("", "nobody", "pencil"), "not-authorized"],
			[authenticate("X-UNKNOWN", "x"), "invalid-mechanism"],
			[`<authenticate xmlns='${sasl2}'/>`, "invalid-mechanism"],
			[authenticate("PLAIN", undefined), "malformed-request"],
			[authenticate("PLAIN", ""), "malformed-request"],
			[
				`<authenticate xmlns='${sasl2}' mechanism='PLAIN'><initial-response>*</initial-response></authenticate>`,
				"incorrect-encoding",
			],
			[authenticate("SCRAM-SHA-1", "n,,n=user"), "malformed-request"],
			[`<response xmlns='${sasl2}'>AAAA</response>`, "invalid-mechanism"],
			[`<abort xmlns='${sasl2}'/>`, "aborted"],
		];
		for (const [text, condition] of tries) {
			const [failure] = elements(await ask(client, text));
			expect(failure?.name).toBe("failure");
			expect(failure?.get_child(condition, "urn:ietf:params:xml:ns:xmpp-sasl"), `${text}: ${failure}`).toBeDefined();
		}
		expect(await ask(client, plain())).toContain("<success");
	});

	it("can be given up in the middle, and begun anew", async () => {
		await start();
		const client = await stream();
		const first = authenticate("SCRAM-SHA-1", "n,,n=user,r=abc");
		expect(await ask(client, first)).toContain("<challenge");
		expect(await ask(client, `<abort xmlns='${sasl2}'/>`)).toContain("<aborted");
		expect(await ask(client, first)).toContain("<challenge");
		expect(await ask(client, `<response xmlns='${sasl2}'>*</response>`)).toContain("incorrect-encoding");
		expect(await ask(client, first)).toContain("<challenge");
		// Without giving the first one up
		expect(await ask(client, plain())).toContain("<success");
	});

	it("is over after a success: another one ends the stream", async () => {
		await start();
		const client = await stream();
		await ask(client, plain(bind()));
		client.send(plain("", "user", "pencil"));
		expect(await client.closed()).toContain("unsupported-stanza-type");
	});

	it("hears stanzas that come with it at once, in order", async () => {
		await start();
		const client = await stream();
		const ping = "<iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>";
		client.send(`${plain(bind())}\n${ping}`);
		await client.until(() => client.said.includes("id='p1'"));
		const said = client.said.slice(client.said.indexOf("<success"));
		expect(elements(said).map(({ name }) => name)).toEqual(["success", "features", "iq"]);
		expect(said).toContain("<iq to='user@localhost/Spec~");
	});

	it("is refused where a module says so", async () => {
		const picky: ModuleDefinition = {
			name: "picky",
			load: (module) =>
				module.hook("authentication-attempt", (event) => {
					event.allowed = false;
					event.error_condition = "temporary-auth-failure";
					event.error_text = "Not now";
				}),
		};
		await start({}, [picky]);
		const client = await stream();
		const said = await ask(client, plain());
		expect(said).toContain("<temporary-auth-failure");
		expect(said).toContain("<text>Not now</text>");
	});

	it("takes no more than other elements before it", async () => {
		await start();
		const client = await stream();
		client.send(plain(agent("x".repeat(20_000))));
		expect(await client.closed()).toContain("policy-violation");
	});
});

describe("a resource that comes with the login", () => {
	it("has the client's tag, and is the same for the same client", async () => {
		const { server } = await start();
		const [first, second] = [await stream(), await stream()];
		const [success] = elements(await ask(first, plain(agent() + bind())));
		expect(success?.get_child_text("authorization-identifier")).toBe(`user@localhost/Spec~${id_suffix}`);
		expect(success?.get_child("bound", bind2)?.toString()).toBe("<bound xmlns='urn:xmpp:bind:0'/>");
		expect(await ask(second, plain(agent() + bind()))).toContain(`/Spec~${id_suffix}<`);
		expect(await first.closed()).toContain("conflict");
		const session = server.full_sessions.get(`user@localhost/Spec~${id_suffix}`);
		expect([session?.type, session?.client_id]).toEqual(["c2s", client_id]);
	});

	it("is a fresh one without tag, without id, or where the tag cannot be", async () => {
		await start();
		const resource_of = async (inside: string): Promise<string> =>
			/authorization-identifier>user@localhost\/([^<]+)</.exec(await ask(await stream(), plain(inside)))?.[1] ?? "none";
		expect(await resource_of("<bind xmlns='urn:xmpp:bind:0'/>")).toMatch(/^[\w-]{12}$/);
		expect(await resource_of(bind())).toMatch(/^Spec~[\w-]{24}$/);
		expect(await resource_of(bind("", "bad\u0080tag"))).toMatch(/^[\w-]{12}$/);
	});

	it("may be refused, and the login stands", async () => {
		const strict: ModuleDefinition = {
			name: "strict",
			load: (module) => module.hook("pre-resource-bind", () => false),
		};
		await start({}, [strict]);
		const [success, offered] = elements(await ask(await stream(), plain(bind())));
		expect(String(success?.get_child("failed", bind2))).toContain("<error type='cancel'><not-allowed ");
		expect(success?.get_child_text("authorization-identifier")).toBe("user@localhost");
		expect(offered?.get_child("bind", "urn:ietf:params:xml:ns:xmpp-bind")).toBeDefined();
	});

	it("has copies and a state from its first moment on", async () => {
		const { server } = await start();
		const mobile = await stream();
		const inside = "<enable xmlns='urn:xmpp:carbons:2'/><inactive xmlns='urn:xmpp:csi:0'/>";
		const [success] = elements(await ask(mobile, plain(bind(inside))));
		expect(success?.get_child("bound", bind2)?.toString()).toContain("<enabled xmlns='urn:xmpp:carbons:2'/>");
		const [session] = server.hosts.get("localhost")?.sessions.get("user")?.sessions.values() ?? [];
		expect(session).toMatchObject({ want_carbons: "urn:xmpp:carbons:2", state: "inactive" });
	});

	it("offers nothing that no module does, and enables nothing of it", async () => {
		const { port } = await start({ modules_disabled: ["s2s", "carbons", "csi", "csi_simple", "smacks", "sasl2_sm"] });
		const [client, said] = await open(port);
		clients.push(client);
		expect(elements(said)[0]?.toString()).not.toMatch(/carbons|csi|urn:xmpp:sm:3/);
		const inside = "<enable xmlns='urn:xmpp:carbons:2'/><inactive xmlns='urn:xmpp:csi:0'/><enable xmlns='urn:xmpp:sm:3'/>";
		const [success] = elements(await ask(client, plain(bind(inside))));
		expect(success?.get_child("bound", bind2)?.toString()).toBe("<bound xmlns='urn:xmpp:bind:0'/>");
	});
});

describe("stream management that comes with the login", () => {
	const enable = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>";
	const resume = (previd: string, h = "0"): string => `<resume xmlns='urn:xmpp:sm:3' previd='${previd}' h='${h}'/>`;
	const sm = "urn:xmpp:sm:3";

	/** A client whose session can be resumed, and under what name. */
	async function resumable(): Promise<[RawClient, string]> {
		const client = await stream();
		const [success] = elements(await ask(client, plain(agent() + bind(enable))));
		const enabled = success?.get_child("bound", bind2)?.get_child("enabled", sm);
		expect(enabled?.attr).toMatchObject({ resume: "1", max: "600" });
		return [client, enabled?.attr["id"] ?? ""];
	}

	it("counts from the success on", async () => {
		await start();
		const [client] = await resumable();
		client.send("<iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq><r xmlns='urn:xmpp:sm:3'/>");
		await client.until(() => /<a [^>]*h='1'/.test(client.said));
		expect(client.said).toContain("id='p1'");
	});

	it("goes on with an earlier session, and sends what it missed", async () => {
		const { server, client } = await start();
		const [first, id] = await resumable();
		first.send("<presence/>");
		await eventually(() => expect(server.bare_sessions.get("user@localhost")?.top_resources?.length).toBe(1));
		first.destroy();
		const session = server.full_sessions.get(`user@localhost/Spec~${id_suffix}`);
		await eventually(() => expect(session).toMatchObject({ hibernating: expect.any(Number) }));
		server.usermanager.create_user("ada", "localhost", "password");
		const ada = await client("ada");
		ada.send(st.message({ to: "user@localhost", type: "chat", id: "m1" }, "are you there?"));
		await ask_iq(ada, st.iq({ type: "get", id: "q1" }).tag("ping", { xmlns: "urn:xmpp:ping" }).reset());
		const second = await stream();
		const said = await ask(second, plain(agent() + bind() + resume(id)));
		const [success] = elements(said);
		expect(success?.get_child("resumed", sm)?.attr).toMatchObject({ previd: id, h: "1" });
		expect(success?.get_child("bound", bind2)).toBeUndefined();
		expect(success?.get_child_text("authorization-identifier")).toBe(`user@localhost/Spec~${id_suffix}`);
		await second.until(() => second.said.includes("are you there?"));
		expect(server.full_sessions.get(`user@localhost/Spec~${id_suffix}`)).toBe(session);
		second.send("<iq type='get' id='p2'><ping xmlns='urn:xmpp:ping'/></iq>");
		await second.until(() => second.said.includes("id='p2'"));
		expect(second.said).toMatch(/<iq to='user@localhost\/Spec~[^>]*id='p2'/);
	});

	it.each([
		["an unknown name", (): string => resume("nothing"), "item-not-found"],
		["no count", (id: string): string => resume(id, "x"), "bad-request"],
		["a count that is too high", (id: string): string => resume(id, "500"), "undefined-condition"],
	])("that fails for %s leaves room for a new session", async (_why, element, condition) => {
		await start();
		const [first, id] = await resumable();
		const second = await stream();
		const [success] = elements(await ask(second, plain(agent("another") + bind(enable) + element(id))));
		expect(String(success?.get_child("failed", sm))).toContain(`<error type='cancel'><${condition} `);
		expect(success?.get_child("bound", bind2)?.get_child("enabled", sm)).toBeDefined();
		expect(success?.tags.map(({ name }) => name)).toEqual(["failed", "bound", "authorization-identifier"]);
		expect(await first.ask("<r xmlns='urn:xmpp:sm:3'/>", "/>")).toContain("<a ");
	});

	it("takes a session over whose connection is not known to be gone", async () => {
		const { server } = await start();
		const [first, id] = await resumable();
		const second = await stream();
		expect(await ask(second, plain(agent() + resume(id)))).toContain("<resumed");
		await first.until(() => first.ended);
		expect(server.hosts.get("localhost")?.sessions.get("user")?.sessions.size).toBe(1);
	});

	it("is nobody else's", async () => {
		const { server } = await start();
		server.usermanager.create_user("eve", "localhost", "pencil");
		const [, id] = await resumable();
		const eve = await stream("eve");
		const said = await ask(eve, plain(agent() + bind() + resume(id), "eve"));
		expect(said).toContain("item-not-found");
		expect(said).toContain("<authorization-identifier>eve@localhost/");
	});

	it("is left alone by a login that fails, and by the next one on that stream", async () => {
		await start();
		const [, id] = await resumable();
		const second = await stream();
		expect(await ask(second, plain(resume(id) + bind(), "user", "pen"))).toContain("not-authorized");
		const [success] = elements(await ask(second, plain()));
		expect(success?.tags.map(({ name }) => name)).toEqual(["authorization-identifier"]);
	});
});
