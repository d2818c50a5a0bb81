import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import type { AuthProvider, ModuleDefinition, StoreTable } from "../../../host/core/types.ts";
import { failed, ok } from "../../../host/util/error.ts";
import type { SaslStep } from "../../../host/util/sasl.ts";
import { create_sasl_client } from "../../../host/util/sasl_client.ts";
import * as st from "../../../host/util/stanza.ts";
import { type AccountsServer, start_accounts } from "../accounts_server.ts";

const host = "example.org";
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
let running: AccountsServer | undefined;

afterEach(async () => {
	await running?.stop();
	running = undefined;
});

function start(options: Record<string, ConfigValue> = {}, modules: ModuleDefinition[] = []): AuthProvider {
	running = start_accounts({ [host]: options }, { modules });
	return running.host().users;
}

function stored(username: string): StoreTable | undefined {
	const account = running?.store("accounts").get(username);
	return account?.ok ? account.value : undefined;
}

function store(username: string, account: StoreTable): void {
	running?.store("accounts").set(username, account);
}

/** Logs in with one mechanism; `challenge` is what the server sent first. */
function log_in(
	provider: AuthProvider,
	mechanism: string,
	username: string,
	password: string,
): { step: SaslStep; challenge: string | undefined } {
	const handler = provider.get_sasl_handler(running?.connect() ?? expect.fail());
	const client = create_sasl_client({ username, password }, [mechanism], { nonce: "abc" });
	if (!client.ok) throw new Error(client.error);
	expect(handler.select(mechanism)).toBe(true);
	let step = handler.process(client.value.first());
	const challenge = step.status === "challenge" ? step.data.toString().replace(/^r=abc[^,]*/, "r=abc…") : undefined;
	if (step.status === "challenge") {
		const answer = client.value.challenge(step.data);
		if (!answer.ok) throw new Error(answer.error);
		step = handler.process(answer.value);
		if (step.status === "success") expect(client.value.success(step.data)).toEqual(ok(true));
	}
	return { step, challenge };
}

/** A storage driver whose accounts cannot be read. */
const broken_storage: ModuleDefinition = {
	name: "storage_broken",
	load(module) {
		const refused = failed({ text: "disk on fire" });
		module.provides("storage", {
			name: "broken",
			open: (_store, kind) => {
				const stores = module.server.open_store(module.host, "unused", kind);
				return stores;
			},
			purge: () => refused,
		});
		module.hook("store-opened", (event) => {
			const { store: opened } = event;
			if (event.store_name === "accounts" && "get_table" in opened) {
				event.store = { ...opened, get: () => refused, set: () => ok(undefined), users: () => refused };
			}
		});
	},
};

