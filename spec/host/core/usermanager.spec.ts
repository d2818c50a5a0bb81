import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import type { AuthProvider, ModuleDefinition } from "../../../host/core/types.ts";
import { failed, ok } from "../../../host/util/error.ts";
import { new_sasl } from "../../../host/util/sasl.ts";
import { type AccountsServer, start_accounts } from "../accounts_server.ts";

const host = "example.org";
let running: AccountsServer | undefined;

afterEach(async () => {
	await running?.stop();
	running = undefined;
});

function start(
	options: Record<string, ConfigValue> = {},
	others: Record<string, Record<string, ConfigValue>> = {},
	modules: ModuleDefinition[] = [],
): AccountsServer {
	running = start_accounts({ [host]: options, ...others }, { modules });
	return running;
}

/** Names of the events about accounts that are fired, with their payload. */
function listen({ server }: AccountsServer): unknown[] {
	const heard: unknown[] = [];
	for (const name of [
		"user-password-changed",
		"user-deleted",
		"user-enabled",
		"user-disabled",
		"user-role-changed",
		"user-role-added",
		"user-role-removed",
	] as const) {
		server.events.add_handler(name, (event) => {
			heard.push([name, "role" in event ? { ...event, role: event.role.name } : event]);
		});
	}
	return heard;
}

/** A module that offers a provider which can do almost nothing. */
function simple_auth(name: string, more: Partial<AuthProvider> = {}): ModuleDefinition {
	return {
		name: `auth_${name}`,
		load: (module) =>
			module.provides("auth", {
				name,
				test_password: () => ok(true),
				set_password: () => failed("cannot"),
				user_exists: (username) => username === "user",
				create_user: () => ok(true),
				delete_user: () => failed("cannot"),
				users: () => ["user"],
				get_sasl_handler: () => new_sasl(undefined, {}),
				...more,
			}),
	};
}

describe("the accounts of a host", () => {
	it("are those of the option authentication", async () => {
		expect(start().host().users.name).toBe("internal_hashed");
		for (const name of ["internal_plain", "anonymous"]) {
			await running?.stop();
			expect(start({ authentication: name }).host().users.name).toBe(name);
		}
	});

	it("may come from any module", () => {
		const { host: session, usermanager } = start({ authentication: "own" }, {}, [simple_auth("own")]);
		expect(session().users.name).toBe("own");
		expect(usermanager.users(host)).toEqual(["user"]);
		expect(usermanager.test_password("user", host, "x")).toEqual(ok(true));
	});

	it("are none for a module that cannot be loaded, and for null", async () => {
		const { log, host: session } = start({ authentication: "missing" });
		expect(session().users.name).toBe("null");
		expect(log.join("\n")).toMatch(/error .*auth_missing/);
		await running?.stop();
		expect(start({ authentication: "null" }).host().users.name).toBe("null");
		expect(running?.log.filter((line) => line.startsWith("error"))).toEqual([]);
	});

	it("are guests with the option of old", () => {
		const { host: session, log } = start({ anonymous_login: true });
		expect(session().users.name).toBe("anonymous");
		expect(log.join("\n")).toMatch(/anonymous_login of example\.org is deprecated/);
	});

	it("are gone with their module", () => {
		const { server, host: session, usermanager } = start();
		server.modulemanager.unload(host, "auth_internal_hashed");
		expect(session().users.name).toBe("null");
		expect(usermanager.create_user("user", host, "pencil")).toEqual(failed("method not implemented"));
		server.modulemanager.unload(host, "authz_internal");
		expect(usermanager.get_user_role("user", host)).toBeUndefined();
		expect(usermanager.get_all_roles(host).size).toBe(0);
		expect(usermanager.set_user_role("user", host, "prosody:admin").ok).toBe(false);
		expect(usermanager.get_sasl_handler(host, running?.connect() ?? expect.fail()).mechanisms()).toEqual([]);
	});

	it("do not exist on components, which have rights all the same", () => {
		const { host: session, usermanager } = start({}, { "rooms.example.org": { component_module: "none" } });
		expect(session("rooms.example.org").users.name).toBe("null");
		expect(usermanager.get_jid_role("somebody@example.org", "rooms.example.org")?.name).toBe("prosody:registered");
	});
});

