// Logging in with tokens (XEP-0484), over sockets.

import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import type { StoreOpenedEvent } from "../../../host/core/storagemanager.ts";
import type { KeyvalStore, MapStore, ModuleDefinition, StorageError, StoreTable } from "../../../host/core/types.ts";
import { failed } from "../../../host/util/error.ts";
import { sha256 } from "../../../host/util/hashes.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import type { RawClient } from "../raw_client.ts";
import {
	agent,
	ask,
	bind,
	client_id,
	elements,
	fast,
	open,
	plain,
	request_token,
	token_in,
	with_token,
} from "../sasl2_client.ts";

let running: TestServer | undefined;
const clients: RawClient[] = [];
/** What of the storage of tokens fails: nothing, reading, or writing. */
let broken: "nothing" | "reading" | "writing" | "commit" = "nothing";

beforeEach(() => {
	broken = "nothing";
});

afterEach(async () => {
	for (const client of clients.splice(0)) client.destroy();
	await running?.stop();
	running = undefined;
});

const disk_full: StorageError = { text: "disk full" };

/** Puts itself before the store of tokens. */
const saboteur: ModuleDefinition = {
	name: "saboteur",
	load(module) {
		module.hook("store-opened", (event) => {
			const { store }: StoreOpenedEvent = event;
			if (event.store_name !== "fast_tokens") return;
			const reads = <Answer>(read: () => Answer) => (broken === "reading" ? failed(disk_full) : read());
			if ("set_keys" in store) {
				const { get, set_keys } = store;
				const map: MapStore = {
					...store,
					get: (user, key) => reads(() => get(user, key)),
					set_keys(user, values) {
						if (broken === "commit") module.server.turn.fail(new Error("disk full"));
						return broken === "writing" ? failed(disk_full) : set_keys(user, values);
					},
				};
				event.store = map;
			} else if ("get_table" in store) {
				const { get } = store;
				const keyval: KeyvalStore = { ...store, get: (user) => reads(() => get(user)) };
				event.store = keyval;
			}
		});
	},
};

/** A server with the accounts `user` and `other`, whose passwords are `pencil`. */
async function start(options: Record<string, ConfigValue> = {}): Promise<TestServer> {
	running = await start_test_server({
		config: {
			"*": {
				authentication: "internal_hashed",
				default_iteration_count: 4096,
				modules_enabled: ["saboteur", "saslauth", "smacks", "sasl2", "sasl2_bind2", "sasl2_sm", "sasl2_fast", "ping"],
				...options,
			},
		},
		modules: [saboteur],
	});
	for (const name of ["user", "other"]) running.server.usermanager.create_user(name, "localhost", "pencil");
	return running;
}

async function say(text: string, name = "user"): Promise<string> {
	const [client] = await open(running?.port ?? 0, name);
	clients.push(client);
	return ask(client, text);
}

/** Logs in with the password, and gets a token. */
async function token(mechanism?: string, id?: string): Promise<string> {
	const secret = token_in(await say(plain(agent(id) + request_token(mechanism))));
	expect(secret).toMatch(/^secret-token:fast-/);
	return secret;
}

/** What is stored for an account. */
function stored(name = "user"): StoreTable {
	const store = running?.server.open_store("localhost", "fast_tokens", "keyval");
	const found = store?.ok ? store.value.get(name) : undefined;
	return found?.ok ? { ...found.value } : {};
}

const key = (slot: "new" | "cur", id = client_id): string => `${sha256(id, true)}-${slot}`;
const condition = (said: string): string | undefined => elements(said)[0]?.tags[0]?.name;

