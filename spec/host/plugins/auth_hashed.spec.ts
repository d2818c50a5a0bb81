// Accounts whose passwords are kept with another hash than the configuration asks for.

import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import type { AuthProvider, C2sSession, StoreTable } from "../../../host/core/types.ts";
import { failed, ok } from "../../../host/util/error.ts";
import { HashQueue } from "../../../host/util/hash_queue.ts";
import { busy_text, scram_hashers } from "../../../host/util/sasl/scram.ts";
import { create_sasl_client } from "../../../host/util/sasl_client.ts";
import { promise_of, Waiting } from "../../../host/util/waiting.ts";
import { type AccountsServer, start_accounts } from "../accounts_server.ts";

const host = "example.org";
let running: AccountsServer | undefined;

afterEach(async () => {
	await running?.stop();
	running = undefined;
});

function start(options: Record<string, ConfigValue> = {}): AuthProvider {
	running = start_accounts({ [host]: { default_iteration_count: 4096, ...options } });
	return running.host().users;
}

function stored(): StoreTable {
	const account = running?.store("accounts").get("user");
	return (account?.ok ? account.value : undefined) ?? {};
}

/** An account as Prosody has it. */
function store_account(hash: "SHA-1" | "SHA-256", password: string, rest: StoreTable = {}): StoreTable {
	const keys = scram_hashers[hash](password, "salt", 4096);
	if (!keys.ok) throw new Error(keys.error);
	const { stored_key, server_key } = keys.value;
	const hex = { stored_key: stored_key.toString("hex"), server_key: server_key.toString("hex") };
	const account = { ...hex, salt: "salt", iteration_count: 4096, created: 1, updated: 2, extra: "kept", ...rest };
	running?.store("accounts").set("user", account);
	return account;
}

/** How a login ends. */
function log_in(provider: AuthProvider, mechanism: string, password = "pencil"): string {
	const handler = provider.get_sasl_handler(running?.connect() ?? expect.fail());
	const client = create_sasl_client({ username: "user", password }, [mechanism]);
	if (!client.ok) throw new Error(client.error);
	if (!handler.select(mechanism)) return "not offered";
	const step = handler.process(client.value.first());
	if (step.status !== "challenge") return step.status;
	const answer = client.value.challenge(step.data);
	return answer.ok ? handler.process(answer.value).status : answer.error;
}

describe("a password that is kept with another hash", () => {
	it.each([
		["SHA-1", "SHA-256", 64, undefined],
		["SHA-256", "SHA-1", 40, undefined],
		["SHA-1", "SHA-512", 64, 128],
		["SHA-256", "SHA-512", 64, 128],
	] as const)("goes from %s to %s when it is shown", (before, wanted, digits, further) => {
		const provider = start({ password_hash: wanted });
		store_account(before, "pencil");
		expect(log_in(provider, "PLAIN", "pen")).toBe("failure");
		expect(stored()["salt"]).toBe("salt");
		expect(log_in(provider, "PLAIN")).toBe("success");
		const { stored_key, server_key, salt, scram_sha_512, ...rest } = stored();
		expect([stored_key, server_key].map((key) => String(key).length)).toEqual([digits, digits]);
		expect(salt).not.toBe("salt");
		// It is the same password: tokens that were given out since then hold
		expect(rest).toEqual({ iteration_count: 4096, created: 1, updated: 2, extra: "kept" });
		expect(Object(scram_sha_512)["stored_key"]?.length).toBe(further);
		for (const hash of wanted === "SHA-512" ? ["SHA-256", "SHA-512"] : [wanted]) {
			expect(log_in(provider, `SCRAM-${hash}`)).toBe("success");
			expect(log_in(provider, `SCRAM-${hash}`, "pen")).toBe("failure");
		}
		const now = stored();
		expect(log_in(provider, "PLAIN")).toBe("success");
		expect(stored()).toEqual(now);
		expect(running?.log.join("\n")).toMatch(/info .*The password of account 'user' is kept with SHA-/);
	});

	it("gets more iterations, too", () => {
		const provider = start({ default_iteration_count: 5000 });
		store_account("SHA-1", "pencil");
		expect(provider.test_password("user", "pencil")).toEqual(ok(true));
		expect(stored()).toMatchObject({ iteration_count: 5000, updated: 2 });
		expect(provider.test_password("user", "pencil")).toEqual(ok(true));
	});

	it("is asked for by the account's own hash where the client says whose it is", () => {
		const provider = start({ password_hash: "SHA-256" });
		store_account("SHA-1", "pencil");
		const offered = (claimed_username?: string): string[] => {
			const session: C2sSession = Object.assign(running?.connect() ?? expect.fail(), { claimed_username });
			return provider.get_sasl_handler(session).mechanisms();
		};
		expect(offered()).toEqual(["SCRAM-SHA-256", "PLAIN"]);
		expect(offered("user")).toEqual(["SCRAM-SHA-1", "PLAIN"]);
		expect(offered("nobody")).toEqual(["SCRAM-SHA-256", "PLAIN"]);
		expect(log_in(provider, "SCRAM-SHA-256")).toBe("failure");
		expect(running?.log.join("\n")).toMatch(
			/warn .*'user' is kept with SHA-1, not with SHA-256: a login with PLAIN changes that/,
		);
	});

	it("stays as it is where it cannot be stored", () => {
		const provider = start({ password_hash: "SHA-256" });
		const account = store_account("SHA-1", "pencil");
		const store = running?.store("accounts") ?? expect.fail();
		const { server } = running ?? expect.fail();
		server.modulemanager.unload(host, "auth_internal_hashed");
		running?.host().events.add_handler("store-opened", (event) => {
			if (event.store_name === "accounts" && "get_table" in event.store) {
				event.store = { ...store, set: () => failed({ text: "disk full" }) };
			}
		});
		server.modulemanager.load(host, "auth_internal_hashed");
		const again = running?.host().users ?? provider;
		expect(log_in(again, "PLAIN")).toBe("success");
		expect(stored()).toEqual(account);
		expect(running?.log.join("\n")).toMatch(/error .*Other keys for account 'user' could not be stored: disk full/);
	});
});

