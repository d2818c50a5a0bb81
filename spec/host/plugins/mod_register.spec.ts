import { afterEach, describe, expect, it, vi } from "vitest";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import type { ModuleApi, ModuleDefinition } from "../../../host/core/types.ts";
import { failed, ok } from "../../../host/util/error.ts";
import { ns } from "../../../host/util/ns.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import { Waiting } from "../../../host/util/waiting.ts";
import { type AccountsServer, type FakeStream, start_accounts } from "../accounts_server.ts";

const host = "example.org";
let running: AccountsServer | undefined;

afterEach(async () => {
	await running?.stop();
	running = undefined;
	vi.useRealTimers();
});

function start(options: Record<string, ConfigValue> = {}, hook?: (module: ModuleApi) => void): AccountsServer {
	const extra: ModuleDefinition = { name: "extra", load: (module) => hook?.(module) };
	running = start_accounts(
		{ [host]: { modules_enabled: ["saslauth", "iq", "register", "extra"], default_iteration_count: 4096, ...options } },
		{ modules: [extra] },
	);
	running.usermanager.create_user("user", host, "pencil");
	return running;
}

/** An IQ with a register query of these elements; undefined values are elements without text. */
function query(type: "get" | "set", fields: Record<string, string | undefined> = {}, to?: string): Stanza {
	const stanza = st.iq({ id: "r1", type, to }).query(ns.register);
	// Elements of a parsed query carry its namespace.
	for (const [name, text] of Object.entries(fields)) stanza.text_tag(name, text, { xmlns: ns.register });
	return stanza;
}

function error(type: string, condition: string, text?: string): string {
	const words = text === undefined ? "" : `<text xmlns='${ns.stanzas}'>${text}</text>`;
	return `<error type='${type}'><${condition} xmlns='${ns.stanzas}'/>${words}</error>`;
}

/** The content of the only answer to what a stream sent. */
function answer(stream: FakeStream, stanza: Stanza): string {
	const seen = stream.receive(stanza);
	expect(seen).toHaveLength(1);
	return (seen[0] ?? "").replace(/^<iq [^>]*type='(result|error)'[^>]*?\/?>/, "").replace(/<\/iq>$/, "");
}

describe("one's own account", () => {
	it("is there to be seen", async () => {
		for (const to of [undefined, host]) {
			expect(answer(start().login("user", "phone"), query("get", {}, to))).toBe(
				`<query xmlns='${ns.register}'><registered/><username>user</username><password/></query>`,
			);
			await running?.stop();
		}
	});

	it("can get another password", () => {
		const { usermanager, login, server } = start();
		const stream = login("user", "phone");
		const heard: unknown[] = [];
		server.events.add_handler("user-password-changed", (event) => void heard.push(event));
		expect(answer(stream, query("set", { username: "USER", password: "pen" }))).toBe("");
		expect(usermanager.test_password("user", host, "pen")).toEqual(ok(true));
		expect(heard).toEqual([{ username: "user", host, resource: "phone" }]);
	});

	it.each<[Record<string, string | undefined>, string]>([
		[{ username: "other", password: "x" }, error("modify", "bad-request")],
		[{ username: "user" }, error("modify", "bad-request")],
		[{ password: "x" }, error("modify", "bad-request")],
		[{}, error("modify", "bad-request")],
		[{ username: "user", password: "\u00ad\u0080" }, error("wait", "internal-server-error")],
		[{ username: "user", password: undefined }, error("wait", "internal-server-error")],
	])("is not changed by %j", (fields, expected) => {
		const { login, usermanager } = start();
		expect(answer(login("user", "phone"), query("set", fields))).toBe(expected);
		expect(usermanager.test_password("user", host, "pencil")).toEqual(ok(true));
	});

	it("is not to be changed by others or before login", async () => {
		const { connect, usermanager, server } = start();
		expect(connect().receive(query("set", { remove: undefined }))[0]).toMatch(/service-unavailable/);
		const other = start_accounts({ "other.example": {} });
		const stranger = other.login("user", "phone");
		// As if it had come through its own host.
		stranger.host = "other.example";
		server.router.process_stanza(stranger, query("set", { remove: undefined }, host));
		expect(usermanager.user_exists("user", host)).toBe(true);
		await other.stop();
	});

	it("may only be asked for by itself without registration_compat", () => {
		const stream = start({ registration_compat: false }).login("user", "phone");
		expect(answer(stream, query("get", {}, host))).toBe(error("cancel", "service-unavailable"));
		expect(answer(stream, query("get"))).toMatch(/<registered\/>/);
	});

	it("is announced as a feature", () => {
		expect(start().server.modulemanager.get_items(host, "feature")).toContain(ns.register);
	});
});