describe("a token", () => {
	it("is given to whoever logs in and asks for it, and stored as Prosody stores it", async () => {
		await start();
		const said = await say(plain(agent() + request_token()));
		const given = elements(said)[0]?.get_child("token", fast);
		expect(given?.attr).toEqual({
			xmlns: fast,
			token: expect.stringMatching(/^secret-token:fast-/),
			expiry: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
		});
		const { [key("new")]: entry, ...rest } = stored();
		expect(rest).toEqual({});
		expect(entry).toEqual({
			mechanism: "HT-SHA-256-NONE",
			secret: given?.attr["token"],
			issued_at: expect.any(Number),
			expires_at: Object(entry).issued_at + 21 * 86_400,
		});
	});

	it("opens the account, and the server proves that it knows it", async () => {
		await start();
		const secret = await token();
		for (let times = 0; times < 3; times++) {
			const said = await say(with_token(secret, { inside: bind() }));
			const [success] = elements(said);
			expect(success?.get_child_text("authorization-identifier")).toMatch(/^user@localhost\/Spec~/);
			const proof = createHmac("sha256", secret).update("Responder").digest("base64");
			expect(success?.get_child_text("additional-data")).toBe(proof);
			expect(said).not.toContain("<token");
		}
		expect(Object.keys(stored())).toEqual([key("cur")]);
	});

	it.each<[string, (secret: string) => string, string]>([
		["of somebody else", (secret) => with_token(secret, { name: "other" }), "not-authorized"],
		["for another client", (secret) => with_token(secret, { id: "another" }), "not-authorized"],
		["that is wrong", (secret) => with_token(`${secret}x`), "not-authorized"],
		["for another mechanism", (secret) => with_token(secret, { mechanism: "HT-SHA-256-EXPR" }), "invalid-mechanism"],
		["without a client's name", (secret) => with_token(secret).replace(/<user-agent.*<\/user-agent>/, ""), "malformed-request"],
		["of nobody", (secret) => with_token(secret, { name: "" }), "malformed-request"],
		["with a count that is none", (secret) => with_token(secret, { attributes: "count='-1'" }), "malformed-request"],
		["with no count in it", (secret) => with_token(secret, { attributes: "count='0'" }), "malformed-request"],
		["with a password's mechanism", () => plain(`${agent()}<fast xmlns='${fast}'/>`), "invalid-mechanism"],
		["without being announced as one", (secret) => with_token(secret).replace(/<fast [^>]*>/, ""), "invalid-mechanism"],
	])("%s opens nothing", async (_what, text, expected) => {
		await start();
		const secret = await token();
		const before = stored();
		const said = await say(text(secret));
		expect([elements(said)[0]?.name, condition(said)]).toEqual(["failure", expected]);
		expect(stored()).toEqual(before);
		// and the stream may go on with a password
		const client = clients.at(-1) ?? expect.fail();
		expect(await ask(client, plain())).toContain("<success");
	});

	it("is for the mechanism that it was asked for alone", async () => {
		const { server } = await start();
		const secret = await token();
		const store = server.open_store("localhost", "fast_tokens", "map");
		if (store.ok) store.value.set("user", key("new"), { ...Object(stored()[key("new")]), mechanism: "HT-SHA-256-EXPR" });
		expect(condition(await say(with_token(secret)))).toBe("not-authorized");
	});

	it("expires, and is gone then", async () => {
		await start({ sasl2_fast_token_ttl: -1 });
		const secret = await token();
		expect(condition(await say(with_token(secret)))).toBe("credentials-expired");
		expect(stored()).toEqual({});
		expect(condition(await say(with_token(secret)))).toBe("not-authorized");
	});

	it("is replaced when it gets old; the one before holds until the new one is used", async () => {
		await start({ sasl2_fast_token_min_ttl: 0 });
		const first = await token();
		const second = token_in(await say(with_token(first)));
		expect(second).toMatch(/^secret-token:fast-/);
		const third = token_in(await say(with_token(first)));
		expect(third).not.toBe(second);
		expect(condition(await say(with_token(second)))).toBe("not-authorized");
		expect(await say(with_token(third))).toContain("<success");
		expect(condition(await say(with_token(first)))).toBe("not-authorized");
		expect(Object.keys(stored()).sort()).toEqual([key("cur"), key("new")]);
	});

	it("can be taken back by who has it, and is not replaced then", async () => {
		await start({ sasl2_fast_token_min_ttl: 0 });
		for (const used of [false, true]) {
			const secret = used ? token_in(await say(with_token(await token()))) : await token();
			const said = await say(with_token(secret, { attributes: "invalidate='true'" }));
			expect(said).toContain("<success");
			expect(said).not.toContain("<token");
			expect(condition(await say(with_token(secret)))).toBe("not-authorized");
		}
	});

	it("counts its uses where the client does, so that nobody repeats one", async () => {
		await start();
		const secret = await token();
		const counted = (count: number): string => with_token(secret, { attributes: `count='${count}'` });
		expect(await say(counted(1))).toContain("<success");
		expect(condition(await say(counted(1)))).toBe("not-authorized");
		expect(await say(counted(5))).toContain("<success");
		for (const count of [1, 4, 5]) expect(condition(await say(counted(count)))).toBe("not-authorized");
		expect(await say(counted(6))).toContain("<success");
	});

	it("goes with the password, with the account, and where that is disabled", async () => {
		const { server } = await start();
		const { usermanager } = server;
		const secret = await token();
		usermanager.disable_user("user", "localhost");
		expect(condition(await say(with_token(secret)))).toBe("account-disabled");
		usermanager.enable_user("user", "localhost");
		usermanager.set_password("user", "localhost", "other");
		expect(stored()).toEqual({});
		usermanager.set_password("user", "localhost", "pencil");
		const again = await token();
		usermanager.delete_user("user", "localhost");
		expect(stored()).toEqual({});
		expect(condition(await say(with_token(again)))).toBe("not-authorized");
	});

	it("is to be had together with a session that goes on, as a new one in place of an old one is", async () => {
		const { server } = await start({ sasl2_fast_token_min_ttl: 0 });
		// A session of somebody who was not offered tokens
		const [first] = await open(running?.port ?? 0, "");
		clients.push(first);
		const said = await ask(first, plain(agent() + bind("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")));
		const id = elements(said)[0]?.get_child("bound", "urn:xmpp:bind:0")?.get_child("enabled", "urn:xmpp:sm:3")?.attr["id"];
		const resume = `<resume xmlns='urn:xmpp:sm:3' previd='${id}' h='0'/>`;
		const wanted = await say(plain(agent() + resume + request_token()));
		expect(wanted).toContain("<resumed ");
		const secret = token_in(wanted);
		expect(secret).not.toBe("");
		const again = await say(with_token(secret, { inside: resume }));
		expect(again).toContain("<resumed ");
		expect(token_in(again)).toMatch(/^secret-token:fast-/);
		expect(token_in(again)).not.toBe(secret);
		expect(server.hosts.get("localhost")?.sessions.get("user")?.sessions.size).toBe(1);
	});

	it("is not to be had for a mechanism that was not offered, or without a name", async () => {
		await start();
		for (const text of [
			plain(agent() + request_token("HT-SHA-256-EXPR")),
			plain(agent() + request_token("X")),
			plain(request_token()),
		]) {
			const said = await say(text);
			expect(said).toContain("<success");
			expect(said).not.toContain("<token");
		}
		const [client, offer] = await open(running?.port ?? 0, "");
		clients.push(client);
		expect(offer).not.toContain(fast);
		expect(await ask(client, plain(agent() + request_token()))).not.toContain("<token");
		expect(stored()).toEqual({});
	});

	it("is not for streams that others can read, nor for guests", async () => {
		await start({ allow_unencrypted_plain_auth: false, insecure_sasl_mechanisms: [] });
		const [client, offer] = await open(running?.port ?? 0);
		clients.push(client);
		expect(offer).toContain("<authentication");
		expect(offer).not.toContain(fast);
		await running?.stop();
		await start({ authentication: "anonymous" });
		const guest = `<authenticate xmlns='urn:xmpp:sasl:2' mechanism='ANONYMOUS'>${agent()}${request_token()}</authenticate>`;
		const said = await say(guest);
		expect(said).toContain("<success");
		expect(said).not.toContain("<token");
	});

	it("is one of a hundred at most in an account, expired ones not counted", async () => {
		const { server } = await start();
		const entry = (age: number, left: number): StoreTable => {
			const now = Date.now() / 1000;
			return { mechanism: "HT-SHA-256-NONE", secret: "s", issued_at: now - age, expires_at: now + left };
		};
		const many: StoreTable = {};
		for (let index = 0; index < 120; index++) {
			many[`many-${index}-new`] = entry(1000 + index, 1000);
			// The age of the last one counts
			if (index % 2 === 0) many[`many-${index}-cur`] = entry(3000 - index, 1000);
		}
		const store = server.open_store("localhost", "fast_tokens", "keyval");
		if (store.ok) store.value.set("user", { ...many, "old-new": entry(5000, -1), odd: "no token" });
		await token();
		const expected = Object.keys(many).filter((name) => Number(name.split("-")[1]) < 99);
		expect(Object.keys(stored()).sort()).toEqual([...expected, key("new")].sort());
	});
});