describe("keys for SHA-512", () => {
	it("belong to the password that they were made for", () => {
		const provider = start({ password_hash: "SHA-512" });
		expect(provider.create_user("user", "first")).toEqual(ok(true));
		expect(log_in(provider, "SCRAM-SHA-512", "first")).toBe("success");
		// As Prosody sets another one: it leaves alone what it does not know
		store_account("SHA-256", "second", { scram_sha_512: stored()["scram_sha_512"] });
		for (const mechanism of ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]) {
			expect(log_in(provider, mechanism, "first")).toBe("failure");
		}
		expect(log_in(provider, "SCRAM-SHA-512", "second")).toBe("failure");
		expect(log_in(provider, "SCRAM-SHA-256", "second")).toBe("success");
		expect(log_in(provider, "PLAIN", "second")).toBe("success");
		expect(log_in(provider, "SCRAM-SHA-512", "second")).toBe("success");
	});

	it("go where they are not wanted any more", async () => {
		start({ password_hash: "SHA-512" }).create_user("user", "first");
		expect(stored()).toHaveProperty("scram_sha_512");
		const account = stored();
		await running?.stop();
		const provider = start({ password_hash: "SHA-256" });
		running?.store("accounts").set("user", account);
		expect(log_in(provider, "SCRAM-SHA-512", "first")).toBe("not offered");
		expect(provider.set_password("user", "second")).toEqual(ok(true));
		expect(stored()["scram_sha_512"]).toBeUndefined();
	});
});

describe("an account that changes while its client computes", () => {
	it.each([
		[
			"internal_hashed",
			"gets another password",
			"temporary-auth-failure",
			(users: AuthProvider) => users.set_password("user", "other"),
		],
		["internal_hashed", "is disabled", "account-disabled", (users: AuthProvider) => users.disable?.("user")],
		["internal_hashed", "is deleted", "not-authorized", (users: AuthProvider) => users.delete_user("user")],
		[
			"internal_plain",
			"gets another password",
			"temporary-auth-failure",
			(users: AuthProvider) => users.set_password("user", "other"),
		],
		["internal_plain", "is deleted", "not-authorized", (users: AuthProvider) => users.delete_user("user")],
	])("and that %s keeps, %s, and is not open", (authentication, _what, condition, change) => {
		const provider = start({ authentication });
		provider.create_user("user", "pencil");
		const handler = provider.get_sasl_handler(running?.connect() ?? expect.fail());
		const client = create_sasl_client({ username: "user", password: "pencil" }, ["SCRAM-SHA-1"]);
		if (!client.ok || !handler.select("SCRAM-SHA-1")) throw new Error("SCRAM cannot begin");
		const step = handler.process(client.value.first());
		const response = step.status === "challenge" ? client.value.challenge(step.data) : expect.fail();
		expect(change(provider)).toEqual(ok(true));
		expect(response.ok && handler.process(response.value)).toMatchObject({ status: "failure", condition });
	});
});