describe("the life of an account", () => {
	it("is told to others", () => {
		const server = start();
		const { usermanager, log } = server;
		const heard = listen(server);
		expect(usermanager.user_exists("user", host)).toBe(false);
		expect(usermanager.create_user("user", host, "pencil")).toEqual(ok(true));
		expect(usermanager.user_exists("user", host)).toBe(true);
		expect(usermanager.users(host)).toEqual(["user"]);
		expect(usermanager.test_password("user", host, "pencil")).toEqual(ok(true));
		expect(usermanager.set_password("user", host, "pen", "phone")).toEqual(ok(true));
		expect(usermanager.test_password("user", host, "pencil").ok).toBe(false);
		expect(usermanager.test_password("user", host, "pen").ok).toBe(true);
		expect(usermanager.get_account_info("user", host)).toMatchObject({ ok: true, value: { enabled: true } });
		expect(usermanager.disable_user("user", host, { reason: "test" })).toEqual(ok(true));
		expect(usermanager.user_is_enabled("user", host)).toEqual(ok(false));
		expect(usermanager.test_password("user", host, "pen")).toEqual(failed("Account disabled."));
		expect(usermanager.enable_user("user", host)).toEqual(ok(true));
		expect(usermanager.user_is_enabled("user", host)).toEqual(ok(true));
		expect(usermanager.delete_user("user", host)).toEqual(ok(true));
		expect(usermanager.user_exists("user", host)).toBe(false);
		const who = { username: "user", host };
		expect(heard).toEqual([
			["user-password-changed", { ...who, resource: "phone" }],
			["user-disabled", { ...who, meta: { reason: "test" } }],
			["user-enabled", who],
			["user-deleted", who],
		]);
		expect(log.filter((line) => line.startsWith("info usermanager"))).toHaveLength(5);
	});

	it("ends with everything that was stored", () => {
		const { usermanager, store } = start();
		usermanager.create_user("user", host, "pencil");
		usermanager.create_user("other", host, "pencil");
		for (const name of ["user", "other"]) store("private").set(name, { a: "b" });
		usermanager.delete_user("user", host);
		expect(store("private").get("user")).toEqual(ok(undefined));
		expect(store("private").get("other")).toEqual(ok({ a: "b" }));
	});

	it("is not changed where nothing could be done", () => {
		const server = start();
		const { usermanager } = server;
		const heard = listen(server);
		expect(usermanager.set_password("nobody", host, "x")).toEqual(failed("Account not available."));
		expect(usermanager.enable_user("nobody", host).ok).toBe(false);
		expect(usermanager.get_account_info("nobody", host).ok).toBe(false);
		expect(usermanager.set_user_role("user", host, "no-such-role").ok).toBe(false);
		expect(heard).toEqual([]);
	});

	it("goes on while somebody is online by that name", () => {
		const { usermanager, host: session } = start();
		session().sessions.set("guest", { sessions: new Map(), top_resources: undefined });
		expect(usermanager.user_exists("guest", host)).toBe(true);
	});

	it("is unknown on hosts that are not served", () => {
		const { usermanager } = start();
		const unknown = failed("unknown-host");
		expect(usermanager.create_user("user", "elsewhere", "x")).toEqual(unknown);
		expect(usermanager.set_password("user", "elsewhere", "x")).toEqual(unknown);
		expect(usermanager.delete_user("user", "elsewhere")).toEqual(unknown);
		expect(usermanager.set_user_role("user", "elsewhere", "prosody:admin")).toEqual(unknown);
		expect(usermanager.users("elsewhere")).toEqual([]);
		expect(usermanager.user_exists("user", "elsewhere")).toBe(false);
		expect(usermanager.get_provider("elsewhere")).toBeUndefined();
		expect(usermanager.get_jid_role("user@elsewhere", "elsewhere")).toBeUndefined();
	});
});

describe("providers that cannot do everything", () => {
	it("have no accounts that are disabled", () => {
		const { usermanager } = start({ authentication: "own" }, {}, [simple_auth("own")]);
		expect(usermanager.user_is_enabled("user", host)).toEqual(ok(true));
		expect(usermanager.disable_user("user", host)).toEqual(failed("method not supported"));
		expect(usermanager.enable_user("user", host)).toEqual(failed("method not supported"));
		expect(usermanager.get_account_info("user", host)).toEqual(failed("method not supported"));
		expect(usermanager.get_password("user", host)).toBeUndefined();
	});

	it("may know the state without being able to change it", async () => {
		const info = (enabled: boolean): Partial<AuthProvider> => ({ get_account_info: () => ok({ enabled }) });
		expect(start({ authentication: "a" }, {}, [simple_auth("a", info(false))]).usermanager.user_is_enabled("user", host)).toEqual(
			ok(false),
		);
		await running?.stop();
		const broken = simple_auth("b", { get_account_info: () => failed("disk") });
		expect(start({ authentication: "b" }, {}, [broken]).usermanager.user_is_enabled("user", host)).toEqual(failed("disk"));
	});

	it("say why a password cannot be changed", () => {
		const { usermanager } = start({ authentication: "own" }, {}, [simple_auth("own")]);
		expect(usermanager.set_password("user", host, "x")).toEqual(failed("cannot"));
		expect(usermanager.delete_user("user", host)).toEqual(failed("cannot"));
	});
});