describe("internal_hashed", () => {
	it.each([
		["SHA-1", 40, ["SCRAM-SHA-1", "PLAIN"]],
		["SHA-256", 64, ["SCRAM-SHA-256", "PLAIN"]],
		["SHA-512", 64, ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]],
	])("keeps keys made with %s", (password_hash, digits, mechanisms) => {
		const provider = start({ password_hash });
		expect(provider.create_user("user", "pencil")).toEqual(ok(true));
		const account = stored("user");
		expect(account).toEqual({
			stored_key: expect.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`)),
			server_key: expect.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`)),
			salt: expect.stringMatching(uuid),
			iteration_count: 10_000,
			created: expect.any(Number),
			updated: expect.any(Number),
			...(password_hash === "SHA-512" ? { scram_sha_512: expect.objectContaining({ beside: account?.["stored_key"] }) } : {}),
		});
		expect(provider.test_password("user", "pencil")).toEqual(ok(true));
		for (const wrong of ["Pencil", "", "\u0007"]) expect(provider.test_password("user", wrong).ok).toBe(false);
		expect(provider.get_sasl_handler(running?.connect() ?? expect.fail()).mechanisms()).toEqual(mechanisms);
		for (const mechanism of mechanisms) {
			expect(log_in(provider, mechanism, "user", "pencil").step).toMatchObject({ status: "success", username: "user" });
			expect(log_in(provider, mechanism, "user", "pen").step).toMatchObject({ condition: "not-authorized" });
		}
	});

	it("counts iterations as it is told, and never fewer than an account had", async () => {
		const provider = start({ default_iteration_count: 5000 });
		provider.create_user("user", "pencil");
		expect(stored("user")).toMatchObject({ iteration_count: 5000 });
		store("old", { ...stored("user"), iteration_count: 6000, extra: "kept" });
		provider.set_password("old", "pen");
		expect(stored("old")).toMatchObject({ iteration_count: 6000, extra: "kept" });
		expect(provider.test_password("old", "pen")).toEqual(ok(true));
		store("weak", { ...stored("user"), iteration_count: 100 });
		provider.set_password("weak", "pen");
		expect(stored("weak")).toMatchObject({ iteration_count: 5000 });
		await running?.stop();
		start({ default_iteration_count: 10 }).create_user("user", "pencil");
		expect(stored("user")).toMatchObject({ iteration_count: 4096 });
	});

	it("gives a changed password another salt", () => {
		const provider = start();
		provider.create_user("user", "pencil");
		const before = stored("user");
		expect(provider.set_password("user", "pencil")).toEqual(ok(true));
		expect(stored("user")?.["salt"]).not.toBe(before?.["salt"]);
		expect(stored("user")?.["created"]).toBe(before?.["created"]);
		expect(provider.set_password("nobody", "pencil")).toEqual(failed("Account not available."));
		expect(provider.set_password("user", "\u0007")).toEqual(failed("password fails SASLprep"));
		expect(provider.create_user("other", "\u0007")).toEqual(failed("password fails SASLprep"));
		expect(provider.user_exists("other")).toBe(false);
	});

	it("takes over accounts of internal_plain", () => {
		const provider = start();
		for (const mechanism of ["PLAIN", "SCRAM-SHA-1"]) {
			store(mechanism, { password: "pencil", created: 5 });
			const username = mechanism.toLowerCase();
			store(username, { password: "pencil", created: 5 });
			if (mechanism === "PLAIN") expect(log_in(provider, mechanism, username, "pen").step.status).toBe("failure");
			expect(log_in(provider, mechanism, username, "pencil").step.status).toBe("success");
			expect(stored(username)).toMatchObject({ created: 5, stored_key: expect.any(String) });
			expect(stored(username)).not.toHaveProperty("password");
			expect(log_in(provider, mechanism, username, "pencil").step.status).toBe("success");
		}
	});

	it("does not let disabled accounts in", () => {
		const provider = start();
		expect(provider.create_user("user", undefined)).toEqual(ok(true));
		expect(stored("user")).toMatchObject({ disabled: true });
		expect(provider.set_password("user", "pencil")).toEqual(ok(true));
		expect(provider.is_enabled?.("user")).toEqual(ok(false));
		for (const mechanism of ["PLAIN", "SCRAM-SHA-1"]) {
			expect(log_in(provider, mechanism, "user", "pencil").step).toEqual({ status: "failure", condition: "account-disabled" });
		}
		expect(provider.enable?.("user")).toEqual(ok(true));
		expect(stored("user")).not.toHaveProperty("disabled");
		expect(log_in(provider, "SCRAM-SHA-1", "user", "pencil").step.status).toBe("success");
		expect(provider.disable?.("user", { reason: "test" })).toEqual(ok(true));
		expect(stored("user")).toMatchObject({ disabled: true, disabled_meta: { reason: "test" } });
		expect(provider.enable?.("nobody")).toEqual(failed("Account not available."));
		expect(provider.is_enabled?.("nobody")).toEqual(failed("Account not available"));
	});

	it("does not tell which accounts there are", () => {
		const provider = start();
		provider.create_user("user", "pencil");
		for (const mechanism of ["PLAIN", "SCRAM-SHA-1"]) {
			expect(log_in(provider, mechanism, "nobody", "x").step).toEqual(log_in(provider, mechanism, "user", "x").step);
		}
		const { challenge } = log_in(provider, "SCRAM-SHA-1", "nobody", "x");
		const salt = /s=([^,]+),i=10000$/.exec(challenge ?? "")?.[1] ?? "";
		expect(Buffer.from(salt, "base64").toString()).toMatch(uuid);
		expect(log_in(provider, "SCRAM-SHA-1", "someone", "x").challenge).not.toBe(challenge);
		// Real accounts keep their salts when the server starts anew, too.
		running?.server.modulemanager.unload(host, "auth_internal_hashed");
		running?.server.modulemanager.load(host, "auth_internal_hashed");
		const again = running?.host().users ?? expect.fail();
		expect(log_in(again, "SCRAM-SHA-1", "nobody", "x").challenge).toBe(challenge);
		expect(provider.users()).toEqual(["user"]);
	});

	it("lets nobody in whose keys are damaged or of another hash", () => {
		const provider = start();
		provider.create_user("user", "pencil");
		const good = stored("user") ?? expect.fail();
		const damaged: StoreTable[] = [
			{ stored_key: "zz" },
			{ stored_key: undefined },
			{ server_key: "" },
			{ salt: "" },
			{ salt: undefined },
			{ iteration_count: undefined },
			{ iteration_count: "many" },
			{ iteration_count: 0 },
			{ stored_key: "00".repeat(32), server_key: "00".repeat(32) },
		];
		for (const change of damaged) {
			store("user", { ...good, ...change });
			expect(provider.test_password("user", "pencil").ok).toBe(false);
			for (const mechanism of ["PLAIN", "SCRAM-SHA-1"]) {
				expect(log_in(provider, mechanism, "user", "pencil").step).toMatchObject({ condition: "not-authorized" });
			}
		}
		expect(running?.log.filter((line) => line.startsWith("warn")).length).toBe(damaged.length);
		store("user", { ...good, server_key: "00".repeat(20) });
		expect(provider.test_password("user", "pencil").ok).toBe(false);
	});

	it("forgets accounts", () => {
		const provider = start();
		provider.create_user("user", "pencil");
		expect(provider.delete_user("user")).toEqual(ok(true));
		expect(provider.user_exists("user")).toBe(false);
		expect(provider.users()).toEqual([]);
	});

	it("does not take accounts that cannot be read for missing ones", () => {
		const provider = start({ storage: "memory", modules_enabled: [] }, [broken_storage]);
		provider.create_user("user", "pencil");
		running?.server.modulemanager.unload(host, "auth_internal_hashed");
		running?.server.modulemanager.load(host, "storage_broken");
		running?.server.modulemanager.load(host, "auth_internal_hashed");
		const broken = running?.host().users ?? expect.fail();
		for (const mechanism of ["PLAIN", "SCRAM-SHA-1"]) {
			expect(log_in(broken, mechanism, "user", "pencil").step).toMatchObject({ condition: "temporary-auth-failure" });
		}
		expect(broken.create_user("user", "other")).toEqual(failed("disk on fire"));
		expect(broken.set_password("user", "other")).toEqual(failed("disk on fire"));
		expect(broken.users()).toEqual([]);
		expect(running?.log.join("\n")).toMatch(/error .*Cannot read the account 'user': disk on fire/);
	});
});