describe("hashes in libuv's threads", () => {
	it("answer later, as those in the event loop do", async () => {
		const provider = start({ password_hash: "SHA-512" });
		const later = (answer: unknown): Promise<unknown> => {
			expect(answer).toBeInstanceOf(Waiting);
			return answer instanceof Waiting ? promise_of(answer) : expect.fail();
		};
		const hashed = await later(provider.hash_password?.("user", "pencil", "192.0.2.1"));
		expect(provider.create_user("user", Object(hashed).value)).toEqual(ok(true));
		expect(log_in(provider, "SCRAM-SHA-512")).toBe("success");
		expect(await later(provider.check_password?.("user", "pencil", "192.0.2.1"))).toEqual(ok(true));
		const wrong = await later(provider.check_password?.("user", "pen", "192.0.2.1"));
		expect(wrong).toEqual(provider.test_password("user", "pen"));
		expect(await later(provider.check_password?.("nobody", "pen", "192.0.2.1"))).toMatchObject({ ok: false });
		expect(provider.hash_password?.("user", "\u0007", "192.0.2.1")).toBeInstanceOf(Waiting);
	});

	it("do not put back a password that was changed meanwhile", async () => {
		const provider = start({ password_hash: "SHA-256" });
		store_account("SHA-1", "pencil");
		const checked = provider.check_password?.("user", "pencil", "192.0.2.1");
		expect(provider.set_password("user", "other")).toEqual(ok(true));
		const account = stored();
		expect(await (checked instanceof Waiting ? promise_of(checked) : expect.fail())).toMatchObject({ ok: false });
		expect(stored()).toEqual(account);
	});

	it.each([
		["changed", (provider: AuthProvider) => provider.set_password("user", "other")],
		["deleted", (provider: AuthProvider) => provider.delete_user("user")],
	])("nor one that was in plain text, in an account that is %s meanwhile", async (_what, change) => {
		const provider = start();
		const store = running?.store("accounts") ?? expect.fail();
		for (const mechanism of ["PLAIN", "SCRAM-SHA-1"]) {
			store.set("user", { password: "pencil" });
			const handler = provider.get_sasl_handler(running?.connect() ?? expect.fail());
			const client = create_sasl_client({ username: "user", password: "pencil" }, [mechanism]);
			if (!client.ok) throw new Error(client.error);
			expect(handler.select(mechanism)).toBe(true);
			const step = handler.process_waiting?.(client.value.first());
			expect(change(provider)).toEqual(ok(true));
			const account = stored();
			const answer = await (step instanceof Waiting ? promise_of(step) : expect.fail());
			if (answer.status === "challenge") {
				const response = client.value.challenge(answer.data);
				expect(response.ok && handler.process(response.value).status).toBe("failure");
			} else expect(answer.status).toBe("failure");
			expect(stored()).toEqual(account);
		}
	});

	it("open an account in plain text to two who come at once", async () => {
		const provider = start();
		running?.store("accounts").set("user", { password: "pencil" });
		const asked = [1, 2].map(() => provider.check_password?.("user", "pencil", "192.0.2.1"));
		for (const answer of asked) {
			expect(await (answer instanceof Waiting ? promise_of(answer) : expect.fail())).toEqual(ok(true));
		}
		expect(log_in(provider, "SCRAM-SHA-1")).toBe("success");
		expect(stored()["password"]).toBeUndefined();
	});

	it("are refused where too many wait", async () => {
		const provider = start();
		provider.create_user("user", "pencil");
		Object.assign(running?.server ?? expect.fail(), { hashing: new HashQueue(1, 2) });
		const asked = Array.from({ length: 4 }, () => provider.check_password?.("user", "pencil", "192.0.2.1"));
		expect(asked.map((answer) => answer instanceof Waiting)).toEqual([true, true, true, false]);
		expect(asked[3]).toEqual(failed(busy_text));
	});

	it.each([
		["internal_hashed", "PLAIN", "success"],
		["internal_plain", "SCRAM-SHA-1", "challenge"],
	])("are not computed for clients that are gone: %s", async (authentication, mechanism, well) => {
		const provider = start({ authentication });
		provider.create_user("user", "pencil");
		Object.assign(running?.server ?? expect.fail(), { hashing: new HashQueue(1) });
		const sessions = [1, 2, 3].map(() => running?.connect() ?? expect.fail());
		const steps = sessions.map((session) => {
			const handler = provider.get_sasl_handler(session);
			const client = create_sasl_client({ username: "user", password: "pencil" }, [mechanism]);
			if (!client.ok) throw new Error(client.error);
			handler.select(mechanism);
			const step = handler.process_waiting?.(client.value.first());
			return step instanceof Waiting ? promise_of(step) : expect.fail();
		});
		const [, second = expect.fail()] = sessions;
		second.type = "c2s_destroyed";
		const reached = await Promise.all(steps);
		expect(reached.map(({ status }) => status)).toEqual([well, "failure", well]);
		expect(reached[1]).toMatchObject({ condition: "temporary-auth-failure" });
	});
});