describe("removing one's account", () => {
	it("is answered before the stream is closed", () => {
		const heard: unknown[] = [];
		const { login, usermanager, server } = start({}, (module) => {
			module.hook("user-deregistered", ({ username, source, session }) => void heard.push([username, source, session?.resource]));
			// What mod_c2s does.
			module.hook_global("user-deleted", () => stream.close({ condition: "not-authorized" }), 200);
		});
		const stream = login("user", "phone");
		expect(server.full_sessions.size).toBe(1);
		expect(stream.receive(query("set", { remove: undefined }))).toEqual([
			"<iq to='user@example.org/phone' id='r1' type='result'/>",
			"(close not-authorized)",
		]);
		server.sessionmanager.destroy_session(stream);
		expect(usermanager.user_exists("user", host)).toBe(false);
		expect(heard).toEqual([["user", "mod_register", "phone"]]);
	});

	it("fails where accounts cannot be removed", () => {
		const { login, host: session, usermanager } = start();
		session().users = { ...session().users, delete_user: () => failed("not today") };
		expect(answer(login("user", "phone"), query("set", { remove: undefined }))).toBe(
			error("cancel", "service-unavailable", "not today"),
		);
		expect(usermanager.user_exists("user", host)).toBe(true);
	});
});

describe("with a grace period", () => {
	const grace = { registration_delete_grace_period: "2 days" };
	const sasl_failure = (stream: FakeStream): string =>
		stream
			.receive(st.stanza("auth", { xmlns: ns.sasl, mechanism: "PLAIN" }).text(Buffer.from("\0user\0pencil").toString("base64")))
			.join("");

	function remove(options: Record<string, ConfigValue> = grace): { server: AccountsServer; heard: string[] } {
		const heard: string[] = [];
		const server = start(options, (module) => {
			module.hook("user-deregistered-pending", ({ username }) => void heard.push(`pending ${username}`));
			module.hook("user-deregistered", ({ username }) => void heard.push(`gone ${username}`));
		});
		expect(answer(server.login("user", "phone"), query("set", { remove: undefined }))).toBe("");
		return { server, heard };
	}

	it("accounts are disabled first", () => {
		const { server, heard } = remove();
		expect(server.usermanager.user_is_enabled("user", host)).toEqual(ok(false));
		expect(heard).toEqual(["pending user"]);
		const status = server.store("accounts_cleanup").get("user");
		const { deleted_at, pending_until } = (status.ok && status.value) || {};
		expect(Number(pending_until) - Number(deleted_at)).toBe(2 * 24 * 60 * 60);
		expect(sasl_failure(server.connect())).toMatch(/<account-disabled\/><text>Account deleted<\/text>/);
	});

	it("an account may be had back", () => {
		const { server } = remove();
		const account_management = server.server.modulemanager.get_module(host, "user_account_management")?.exports;
		if (typeof account_management !== "object" || account_management === null || !("restore_account" in account_management)) {
			return expect.fail("no exports");
		}
		const { restore_account } = account_management;
		if (typeof restore_account !== "function") return expect.fail("no function");
		expect(restore_account("user")).toEqual(ok("Account restored"));
		expect(restore_account("user")).toEqual(failed("Account not pending deletion"));
		expect(server.store("accounts_cleanup").get("user")).toEqual(ok(undefined));
		expect(sasl_failure(server.connect())).toMatch(/<success/);
	});

	it("accounts go when it is over", () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
		const { server, heard } = remove();
		// What mod_c2s does
		for (const stream of server.server.full_sessions.values()) server.server.sessionmanager.destroy_session(stream);
		const hour = 60 * 60 * 1000;
		vi.advanceTimersByTime(25 * hour);
		expect(server.usermanager.user_exists("user", host)).toBe(true);
		vi.advanceTimersByTime(48 * hour);
		expect(server.usermanager.user_exists("user", host)).toBe(false);
		expect(server.store("accounts_cleanup").get("user")).toEqual(ok(undefined));
		expect(heard).toEqual(["pending user", "gone user"]);
	});

	it("accounts stay that somebody enabled without telling", () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
		const { server } = remove();
		server.host().users.enable?.("user");
		vi.advanceTimersByTime(100 * 60 * 60 * 1000);
		expect(server.usermanager.user_exists("user", host)).toBe(true);
		expect(server.store("accounts_cleanup").get("user")).toEqual(ok(undefined));
		server.usermanager.disable_user("user", host);
		vi.advanceTimersByTime(100 * 60 * 60 * 1000);
		expect(server.usermanager.user_exists("user", host)).toBe(true);
	});

	it("a period that cannot be understood deletes nothing at once", () => {
		const { server } = remove({ registration_delete_grace_period: "soon" });
		expect(server.usermanager.user_is_enabled("user", host)).toEqual(ok(false));
	});

	it("accounts stay that cannot be disabled", () => {
		const { login, usermanager } = start({ ...grace, authentication: "internal_plain" });
		expect(answer(login("user", "phone"), query("set", { remove: undefined }))).toBe(
			error("cancel", "service-unavailable", "method not supported"),
		);
		expect(usermanager.user_exists("user", host)).toBe(true);
	});
});