describe("internal_plain", () => {
	const plain = { authentication: "internal_plain" };

	it("keeps passwords as they are", () => {
		const provider = start(plain);
		expect(provider.create_user("user", "pen\u00adcil")).toEqual(ok(true));
		expect(stored("user")).toEqual({ password: "pencil", created: expect.any(Number), updated: expect.any(Number) });
		expect(provider.get_password?.("user")).toBe("pencil");
		expect(provider.get_password?.("nobody")).toBeUndefined();
		expect(provider.test_password("user", "pencil")).toEqual(ok(true));
		expect(provider.test_password("user", "pen").ok).toBe(false);
		expect(provider.test_password("nobody", "pencil").ok).toBe(false);
		const mechanisms = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"];
		expect(provider.get_sasl_handler(running?.connect() ?? expect.fail()).mechanisms()).toEqual(mechanisms);
		for (const mechanism of mechanisms) {
			expect(log_in(provider, mechanism, "user", "pencil").step.status).toBe("success");
			const wrong = log_in(provider, mechanism, "user", "pen").step;
			expect(wrong).toMatchObject({ condition: "not-authorized" });
			expect(log_in(provider, mechanism, "nobody", "pencil").step).toEqual(wrong);
		}
		expect(provider.delete_user("user")).toEqual(ok(true));
		expect(provider.user_exists("user")).toBe(false);
	});

	it("changes them", () => {
		const provider = start(plain);
		provider.create_user("user", undefined);
		expect(provider.test_password("user", "x")).toEqual(failed("Account disabled."));
		expect(log_in(provider, "PLAIN", "user", "x").step).toMatchObject({ condition: "not-authorized" });
		expect(provider.set_password("user", "pencil")).toEqual(ok(true));
		expect(provider.test_password("user", "pencil")).toEqual(ok(true));
		for (const act of [provider.set_password, provider.create_user, provider.test_password]) {
			expect(act("user", "\u0007")).toEqual(failed("Password fails SASLprep."));
		}
		expect(provider.set_password("nobody", "pencil")).toEqual(failed("Account not available."));
		expect(provider.get_account_info?.("user")).toEqual(
			ok({ created: expect.any(Number), password_updated: expect.any(Number) }),
		);
		expect(provider.get_account_info?.("nobody")).toEqual(failed("Account not available"));
	});
});

describe("insecure", () => {
	const confession = "Yes please, I know what I'm doing!";

	it.each([undefined, "yes", "Yes please, I know what I'm doing", true])("does not start with %j", (said) => {
		const options: Record<string, ConfigValue> = { authentication: "insecure" };
		if (said !== undefined) options["insecure_open_authentication"] = said;
		expect(start(options).name).toBe("null");
		expect(running?.log.join("\n")).toContain(`set insecure_open_authentication = "${confession}"`);
	});

	it("lets everybody in", () => {
		const provider = start({ authentication: "insecure", insecure_open_authentication: confession });
		expect(provider.name).toBe("insecure");
		expect(provider.get_sasl_handler(running?.connect() ?? expect.fail()).mechanisms()).toEqual(["PLAIN"]);
		expect(log_in(provider, "PLAIN", "Anybody", "whatever").step).toMatchObject({ status: "success", username: "anybody" });
		expect(provider.test_password("anybody", "")).toEqual(ok(true));
		expect(provider.user_exists("anybody")).toBe(true);
		expect(provider.set_password("anybody", "x")).toEqual(failed("Account not available."));
		expect(provider.create_user("anybody", "x")).toEqual(ok(true));
		expect(provider.set_password("anybody", "y")).toEqual(ok(true));
		expect(provider.set_password("anybody", "\u0007")).toEqual(failed("Password fails SASLprep."));
		expect(stored("anybody")).toMatchObject({ password: "y" });
		expect(provider.users()).toEqual(["anybody"]);
		expect(provider.delete_user("anybody")).toEqual(ok(true));
	});
});