describe("where tokens cannot be stored", () => {
	it("a login promises none", async () => {
		await start();
		for (const what of ["writing", "reading"] as const) {
			broken = what;
			const said = await say(plain(agent() + request_token()));
			expect(said).toContain("<success");
			expect(said).not.toContain("<token");
		}
		expect(stored()).toEqual({});
	});

	it("a token that cannot be read or moved opens nothing, and is good again later", async () => {
		await start();
		const secret = await token();
		for (const what of ["reading", "writing"] as const) {
			broken = what;
			expect(condition(await say(with_token(secret)))).toBe("temporary-auth-failure");
			expect(condition(await say(with_token(secret, { attributes: "invalidate='1'" })))).toBe("temporary-auth-failure");
		}
		broken = "nothing";
		expect(await say(with_token(secret))).toContain("<success");
		broken = "writing";
		expect(condition(await say(with_token(secret, { attributes: "count='1'" })))).toBe("temporary-auth-failure");
		// Nothing has to be stored for a token that is in use
		expect(await say(with_token(secret))).toContain("<success");
	});

	it("a login whose turn fails says nothing of a token, and ends", async () => {
		await start();
		broken = "commit";
		const [client] = await open(running?.port ?? 0);
		clients.push(client);
		client.send(plain(agent() + request_token() + bind()));
		const said = await client.closed();
		expect(said).toContain("internal-server-error");
		expect(said).not.toContain("<success");
		expect(said).not.toContain("token");
		expect(running?.server.full_sessions.size).toBe(0);
	});
});

describe("other modules", () => {
	it("may ask for tokens and take them back", async () => {
		const { server } = await start();
		const exported = server.hosts.get("localhost")?.modules.get("sasl2_fast")?.exports;
		const { is_client_fast, revoke_fast_tokens } = Object(exported);
		expect(is_client_fast("user", client_id)).toBe(false);
		const secret = await token();
		expect(is_client_fast("user", client_id)).toBe(true);
		expect(is_client_fast("user", client_id, Date.now() / 1000 + 5)).toBe(false);
		expect(is_client_fast("user", "another")).toBe(false);
		expect(revoke_fast_tokens("user", client_id)).toBe(true);
		expect(is_client_fast("user", client_id)).toBe(false);
		expect(condition(await say(with_token(secret)))).toBe("not-authorized");
	});
});
