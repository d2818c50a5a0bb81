import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import type { ModuleApi, ModuleDefinition } from "../../../host/core/types.ts";
import { failed } from "../../../host/util/error.ts";
import { ns } from "../../../host/util/ns.ts";
import { create_sasl_client } from "../../../host/util/sasl_client.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import { type AccountsServer, type FakeStream, start_accounts } from "../accounts_server.ts";

const host = "example.org";
let running: AccountsServer | undefined;

afterEach(async () => {
	await running?.stop();
	running = undefined;
});

/** A server with the account "user" and its password "pencil"; `hook` sets up a module on its host. */
function start(options: Record<string, ConfigValue> = {}, hook?: (module: ModuleApi) => void): AccountsServer {
	const extra: ModuleDefinition = { name: "extra", load: (module) => hook?.(module) };
	running = start_accounts(
		{ [host]: { modules_enabled: ["saslauth", "iq", "extra"], default_iteration_count: 4096, ...options } },
		{ modules: [extra] },
	);
	running.usermanager.create_user("user", host, "pencil");
	running.usermanager.create_user("refused", host, "pencil");
	const { sessionmanager } = running.server;
	const { make_authenticated } = sessionmanager;
	sessionmanager.make_authenticated = (session, username, role_name) =>
		username === "refused" ? failed("Invalid username") : make_authenticated(session, username, role_name);
	return running;
}

function element(name: string, data?: string | Buffer, attr: Record<string, string> = {}): Stanza {
	const stanza = st.stanza(name, { xmlns: ns.sasl, ...attr });
	return data === undefined ? stanza : stanza.text(Buffer.from(data).toString("base64") || "=");
}

function auth(mechanism: string, data?: string | Buffer): Stanza {
	return element("auth", data, { mechanism });
}

function failure(condition: string, text?: string): string {
	return `<failure xmlns='${ns.sasl}'><${condition}/>${text === undefined ? "" : `<text>${text}</text>`}</failure>`;
}

const success = `<success xmlns='${ns.sasl}'/>`;
const wrong_plain = failure("not-authorized", "Unable to authorize you with the authentication credentials you&apos;ve sent.");

describe("the mechanisms offered", () => {
	const offered = async (options: Record<string, ConfigValue>, secure: boolean): Promise<string[]> => {
		const features = start(options).connect({ secure }).features();
		await running?.stop();
		return [...features.matchAll(/<mechanism>([^<]+)/g)].map(([, name = ""]) => name);
	};

	it.each<[Record<string, ConfigValue>, boolean, string[]]>([
		[{}, true, ["SCRAM-SHA-1", "PLAIN"]],
		[{}, false, []],
		[{ c2s_require_encryption: false }, false, ["SCRAM-SHA-1"]],
		[{ require_encryption: false }, false, ["SCRAM-SHA-1"]],
		[{ require_encryption: false, c2s_require_encryption: true }, false, []],
		[{ c2s_require_encryption: false, allow_unencrypted_plain_auth: true }, false, ["SCRAM-SHA-1", "PLAIN"]],
		[{ c2s_require_encryption: false, insecure_sasl_mechanisms: ["SCRAM-SHA-1"] }, false, ["PLAIN"]],
		[{ disable_sasl_mechanisms: ["PLAIN"] }, true, ["SCRAM-SHA-1"]],
		[{ disable_sasl_mechanisms: ["PLAIN", "SCRAM-SHA-1"] }, true, []],
		[{ password_hash: "SHA-256" }, true, ["SCRAM-SHA-256", "PLAIN"]],
		[{ authentication: "anonymous" }, true, ["ANONYMOUS"]],
		[{ authentication: "null" }, true, []],
	])("with %j on a stream of security %s are %j", async (options, secure, mechanisms) => {
		expect(await offered(options, secure)).toEqual(mechanisms);
	});

	it("stand in an element of their own", () => {
		expect(start().connect().features()).toBe(
			`<stream:features><mechanisms xmlns='${ns.sasl}'><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism></mechanisms></stream:features>`,
		);
	});

	it.each<[Record<string, ConfigValue>, RegExp]>([
		[{ authentication: "null" }, /no SASL mechanisms: check that mod_auth_null/],
		[{ disable_sasl_mechanisms: ["PLAIN", "SCRAM-SHA-1"] }, /mod_auth_internal_hashed are disabled \(SCRAM-SHA-1, PLAIN\)/],
		[
			{ c2s_require_encryption: false, disable_sasl_mechanisms: ["SCRAM-SHA-1"] },
			/are forbidden on insecure connections \(PLAIN\) or disabled \(SCRAM-SHA-1\)/,
		],
	])("are missed in the log with %j", (options, text) => {
		start(options)
			.connect({ secure: options["c2s_require_encryption"] !== false })
			.features();
		expect(running?.log.filter((line) => line.startsWith("warn")).join("\n")).toMatch(text);
	});
});