describe("anonymous", () => {
	const anonymous = { authentication: "anonymous" };

	it("has guests only", () => {
		const provider = start(anonymous);
		const handler = provider.get_sasl_handler(running?.connect() ?? expect.fail());
		expect(handler.mechanisms()).toEqual(["ANONYMOUS"]);
		expect(handler.select("ANONYMOUS")).toBe(true);
		expect(handler.process(Buffer.alloc(0))).toMatchObject({
			status: "success",
			username: expect.stringMatching(/^[a-z0-9_-]{24}$/),
		});
		expect(provider.test_password("user", "x").ok).toBe(false);
		expect(provider.set_password("user", "x").ok).toBe(false);
		expect(provider.create_user("user", "x").ok).toBe(false);
		expect(provider.delete_user("user").ok).toBe(false);
		expect(provider.user_exists("user")).toBe(false);
		running?.host().sessions.set("guest", { sessions: new Map(), top_resources: undefined });
		expect(provider.users()).toEqual(["guest"]);
	});

	it("keeps guests off other servers", async () => {
		const reached: string[] = [];
		for (const allow_anonymous_s2s of [false, true]) {
			start({ ...anonymous, allow_anonymous_s2s });
			running?.host().events.add_handler("route/remote", ({ to_host }) => {
				reached.push(`${allow_anonymous_s2s} ${to_host}`);
				return true;
			});
			const guest = running?.login("guest", "x") ?? expect.fail();
			const answer = guest.receive(st.message({ to: "somebody@elsewhere.example" }, "hi"));
			expect(answer.join("")).toBe("");
			await running?.stop();
		}
		expect(reached).toEqual(["true elsewhere.example"]);
	});

	it("keeps nothing that guests write", async () => {
		for (const allow_anonymous_storage of [false, true]) {
			start({ ...anonymous, allow_anonymous_storage });
			const server = running?.server ?? expect.fail();
			const open = <Kind extends "keyval" | "map" | "archive">(kind: Kind) => {
				const opened = server.open_store(host, kind, kind);
				return opened.ok ? opened.value : expect.fail(opened.error.text);
			};
			const [keyval, map, archive] = [open("keyval"), open("map"), open("archive")];
			expect(keyval.set("guest", { a: 1 })).toEqual(ok(undefined));
			expect(keyval.set_table("guest2", new Map([["a", 1]])).ok).toBe(true);
			expect(map.set("guest", "a", 1)).toEqual(ok(undefined));
			expect(map.set_keys("guest", new Map([["b", 1]]))).toEqual(ok(undefined));
			expect(map.delete_all("c").ok).toBe(true);
			const appended = archive.append("guest", undefined, st.message({}, "hi"), 1, "x");
			expect(appended).toMatchObject({ ok: true, value: expect.any(String) });
			expect(archive.append("guest", "named", st.message({}, "hi"), 1, "x")).toEqual(ok("named"));
			expect(archive.set("guest", "named", st.message({}, "ho")).ok).toBe(true);
			const kept = allow_anonymous_storage;
			expect(keyval.get("guest")).toEqual(ok(kept ? { a: 1 } : undefined));
			expect(keyval.get_table("guest2").ok).toBe(true);
			expect(keyval.users()).toEqual(ok(kept ? ["guest", "guest2"] : []));
			expect(map.get("guest", "b")).toEqual(ok(kept ? 1 : undefined));
			expect(map.get_all("a")).toEqual(ok(new Map(kept ? [["guest", 1]] : [])));
			const found = archive.find("guest", {});
			expect(found.ok ? found.value.items.length : found).toBe(kept ? 2 : 0);
			const later = await archive.find_later("guest", {});
			expect(later.ok ? later.value.items.length : later).toBe(kept ? 2 : 0);
			expect(archive.summary("guest")).toMatchObject({ ok: true });
			expect(archive.users()).toEqual(ok(kept ? ["guest"] : []));
			expect(archive.get("guest", "named").ok).toBe(true);
			expect(archive.delete("guest")).toEqual(ok(kept ? 2 : 0));
			await running?.stop();
		}
	});
});