describe("registration in-band", () => {
	const open = { allow_registration: true };
	const wanted = { username: "new", password: "secret" };

	it("is not there unless it is allowed", () => {
		const { connect, server } = start();
		const stream = connect();
		expect(stream.features()).not.toContain("iq-register");
		expect(answer(stream, query("get"))).toBe(error("cancel", "service-unavailable"));
		expect(server.modulemanager.is_loaded(host, "register_ibr")).toBe(false);
	});

	it("shows what is to be filled in", () => {
		const stream = start({ ...open, additional_registration_fields: ["email", "nick+", "shoe-size"] }).connect();
		expect(stream.features()).toContain("<register xmlns='http://jabber.org/features/iq-register'/>");
		const form = answer(stream, query("get"));
		expect(form).toMatch(
			/^<query xmlns='jabber:iq:register'><instructions>Choose a username and password for use with this service\.<\/instructions><username\/><password\/><email\/><nick\/><x xmlns='jabber:x:data' type='form'>/,
		);
		expect(form).toContain("<title>Creating a new account</title>");
		expect(form).toMatch(/<field (?=[^>]*var='nick')[^>]*><required\/>/);
		expect(running?.log.join("\n")).toMatch(/'additional_registration_fields' holds "shoe-size": expected nick, name/);
		expect(answer(stream, query("get"))).toBe(form);
	});

	it("makes accounts", () => {
		const heard: unknown[] = [];
		const { connect, usermanager, store } = start({ ...open, additional_registration_fields: ["email"] }, (module) => {
			module.hook("user-registered", ({ username, source, session }) => void heard.push([username, source, session?.ip]));
		});
		expect(answer(connect(), query("set", { ...wanted, username: "New", email: "n@x", city: "Y" }))).toBe("");
		expect(usermanager.test_password("new", host, "secret")).toEqual(ok(true));
		expect(usermanager.get_user_role("new", host)?.name).toBe("prosody:registered");
		expect(store("account_details").get("new")).toEqual(ok({ email: "n@x", registered: expect.any(Number) }));
		expect(heard).toEqual([["new", "mod_register", "192.0.2.1"]]);
	});

	it("leaves nothing behind where it cannot be finished", () => {
		const { connect, usermanager } = start(open, (module) => {
			module.hook("store-opened", (event) => {
				const { store } = event;
				if (event.store_name !== "account_details" || !("get_table" in store)) return;
				event.store = { ...store, set: () => failed({ text: "disk full" }) };
			});
			module.server.modulemanager.reload(host, "register_ibr");
		});
		expect(answer(connect(), query("set", wanted))).toBe(error("wait", "internal-server-error", "Failed to write data to disk."));
		expect(usermanager.users(host)).toEqual(["user"]);
	});

	it.each([true, false])("tells who had to wait that nothing of it was stored, where it is allowed: %s", (allowed) => {
		let go_on = (): void => {};
		const { connect, server } = start({ ...open, authentication: "internal_plain" }, (module) => {
			module.hook("user-registering", (event) => {
				event.allowed = allowed;
				return new Waiting<undefined>((settle) => {
					go_on = () => settle(ok(undefined));
				});
			});
		});
		const stream = connect();
		expect(stream.receive(query("set", wanted))).toEqual([]);
		server.turn.end();
		go_on();
		server.turn.fail(new Error("the disk is full"));
		stream.take();
		server.turn.end();
		expect(stream.take().join()).toContain("This could not be stored");
	});

	it("takes forms, too", () => {
		const { connect, usermanager } = start(open);
		const submit = (values: Record<string, string>): Stanza => {
			const stanza = st.iq({ id: "r1", type: "set" }).query(ns.register).tag("x", { xmlns: ns.data, type: "submit" });
			for (const [name, value] of Object.entries({ FORM_TYPE: ns.register, ...values })) {
				stanza.tag("field", { xmlns: ns.data, var: name }).text_tag("value", value, { xmlns: ns.data }).up();
			}
			return stanza;
		};
		expect(answer(connect(), submit({ username: "new" }))).toMatch(/not-acceptable.*Password: Required value missing/);
		expect(answer(connect(), submit(wanted))).toBe("");
		expect(usermanager.test_password("new", host, "secret")).toEqual(ok(true));
	});

	it.each<[Record<string, string | undefined>, string]>([
		[{}, error("modify", "not-acceptable", "Username: Required value missing\nPassword: Required value missing")],
		[{ username: "new", password: "" }, error("modify", "not-acceptable", "Password: Required value missing")],
		[{ ...wanted, username: "n w" }, error("modify", "not-acceptable", "The requested username is invalid.")],
		[{ ...wanted, username: "\u00ad" }, error("modify", "not-acceptable", "The requested username is invalid.")],
		[{ ...wanted, username: "user" }, error("cancel", "conflict", "The requested username already exists.")],
		[
			{ ...wanted, password: "\u0080" },
			error("cancel", "feature-not-implemented", "Failed to set password: password fails SASLprep"),
		],
		[{ remove: undefined }, error("auth", "registration-required")],
	])("refuses %j", (fields, expected) => {
		const { connect, usermanager } = start(open);
		expect(answer(connect(), query("set", fields))).toBe(expected);
		expect(usermanager.users(host)).toEqual(["user"]);
	});

	it("is for secure streams, unless told otherwise", async () => {
		const stream = start(open).connect({ secure: false });
		expect(stream.features()).not.toContain("iq-register");
		expect(answer(stream, query("get"))).toBe(error("modify", "policy-violation", "Encryption is required"));
		await running?.stop();
		const insecure = start({ ...open, c2s_require_encryption: false }).connect({ secure: false });
		expect(insecure.features()).toContain("iq-register");
		expect(answer(insecure, query("set", wanted))).toBe("");
	});

	it("is over after login", () => {
		const stream = start(open).connect();
		stream.receive(
			st.stanza("auth", { xmlns: ns.sasl, mechanism: "PLAIN" }).text(Buffer.from("\0user\0pencil").toString("base64")),
		);
		expect(answer(stream, query("set", wanted))).toBe(error("cancel", "service-unavailable"));
	});

	it("may be refused by modules, of either age", () => {
		let refuse: (event: Parameters<Parameters<ModuleApi["hook"]>[1]>[0] & object) => void = () => undefined;
		const { connect } = start(open, (module) => module.hook("user-registering", (event) => refuse(event)));
		refuse = (event) => Object.assign(event, { allowed: false });
		expect(answer(connect(), query("set", wanted))).toBe(error("modify", "not-acceptable"));
		refuse = (event) => Object.assign(event, { allowed: false, error: { type: "auth", condition: "forbidden", text: "No" } });
		expect(answer(connect(), query("set", wanted))).toBe(error("auth", "forbidden", "No"));
		refuse = (event) =>
			Object.assign(event, { allowed: false, error_type: "wait", error_condition: "resource-constraint", reason: "Full" });
		expect(answer(connect(), query("set", wanted))).toBe(error("wait", "resource-constraint", "Full"));
	});

	it("may reset a password or give a role, where a module says so", () => {
		const heard: string[] = [];
		const { connect, usermanager } = start(open, (module) => {
			module.hook("user-registering", (event) => {
				event.allow_reset = "user";
				event.role = "prosody:member";
			});
			module.hook("user-password-reset", ({ username }) => void heard.push(username));
		});
		expect(answer(connect(), query("set", { username: "user", password: "other" }))).toBe("");
		expect(usermanager.test_password("user", host, "other")).toEqual(ok(true));
		expect(heard).toEqual(["user"]);
		answer(connect(), query("set", wanted));
		expect(usermanager.get_user_role("new", host)?.name).toBe("prosody:member");
	});

	it("tells the admins", () => {
		const sent: string[] = [];
		const { connect } = start({ ...open, admins: ["admin@example.org", "not a jid@"] }, (module) => {
			module.hook("message/bare", ({ stanza }) => sent.push(stanza.toString()) > 0);
		});
		connect({ ip: "192.0.2.9" }).receive(query("set", wanted));
		expect(sent).toEqual([
			"<message type='chat' from='example.org' to='admin@example.org'><body>User new just registered on example.org from 192.0.2.9</body></message>",
		]);
	});
});