describe("logging in", () => {
	it("with PLAIN", () => {
		const heard: unknown[] = [];
		const stream = start({}, (module) => {
			module.hook("authentication-success", ({ session }) => void heard.push([session.username, session.type]));
		}).connect();
		stream.features();
		expect(stream.receive(auth("PLAIN", "\0user\0pencil"))).toEqual(["(reset)", success]);
		expect([stream.type, stream.username, stream.role?.name, stream.sasl_handler]).toEqual([
			"c2s_unbound",
			"user",
			"prosody:registered",
			undefined,
		]);
		expect(heard).toEqual([["user", "c2s_unbound"]]);
	});

	it("with SCRAM, and the server's signature", () => {
		const stream = start().connect();
		const client = create_sasl_client({ username: "user", password: "pencil" }, ["SCRAM-SHA-1"]);
		if (!client.ok) throw new Error(client.error);
		const content = (text = ""): Buffer => Buffer.from(/>([^<]*)</.exec(text)?.[1] ?? "", "base64");
		const [challenge] = stream.receive(auth("SCRAM-SHA-1", client.value.first()));
		expect(challenge).toMatch(/^<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>/);
		const answer = client.value.challenge(content(challenge));
		if (!answer.ok) throw new Error(answer.error);
		const [reset, ended] = stream.receive(element("response", answer.value));
		expect(reset).toBe("(reset)");
		expect(ended).toMatch(/^<success /);
		expect(client.value.success(content(ended))).toEqual({ ok: true, value: true });
		expect(stream.username).toBe("user");
	});

	it("as a guest", () => {
		const stream = start({ authentication: "anonymous" }).connect();
		expect(stream.receive(auth("ANONYMOUS"))).toEqual(["(reset)", success]);
		expect(stream.username).toMatch(/^[a-z0-9_-]{24}$/);
		expect(stream.role?.name).toBe("prosody:guest");
	});

	it("is not done twice", () => {
		const stream = start().connect();
		stream.receive(auth("PLAIN", "\0user\0pencil"));
		expect(stream.receive(auth("PLAIN", "\0user\0pencil"))).toEqual(["(close unsupported-stanza-type)"]);
		expect(stream.receive(element("response", "x"))).toEqual([failure("not-authorized", "Out of order SASL element")]);
	});

	it("is not for the streams of components", () => {
		const server = start_accounts({
			[host]: {},
			"rooms.example.org": { component_module: "none", modules_enabled: ["saslauth"] },
		});
		running = server;
		const stream = server.connect({ host: "rooms.example.org" });
		expect(stream.receive(auth("PLAIN", "\0user\0pencil"))).toEqual(["(close unsupported-stanza-type)"]);
	});
});