describe("an account with a role", () => {
	it("can be used once it has both", () => {
		const server = start();
		const { usermanager } = server;
		const heard = listen(server);
		expect(usermanager.create_user_with_role("user", host, "pencil", "prosody:member")).toEqual(ok(true));
		expect(usermanager.get_user_role("user", host)?.name).toBe("prosody:member");
		expect(usermanager.test_password("user", host, "pencil")).toEqual(ok(true));
		expect(heard.map((event) => (Array.isArray(event) ? event[0] : ""))).toEqual([
			"user-role-changed",
			"user-password-changed",
			"user-enabled",
		]);
	});

	it("stays disabled without a password", () => {
		const { usermanager } = start();
		expect(usermanager.create_user_with_role("user", host, undefined, "prosody:member")).toEqual(ok(true));
		expect(usermanager.user_is_enabled("user", host)).toEqual(ok(false));
	});

	it("is not left behind half made", () => {
		const { usermanager } = start();
		expect(usermanager.create_user_with_role("user", host, "pencil", "no-such-role")).toEqual(
			failed("Failed to assign role: unknown role: no-such-role"),
		);
		expect(usermanager.create_user_with_role("user", host, "\u0007", "prosody:member")).toEqual(
			failed("Failed to set password: password fails SASLprep"),
		);
		expect(usermanager.user_exists("user", host)).toBe(false);
	});

	it("does not take the place of another", () => {
		const { usermanager } = start();
		usermanager.create_user("user", host, "pencil");
		expect(usermanager.create_user_with_role("user", host, "other", "prosody:admin")).toEqual(failed("User exists"));
		expect(usermanager.test_password("user", host, "pencil")).toEqual(ok(true));
	});
});

describe("roles", () => {
	it("are told to others when they change", () => {
		const server = start();
		const { usermanager } = server;
		const heard = listen(server);
		const role_name = "prosody:admin";
		expect(usermanager.set_user_role("user", host, "prosody:member").ok).toBe(true);
		expect(usermanager.add_user_secondary_role("user", host, role_name).ok).toBe(true);
		expect(usermanager.user_can_assume_role("user", host, role_name)).toBe(true);
		expect([...usermanager.get_user_secondary_roles("user", host).keys()]).toEqual([role_name]);
		expect(usermanager.get_users_with_role(role_name, host)).toEqual(["user"]);
		expect(usermanager.remove_user_secondary_role("user", host, role_name).ok).toBe(true);
		expect(usermanager.user_can_assume_role("user", host, role_name)).toBe(false);
		const who = { username: "user", host };
		expect(heard).toEqual([
			["user-role-changed", { ...who, role: "prosody:member" }],
			["user-role-added", { ...who, role_name, role: role_name }],
			["user-role-removed", { ...who, role_name }],
		]);
	});

	it("belong to accounts on their host and to JIDs elsewhere", () => {
		const { usermanager } = start({ admins: ["admin@example.org", "admin@elsewhere.example"] });
		const role = (jid: string): string | undefined => usermanager.get_jid_role(jid, host)?.name;
		expect(role("user@example.org/phone")).toBe("prosody:registered");
		expect(role("admin@example.org/phone")).toBe("prosody:admin");
		expect(role("admin@elsewhere.example/phone")).toBe("prosody:admin");
		expect(role("user@elsewhere.example")).toBeUndefined();
		expect(role("example.org")).toBeUndefined();
		expect(usermanager.get_jids_with_role("prosody:admin", host).sort()).toEqual([
			"admin@elsewhere.example",
			"admin@example.org",
		]);
		expect(usermanager.set_jid_role("user@example.org", host, "prosody:admin")).toEqual(failed("unexpected-local-jid"));
		expect(usermanager.set_jid_role("user@elsewhere.example", host, "prosody:admin")).toEqual(failed("not-implemented"));
		expect(usermanager.get_role_by_name("prosody:admin", host)?.name).toBe("prosody:admin");
	});
});

describe("is_admin", () => {
	it("is true for the roles that Prosody 0.12 knew by one name", () => {
		const { usermanager, log } = start({ admins: ["local@example.org"] }, { "*": { admins: ["global@example.org"] } });
		usermanager.set_user_role("stored", host, "prosody:admin");
		for (const name of ["local", "global", "stored"]) expect(usermanager.is_admin(`${name}@example.org`, host)).toBe(true);
		for (const jid of ["user@example.org", "local@elsewhere", "example.org"]) expect(usermanager.is_admin(jid, host)).toBe(false);
		expect(log.filter((line) => line.includes("is_admin"))).toHaveLength(1);
	});

	it("is no more when strict_deprecate_is_admin says so", () => {
		const { usermanager, log } = start({ admins: ["local@example.org"] }, { "*": { strict_deprecate_is_admin: true } });
		expect(usermanager.is_admin("local@example.org", host)).toBe(false);
		expect(log.join("\n")).toMatch(/error .*is_admin/);
	});
});