describe("the limits of registration", () => {
	/** What becomes of tries from these addresses, one account each. */
	function tries(options: Record<string, ConfigValue>, ips: string[], between = (): void => {}): string[] {
		const { connect } = start({ allow_registration: true, ...options });
		return ips.map((ip, index) => {
			if (index > 0) between();
			const answered = answer(connect({ ip }), query("set", { username: `new${index}`, password: "x" }));
			return /<text[^>]*>([^<]*)/.exec(answered)?.[1] ?? "made";
		});
	}
	const blocked = "Your IP address is blocklisted";
	const not_allowed = "Your IP address is not allowlisted";
	const too_many = "Too many registrations from this IP address recently";

	it.each<[Record<string, ConfigValue>, [string, string][]]>([
		[
			{},
			[
				["192.0.2.1", "made"],
				["2001:db8::1", "made"],
			],
		],
		[
			{ registration_blocklist: ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"] },
			[
				["192.0.2.200", blocked],
				["192.0.3.1", "made"],
				["2001:db8:1::1", blocked],
				["198.51.100.7", blocked],
				["198.51.100.8", "made"],
			],
		],
		[
			{ registration_blacklist: ["192.0.2.1"] },
			[
				["192.0.2.1", blocked],
				["192.0.2.2", "made"],
			],
		],
		[
			{ allowlist_registration_only: true, registration_allowlist: ["192.0.2.0/28"] },
			[
				["192.0.2.1", "made"],
				["192.0.2.16", not_allowed],
				["127.0.0.1", not_allowed],
			],
		],
		[
			{ whitelist_registration_only: true },
			[
				["192.0.2.1", not_allowed],
				["127.0.0.1", "made"],
				["::1", "made"],
			],
		],
		[
			{ min_seconds_between_registrations: 3600 },
			[
				["192.0.2.1", "made"],
				["192.0.2.1", too_many],
				["192.0.2.2", "made"],
				["127.0.0.1", "made"],
				["127.0.0.1", "made"],
			],
		],
		[
			{ registration_throttle_max: 2, registration_throttle_period: 3600 },
			[
				["192.0.2.1", "made"],
				["192.0.2.1", "made"],
				["192.0.2.1", too_many],
			],
		],
		[
			{ registration_throttle_max: 1 },
			[
				["192.0.2.1", "made"],
				["192.0.2.1", too_many],
			],
		],
		[
			{
				min_seconds_between_registrations: 3600,
				registration_throttle_cache_size: 1,
				blocklist_on_registration_throttle_overload: true,
			},
			[
				["192.0.2.1", "made"],
				["192.0.2.2", "made"],
				["192.0.2.1", blocked],
			],
		],
	])("with %j", (options, expected) => {
		expect(
			tries(
				options,
				expected.map(([ip]) => ip),
			),
		).toEqual(expected.map(([, result]) => result));
	});

	it("have to be addresses", () => {
		expect(tries({ registration_blocklist: ["192.0.2.1", "everybody", "10.0.0.0/99", "10.0.0.0/x"] }, ["192.0.2.1"])).toEqual([
			blocked,
		]);
		expect(running?.log.filter((line) => line.includes("registration_blocklist"))).toHaveLength(3);
	});

	it("count what another node of a cluster has counted", () => {
		const told = { name: "register-limits-counted", fields: { ip: "192.0.2.1" } };
		const tell = (): void => void running?.server.hosts.get(host)?.events.fire_event("cluster-told", told);
		const results = tries({ registration_throttle_max: 2 }, ["192.0.2.1", "192.0.2.1", "192.0.2.2"], tell);
		expect(results).toEqual(["made", too_many, "made"]);
	});

	it("do not hold where there is no address", () => {
		expect(tries({ allowlist_registration_only: true }, ["a pipe"])).toEqual(["made"]);
		expect(running?.log.join("\n")).toMatch(/IP not known/);
	});
});