describe("a refusal", () => {
	it.each<[string, Stanza, string]>([
		["of a wrong password", auth("PLAIN", "\0user\0pen"), wrong_plain],
		["of an unknown account", auth("PLAIN", "\0nobody\0pencil"), wrong_plain],
		["of nothing at all", auth("PLAIN"), failure("malformed-request")],
		["of an empty message", auth("PLAIN", ""), failure("malformed-request")],
		["of what is no base64", auth("PLAIN").text("***"), failure("incorrect-encoding")],
		["of elements inside", auth("PLAIN").tag("x").up(), failure("incorrect-encoding")],
		["of an unknown mechanism", auth("X-UNKNOWN", "x"), failure("invalid-mechanism")],
		["of no mechanism", element("auth", "x"), failure("invalid-mechanism")],
		["of a disabled mechanism", auth("DIGEST-MD5", "x"), failure("invalid-mechanism")],
		["of a response to nothing", element("response", "x"), failure("not-authorized", "Out of order SASL element")],
		["that the client wanted", element("abort"), failure("aborted")],
		[
			"of a name that no session can have",
			auth("PLAIN", "\0refused\0pencil"),
			failure("not-authorized", "User authenticated successfully, but username was invalid"),
		],
	])("%s leaves the stream as it was", (_what, stanza, answer) => {
		const stream = start().connect();
		expect(stream.receive(stanza)).toEqual([answer]);
		expect([stream.type, stream.username]).toEqual(["c2s_unauthed", undefined]);
		expect(stream.receive(auth("PLAIN", "\0user\0pencil"))).toEqual(["(reset)", success]);
	});

	it("of passwords in the clear comes before they are looked at", async () => {
		const heard: unknown[] = [];
		const stream = start({ c2s_require_encryption: false }, (module) => {
			module.hook("authentication-failure", (event) => void heard.push(event));
		}).connect({ secure: false });
		expect(stream.receive(auth("PLAIN", "\0user\0pencil"))).toEqual([failure("encryption-required")]);
		expect(stream.receive(auth("SCRAM-SHA-1", "n,,n=user,r=abc"))[0]).toMatch(/^<challenge/);
		await running?.stop();
		const strict = start().connect({ secure: false });
		expect(strict.receive(auth("SCRAM-SHA-1", "n,,n=user,r=abc"))).toEqual([failure("encryption-required")]);
		expect(heard).toEqual([]);
	});

	it("is told to modules, which may word it", () => {
		const heard: unknown[] = [];
		const stream = start({}, (module) => {
			module.hook("authentication-failure", (event) => {
				heard.push([event.condition, event.text, event.session.sasl_handler?.username]);
				event.condition = "account-disabled";
				event.text = "Gone";
			});
		}).connect();
		expect(stream.receive(auth("PLAIN", "\0user\0pen"))).toEqual([failure("account-disabled", "Gone")]);
		expect(stream.receive(auth("PLAIN", "x"))).toEqual([failure("account-disabled", "Gone")]);
		expect(heard).toEqual([
			["not-authorized", expect.stringMatching(/^Unable/), "user"],
			["malformed-request", undefined, undefined],
		]);
	});

	it("may come from a module, before anything is tried", () => {
		const stream = start({}, (module) => {
			module.hook("authentication-attempt", (event) => {
				event.allowed = false;
				if (event.stanza.attr["mechanism"] === "PLAIN") {
					event.error_condition = "temporary-auth-failure";
					event.error_text = "Later";
				}
			});
		}).connect();
		expect(stream.receive(auth("PLAIN", "\0user\0pencil"))).toEqual([failure("temporary-auth-failure", "Later")]);
		expect(stream.receive(auth("ANONYMOUS"))).toEqual([failure("not-authorized")]);
	});

	it("may be turned round by nobody, but answers may be changed", () => {
		const stream = start({}, (module) => {
			module.hook("sasl/c2s/success", (event) => {
				event.message = "more";
			});
			module.hook("sasl/c2s/failure", (event) => {
				event.message = "credentials-expired";
				event.error_text = undefined;
			});
		}).connect();
		expect(stream.receive(auth("PLAIN", "\0user\0pen"))).toEqual([failure("credentials-expired")]);
		expect(stream.receive(auth("PLAIN", "\0user\0pencil"))).toEqual([
			"(reset)",
			`<success xmlns='${ns.sasl}'>bW9yZQ==</success>`,
		]);
	});

	it("is the answer when the stream was closed meanwhile", () => {
		const stream = start({}, (module) => {
			module.provides("auth", {
				...(running?.host().users ?? module.host_session().users),
				name: "internal_hashed",
				get_sasl_handler: (session) => ({
					selected: "PLAIN",
					username: undefined,
					mechanisms: () => ["PLAIN"],
					select: () => true,
					process() {
						session.sasl_handler = undefined;
						return { status: "success", username: "user" };
					},
					clean_clone: () => expect.fail(),
				}),
			});
		}).connect();
		expect(stream.receive(auth("PLAIN", "x"))).toEqual([failure("temporary-auth-failure", "Connection gone")]);
		expect(stream.username).toBeUndefined();
	});
});

