import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import type { AuthzProvider } from "../../../host/core/types.ts";
import { failed, ok } from "../../../host/util/error.ts";
import { type AccountsServer, start_accounts } from "../accounts_server.ts";

let running: AccountsServer | undefined;

afterEach(async () => {
	await running?.stop();
	running = undefined;
});

/** The rights of the first host. */
function start(sections: Record<string, Record<string, ConfigValue>>): AuthzProvider {
	running = start_accounts(sections);
	return running.host().authz;
}

const host = (options: Record<string, ConfigValue> = {}): AuthzProvider => start({ "example.org": options });

describe("the default roles", () => {
	it("inherit from each other", () => {
		const authz = host();
		const names = ["prosody:guest", "prosody:registered", "prosody:member", "prosody:admin", "prosody:operator"];
		expect([...authz.get_all_roles().keys()]).toEqual(names);
		for (const [index, name] of names.entries()) {
			expect(authz.get_role_by_name(name)?.inherits.map((role) => role.name)).toEqual(index === 0 ? [] : [names[index - 1]]);
		}
		expect([...authz.get_all_roles().values()].map((role) => role.priority)).toEqual([15, 25, 35, 50, 75]);
		authz.add_default_permission("prosody:member", "x");
		expect(names.map((name) => authz.get_role_by_name(name)?.may("x"))).toEqual([false, false, true, true, true]);
		expect(authz.get_role_by_name("no-such-role")).toBeUndefined();
	});

	it("are those of whoever has no other", async () => {
		expect(host().get_user_role("user")?.name).toBe("prosody:registered");
		await running?.stop();
		expect(host({ authentication: "anonymous" }).get_user_role("user")?.name).toBe("prosody:guest");
		await running?.stop();
		expect(host({ default_user_role: "prosody:member" }).get_user_role("user")?.name).toBe("prosody:member");
		await running?.stop();
		expect(host({ default_user_role: "typo" }).get_user_role("user")).toBeUndefined();
		expect(running?.log.join("\n")).toMatch(/has the role 'typo'/);
	});
});

describe("admins", () => {
	it("are the host's and the server's", () => {
		const authz = start({
			"*": { admins: ["Operator@Example.org", "far@away.example"] },
			"example.org": { admins: ["admin@example.org"] },
		});
		expect(authz.get_user_role("operator")?.name).toBe("prosody:operator");
		expect(authz.get_user_role("admin")?.name).toBe("prosody:admin");
		expect(authz.get_jid_role("far@away.example/phone")?.name).toBe("prosody:operator");
		expect(authz.get_jid_role("other@away.example")).toBeUndefined();
		expect(authz.get_jid_role("@")).toBeUndefined();
		expect(authz.get_users_with_role("prosody:operator")).toEqual(["operator"]);
		expect(authz.get_jids_with_role("prosody:operator").sort()).toEqual(["far@away.example", "operator@example.org"]);
	});

	it("have to be JIDs", () => {
		const authz = start({ "*": { admins: ["me@@you", "me@example.org"] }, "example.org": { admins: ["a b@c"] } });
		expect(authz.get_user_role("me")?.name).toBe("prosody:operator");
		const errors = running?.log.filter((line) => line.startsWith("error") && line.includes("admins"));
		expect(errors).toHaveLength(2);
		expect(errors?.join("\n")).toMatch(/"me@@you": expected a JID/);
	});

	it("may be one, without a table around it", () => {
		expect(start({ "*": { admins: "me@example.org" }, "example.org": {} }).get_user_role("me")?.name).toBe("prosody:operator");
	});
});

describe("stored roles", () => {
	it("are kept as Prosody keeps them", () => {
		const authz = host();
		const stored = (username = "user") => running?.store("account_roles").get(username);
		expect(authz.set_user_role("user", "prosody:member")).toMatchObject({ ok: true, value: { name: "prosody:member" } });
		expect(stored()).toEqual(ok({ _default: "prosody:member" }));
		authz.add_user_secondary_role("user", "prosody:admin");
		expect(stored()).toEqual(ok({ _default: "prosody:member", "prosody:admin": true }));
		expect([...authz.get_user_secondary_roles("user").keys()]).toEqual(["prosody:admin"]);
		expect(authz.user_can_assume_role("user", "prosody:member")).toBe(true);
		expect(authz.user_can_assume_role("user", "prosody:admin")).toBe(true);
		expect(authz.user_can_assume_role("user", "prosody:operator")).toBe(false);
		// What becomes the primary role is no secondary one any more.
		authz.set_user_role("user", "prosody:admin");
		expect(stored()).toEqual(ok({ _default: "prosody:admin" }));
		authz.add_user_secondary_role("user", "prosody:guest");
		authz.remove_user_secondary_role("user", "prosody:guest");
		expect(authz.get_user_secondary_roles("user").size).toBe(0);
		// The default is not written down.
		authz.set_user_role("user", "prosody:registered");
		expect(stored()).toEqual(ok(undefined));
		expect(authz.get_user_role("user")?.name).toBe("prosody:registered");
	});

	it("yield to the configuration", () => {
		const authz = host({ admins: ["admin@example.org"] });
		authz.set_user_role("admin", "prosody:guest");
		expect(authz.get_user_role("admin")?.name).toBe("prosody:admin");
	});

	it("have to exist", () => {
		const authz = host();
		expect(authz.set_user_role("user", "typo")).toEqual(failed("unknown role: typo"));
		expect(authz.add_user_secondary_role("user", "typo")).toEqual(failed("unknown role: typo"));
		running?.store("account_roles").set("old", { _default: "gone", "also-gone": true });
		expect(authz.get_user_role("old")).toBeUndefined();
		expect(authz.get_user_secondary_roles("old").size).toBe(0);
	});

	it("are found by name", () => {
		const authz = host({ admins: ["configured@example.org", "x@elsewhere"] });
		authz.set_user_role("primary", "prosody:admin");
		authz.add_user_secondary_role("secondary", "prosody:admin");
		authz.set_user_role("other", "prosody:member");
		expect(authz.get_users_with_role("prosody:admin").sort()).toEqual(["configured", "primary", "secondary"]);
		expect(authz.get_jids_with_role("prosody:admin").sort()).toEqual([
			"configured@example.org",
			"primary@example.org",
			"secondary@example.org",
			"x@elsewhere",
		]);
		expect(authz.get_users_with_role("prosody:guest")).toEqual([]);
	});
});