describe("a negotiation", () => {
	it("may be given up for another", () => {
		const stream = start().connect();
		expect(stream.receive(auth("SCRAM-SHA-1", "n,,n=user,r=abc"))[0]).toMatch(/^<challenge/);
		expect(stream.receive(auth("PLAIN", "\0user\0pencil"))).toEqual(["(reset)", success]);
	});

	it("ends with an abort", () => {
		const stream = start().connect();
		stream.receive(auth("SCRAM-SHA-1", "n,,n=user,r=abc"));
		expect(stream.receive(element("abort"))).toEqual([failure("aborted")]);
		expect(stream.receive(element("response", "c=biws,r=x,p=x"))).toEqual([
			failure("not-authorized", "Out of order SASL element"),
		]);
	});

	it("is over after a failure", () => {
		const stream = start().connect();
		stream.receive(auth("SCRAM-SHA-1", "n,,n=user,r=abc"));
		expect(stream.receive(element("response", "x"))[0]).toMatch(/malformed-request/);
		expect(stream.receive(element("response", "x"))).toEqual([failure("not-authorized", "Out of order SASL element")]);
	});

	it("begins anew after every failure, as often as one likes", () => {
		const stream = start().connect();
		for (let tries = 0; tries < 10; tries++) expect(stream.receive(auth("PLAIN", "\0user\0pen"))).toEqual([wrong_plain]);
		expect(stream.receive(auth("PLAIN", "\0user\0pencil"))).toEqual(["(reset)", success]);
	});
});

describe("the resource", () => {
	const bind = (resource?: string, type = "set"): Stanza => {
		const stanza = st.iq({ id: "b1", type }).tag("bind", { xmlns: ns.bind });
		if (resource !== undefined) stanza.tag("resource", { xmlns: ns.bind }).text(resource).up();
		return stanza.up();
	};
	const logged_in = (): FakeStream => {
		const stream = start().connect();
		stream.receive(auth("PLAIN", "\0user\0pencil"));
		return stream;
	};
	const bound = (resource: string): string =>
		`<iq id='b1' type='result'><bind xmlns='${ns.bind}'><jid>user@example.org/${resource}</jid></bind></iq>`;

	it("is a feature until there is one", () => {
		const stream = logged_in();
		expect(stream.features()).toBe(
			`<stream:features><bind xmlns='${ns.bind}'><required/></bind><session xmlns='${ns.session}'><optional/></session></stream:features>`,
		);
		stream.receive(bind("phone"));
		expect(stream.features()).toBe("<stream:features/>");
	});

	it("is the one that was asked for", () => {
		const stream = logged_in();
		expect(stream.receive(bind("phone"))).toEqual([bound("phone")]);
		expect([stream.type, stream.full_jid]).toEqual(["c2s", "user@example.org/phone"]);
	});

	it.each([
		["nothing was asked for", undefined, "set"],
		["it is empty", "", "set"],
		["the client only looked", "phone", "get"],
	])("is another when %s", (_when, resource, type) => {
		expect(logged_in().receive(bind(resource, type))).toEqual([
			expect.stringMatching(/<jid>user@example.org\/[\w-]{12}<\/jid><\/bind><\/iq>$/),
		]);
	});

	it("is not given before login", () => {
		expect(start().connect().receive(bind("phone"))).toEqual([
			`<iq id='b1' type='error'><error type='auth'><not-authorized xmlns='${ns.stanzas}'/><text xmlns='${ns.stanzas}'>Cannot bind resource before authentication</text></error></iq>`,
		]);
	});

	it("may be refused", () => {
		const stream = logged_in();
		stream.resource = "taken";
		expect(stream.receive(bind("phone"))).toEqual([
			`<iq id='b1' type='error'><error type='cancel'><not-allowed xmlns='${ns.stanzas}'/><text xmlns='${ns.stanzas}'>Cannot bind multiple resources on a single connection</text></error></iq>`,
		]);
	});

	it("comes with a session for clients of old", () => {
		const stream = start().login("user", "phone");
		for (const to of [undefined, host]) {
			const stanza = st.iq({ id: "s1", type: "set", to }).tag("session", { xmlns: ns.session });
			expect(stream.receive(stanza).join("")).toMatch(/^<iq .*type='result'\/>$/);
		}
	});
});