describe("visitors of a component", () => {
	const rooms = (options: Record<string, ConfigValue> = {}): AuthzProvider =>
		start({ "rooms.example.org": { component_module: "none", ...options }, "example.org": {}, "other.example": {} });
	const role = (authz: AuthzProvider, jid: string): string | undefined => authz.get_jid_role(jid)?.name;

	it("are judged by where they come from", () => {
		const authz = rooms({ admins: ["admin@elsewhere"] });
		expect(role(authz, "user@example.org/phone")).toBe("prosody:registered");
		expect(role(authz, "user@other.example/phone")).toBe("prosody:guest");
		expect(role(authz, "user@elsewhere/phone")).toBe("prosody:guest");
		expect(role(authz, "admin@elsewhere/phone")).toBe("prosody:admin");
	});

	it("get the roles of the options", async () => {
		const authz = rooms({
			host_user_role: "prosody:member",
			server_user_role: "prosody:registered",
			public_user_role: "prosody:guest",
		});
		expect(role(authz, "user@example.org")).toBe("prosody:member");
		expect(role(authz, "user@other.example")).toBe("prosody:registered");
		expect(role(authz, "user@elsewhere")).toBe("prosody:guest");
		await running?.stop();
		expect(role(rooms({ parent_host: "other.example" }), "user@other.example")).toBe("prosody:registered");
	});
});

describe("roles and permissions of the configuration", () => {
	it("add to the default ones", () => {
		const authz = host({
			custom_roles: [
				{ name: "helper", inherits: ["prosody:registered"], allow: ["a:help"], deny: ["a:shout"], priority: 30 },
				{ name: "boss", inherits: ["helper"], permissions: { "a:shout": true } },
			],
			add_permissions: { "prosody:guest": ["a:look"], nobody: ["x"] },
			remove_permissions: { helper: ["a:look"] },
		});
		const may = (role: string, permission: string): boolean | undefined => authz.get_role_by_name(role)?.may(permission);
		expect([may("helper", "a:help"), may("helper", "a:shout"), may("boss", "a:shout"), may("boss", "a:help")]).toEqual([
			true,
			false,
			true,
			true,
		]);
		expect([may("prosody:registered", "a:look"), may("helper", "a:look")]).toEqual([true, false]);
		expect(authz.get_role_by_name("helper")?.priority).toBe(30);
		expect(running?.log.join("\n")).toMatch(/'add_permissions' names the role 'nobody'/);
	});

	it("say what is wrong with a role", () => {
		const authz = host({
			custom_roles: [
				{ inherits: [] },
				{ name: "prosody:admin" },
				{ name: "lost", inherits: ["nobody"] },
				"text",
				{ name: "fine" },
			],
		});
		expect(authz.get_all_roles().size).toBe(6);
		const errors = running?.log.filter((line) => line.includes("custom role")) ?? [];
		expect(errors).toHaveLength(4);
		expect(errors[1]).toMatch(/custom role 2: there is a role 'prosody:admin' already/);
		expect(errors[2]).toMatch(/inherits from 'nobody'/);
	});

	it("stand against what modules want by default", () => {
		const authz = host({ remove_permissions: { "prosody:admin": ["a:b"] } });
		authz.add_default_permission("prosody:admin", "a:b");
		expect(authz.get_role_by_name("prosody:admin")?.may("a:b")).toBe(false);
		authz.remove_default_permission("prosody:admin", "a:b");
		expect(authz.get_role_by_name("prosody:admin")?.own_policy("a:b")).toBe(false);
	});
});

describe("default permissions", () => {
	it("last until the last module takes its own back", () => {
		const authz = host({ add_permissions: { "prosody:guest": ["kept"] } });
		const role = authz.get_role_by_name("prosody:guest");
		for (const permission of ["x", "x", "kept"]) authz.add_default_permission("prosody:guest", permission);
		authz.remove_default_permission("prosody:guest", "x");
		expect(role?.may("x")).toBe(true);
		authz.remove_default_permission("prosody:guest", "x");
		expect(role?.may("x")).toBe(false);
		for (const permission of ["kept", "x", "never"]) authz.remove_default_permission("prosody:guest", permission);
		expect(role?.may("kept")).toBe(true);
	});

	it("of roles that there are not are only noted", () => {
		const authz = host();
		authz.add_default_permission("typo", "x");
		authz.remove_default_permission("typo", "x");
		expect(running?.log.join("\n")).toMatch(/warn .*unknown role: typo/);
	});
});
