import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64_decode } from "../../../host/util/encodings.ts";
import { create_scram, type ScramHashName, scram_functions, scram_hashers } from "../../../host/util/sasl/scram.ts";
import {
	type Account,
	new_sasl,
	type SaslHandler,
	type SaslProfile,
	type SaslStep,
	type ScramBackend,
} from "../../../host/util/sasl.ts";
import { create_sasl_client, type SaslClient } from "../../../host/util/sasl_client.ts";

const hash_names: ScramHashName[] = ["SHA-1", "SHA-256", "SHA-512"];

function bytes(base64: string): Buffer {
	return Buffer.from(base64, "base64");
}

function shown(step: SaslStep): string {
	if (step.status === "failure") return `failure ${step.condition}${step.text === undefined ? "" : `: ${step.text}`}`;
	const data = step.data === undefined ? "" : ` ${step.data.toString()}`;
	return step.status === "success" ? `success as ${step.username}${data}` : `challenge${data}`;
}

function send(handler: SaslHandler, message: string | Buffer): string {
	return shown(handler.process(Buffer.from(message)));
}

function start(profile: SaslProfile, mechanism: string): SaslHandler {
	const handler = new_sasl("example.org", profile);
	expect(handler.select(mechanism)).toBe(true);
	return handler;
}

/** A profile with one account, the way mod_auth_internal_hashed has it. */
function hashed(username: string, password: string, hash_name: ScramHashName, iteration_count = 4096): SaslProfile {
	const salt = "f2c0e6ba-26b0-4de0-9a4b-2d4fcf2ac0a1";
	const keys = scram_hashers[hash_name](password, salt, iteration_count);
	if (!keys.ok) throw new Error(keys.error);
	const find = (name: string): Account<typeof keys.value & { salt: string; iteration_count: number }> =>
		name === username ? { state: "enabled", ...keys.value, salt, iteration_count } : { state: "unknown" };
	const backend: ScramBackend = (_sasl, name) => find(name);
	return { "SHA-1": { scram_sha_1: backend }, "SHA-256": { scram_sha_256: backend }, "SHA-512": { scram_sha_512: backend } }[
		hash_name
	];
}

const known: SaslProfile = {
	plain(_sasl, username) {
		if (username === "gone") return { state: "disabled" };
		if (username === "unreadable") return { state: "unavailable" };
		return username === "user" ? { state: "enabled", password: "pencil" } : { state: "unknown" };
	},
};

describe("the mechanisms on offer", () => {
	it("follow from what the profile can do, the strongest first", () => {
		const tested: SaslProfile = { plain_test: () => ({ state: "unknown" }) };
		expect(new_sasl("x", known).mechanisms()).toEqual(["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]);
		expect(new_sasl("x", tested).mechanisms()).toEqual(["PLAIN"]);
		expect(new_sasl("x", { anonymous: () => true }).mechanisms()).toEqual(["ANONYMOUS"]);
		expect(new_sasl("x", hashed("a", "b", "SHA-1")).mechanisms()).toEqual(["SCRAM-SHA-1"]);
		expect(new_sasl("x", { ...known, mechanisms: ["PLAIN"] }).mechanisms()).toEqual(["PLAIN"]);
		expect(new_sasl(undefined, {}).mechanisms()).toEqual([]);
	});

	it("are selected once, and only when on offer", () => {
		const handler = new_sasl("x", known);
		expect(handler.select("ANONYMOUS")).toBe(false);
		expect(handler.selected).toBeUndefined();
		expect(handler.select("PLAIN")).toBe(true);
		expect(handler.select("SCRAM-SHA-1")).toBe(false);
		expect(handler.selected).toBe("PLAIN");
		const again = handler.clean_clone();
		expect(again.selected).toBeUndefined();
		expect(again.select("SCRAM-SHA-1")).toBe(true);
	});

	it("may be others than the known ones", () => {
		const handler = new_sasl("x", { anonymous: () => true }, [
			{ name: "X-TOKEN", backends: ["anonymous"], begin: () => () => ({ status: "success", username: "token" }) },
		]);
		expect(handler.mechanisms()).toEqual(["X-TOKEN"]);
		expect(handler.select("X-TOKEN")).toBe(true);
		expect(send(handler, "")).toBe("success as token");
	});

	it("answer nothing before they are selected or after they have come to their end", () => {
		expect(send(new_sasl("x", known), "\0user\0pencil")).toBe("failure not-authorized");
		const handler = start(known, "PLAIN");
		expect(send(handler, "\0user\0pencil")).toBe("success as user");
		expect(send(handler, "\0user\0pencil")).toBe("failure not-authorized");
	});
});

describe("PLAIN", () => {
	const refused = "failure not-authorized: Unable to authorize you with the authentication credentials you've sent.";

	it.each([
		["\0user\0pencil", "success as user"],
		["\0USER\0pencil", "success as user"],
		// soft hyphen and no-break space: saslprep takes the one out and makes a space of the other
		["\0us\u00ader\0pencil", "success as user"],
		["somebody@else\0user\0pencil", "success as user"],
		["\0user\0pencil\0rest", "success as user"],
		["\0user\0Pencil", refused],
		["\0nobody\0pencil", refused],
		["\0gone\0pencil", "failure account-disabled"],
		["\0unreadable\0pencil", "failure temporary-auth-failure"],
		["", "failure malformed-request"],
		["user\0pencil", "failure malformed-request"],
		["\0\0pencil", "failure malformed-request"],
		["\0user\0", "failure malformed-request"],
		["\0us er\0pencil", "failure malformed-request: Invalid username or password."],
		["\0user\0pen\u0007cil", "failure malformed-request: Invalid username or password."],
		["\0\u00ad\0pencil", "failure malformed-request: Invalid username or password."],
		["\0user\0\u00ad", "failure malformed-request: Invalid username or password."],
	])("answers %j with %s", (message, answer) => {
		expect(send(start(known, "PLAIN"), message)).toBe(answer);
	});

	it("refuses what is no UTF-8", () => {
		const message = Buffer.concat([Buffer.from("\0user\0"), Buffer.from([0xc3, 0x28])]);
		expect(send(start(known, "PLAIN"), message)).toBe("failure malformed-request: Invalid username or password.");
	});

	it("leaves the password to backends that only test", () => {
		const asked: unknown[] = [];
		const profile: SaslProfile = {
			plain_test(_sasl, ...rest) {
				asked.push(rest);
				return { state: "enabled", correct: rest[1] === "pencil" };
			},
		};
		expect(send(start(profile, "PLAIN"), "me\0User\0pencil")).toBe("success as user");
		expect(send(start(profile, "PLAIN"), "\0user\0pen")).toBe(refused);
		expect(asked).toEqual([
			["user", "pencil", "example.org", "me"],
			["user", "pen", "example.org", ""],
		]);
	});

	it("lets the backend name the account, and the profile prepare names", () => {
		const renaming: SaslProfile = {
			nodeprep: false,
			plain_test(sasl, username) {
				sasl.username = `${username}-2`;
				return { state: "enabled", correct: true };
			},
		};
		expect(send(start(renaming, "PLAIN"), "\0User\0x")).toBe("success as User-2");
		const refusing: SaslProfile = { ...known, nodeprep: () => undefined };
		expect(send(start(refusing, "PLAIN"), "\0user\0pencil")).toMatch(/^failure malformed-request/);
	});
});

describe("ANONYMOUS", () => {
	it("makes up names until one is accepted", () => {
		const names: string[] = [];
		const profile: SaslProfile = { anonymous: (_sasl, name) => names.push(name) === 3 };
		expect(send(start(profile, "ANONYMOUS"), "trace")).toBe(`success as ${names[2]}`);
		expect(new Set(names).size).toBe(3);
		for (const name of names) expect(name).toMatch(/^[a-z0-9_-]{24}$/);
	});

	it("does not try for ever", () => {
		expect(send(start({ anonymous: () => false }, "ANONYMOUS"), "")).toBe("failure temporary-auth-failure");
	});
});

interface Vector {
	readonly hash_name: ScramHashName;
	readonly client_nonce: string;
	readonly server_nonce: string;
	readonly salt: string;
	readonly proof: string;
	readonly signature: string;
}

const vectors: Record<string, Vector> = {
	"RFC 5802 §5": {
		hash_name: "SHA-1",
		client_nonce: "fyko+d2lbbFgONRv9qkxdawL",
		server_nonce: "3rfcNHYJY1ZVvWVs7j",
		salt: "QSXCR+Q6sek8bf92",
		proof: "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
		signature: "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
	},
	"RFC 7677 §3": {
		hash_name: "SHA-256",
		client_nonce: "rOprNGfwEbeRWgbNEkqO",
		server_nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
		salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
		proof: "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		signature: "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
	},
};

describe.each(Object.entries(vectors))("the example of %s", (_name, vector) => {
	const { hash_name, client_nonce, server_nonce, salt, proof, signature } = vector;
	const mechanism = `SCRAM-${hash_name}`;
	const first = `n,,n=user,r=${client_nonce}`;
	const challenge = `r=${client_nonce}${server_nonce},s=${salt},i=4096`;
	const final = `c=biws,r=${client_nonce}${server_nonce},p=${proof}`;

	it("is what the server says", () => {
		const keys = scram_hashers[hash_name]("pencil", bytes(salt), 4096);
		if (!keys.ok) throw new Error(keys.error);
		const account = { state: "enabled", ...keys.value, salt: bytes(salt), iteration_count: 4096 } as const;
		const handler = new_sasl("x", { scram_sha_1: () => account, scram_sha_256: () => account }, [
			create_scram(hash_name, () => server_nonce),
		]);
		handler.select(mechanism);
		expect(send(handler, first)).toBe(`challenge ${challenge}`);
		expect(send(handler, final)).toBe(`success as user v=${signature}`);
	});

	it("is what the client says", () => {
		const client = create_sasl_client({ username: "user", password: "pencil" }, [mechanism], { nonce: client_nonce });
		if (!client.ok) throw new Error(client.error);
		expect(client.value.first().toString()).toBe(first);
		expect(client.value.challenge(Buffer.from(challenge))).toEqual({ ok: true, value: Buffer.from(final) });
		expect(client.value.success(Buffer.from(`v=${signature}`))).toEqual({ ok: true, value: true });
	});
});

/** Plays a client against a server to the end. */
function play(client: SaslClient, handler: SaslHandler): { step: SaslStep; client_error: string | undefined } {
	handler.select(client.mechanism);
	let step = handler.process(client.first());
	while (step.status === "challenge") {
		const answer = client.challenge(step.data);
		if (!answer.ok) return { step, client_error: answer.error };
		step = handler.process(answer.value);
	}
	const checked = step.status === "success" ? client.success(step.data) : undefined;
	return { step, client_error: checked === undefined || checked.ok ? undefined : checked.error };
}

function client_for(username: string, password: string, mechanism: string): SaslClient {
	const client = create_sasl_client({ username, password }, [mechanism]);
	if (!client.ok) throw new Error(client.error);
	return client.value;
}

describe("client and server", () => {
	// Names may hold what SCRAM escapes; nodeprep is left out so that every text that saslprep takes is one.
	const text = fc.string({ unit: fc.constantFrom(..."aB1=,% ü日\u{1f600}\u00a0\u00ad"), minLength: 1, maxLength: 12 });
	const usable = text.filter((candidate) => candidate.replaceAll("\u00ad", "") !== "");

	it.each(["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"])("agree on a password with %s", (mechanism) => {
		fc.assert(
			fc.property(usable, usable, usable, (username, password, other) => {
				const backend: SaslProfile = { nodeprep: false, plain: () => ({ state: "enabled", password }) };
				const good = play(client_for(username, password, mechanism), new_sasl("x", backend));
				expect(good.step.status).toBe("success");
				expect(good.client_error).toBeUndefined();
				fc.pre(other.normalize("NFKC").replaceAll("\u00ad", "") !== password.normalize("NFKC").replaceAll("\u00ad", ""));
				const bad = play(client_for(username, other, mechanism), new_sasl("x", backend));
				expect(bad.step).toMatchObject({ status: "failure", condition: "not-authorized" });
			}),
			{ numRuns: 20 },
		);
	});

	it.each(hash_names)("agree on keys that were stored, %s", (hash_name) => {
		const profile = hashed("user", "pencil", hash_name);
		const { step, client_error } = play(client_for("user", "pencil", `SCRAM-${hash_name}`), new_sasl("x", profile));
		expect(step).toMatchObject({ status: "success", username: "user" });
		expect(client_error).toBeUndefined();
	});

	it("a server that only pretends to know the password is found out", () => {
		const keys = scram_hashers["SHA-1"]("pencil", "salt", 4096);
		if (!keys.ok) throw new Error(keys.error);
		const account = {
			state: "enabled",
			...keys.value,
			server_key: Buffer.alloc(20),
			salt: "salt",
			iteration_count: 4096,
		} as const;
		const { client_error } = play(client_for("user", "pencil", "SCRAM-SHA-1"), new_sasl("x", { scram_sha_1: () => account }));
		expect(client_error).toMatch(/signature is wrong/);
	});
});

describe.each(hash_names)("SCRAM with %s", (hash_name) => {
	const mechanism = `SCRAM-${hash_name}`;
	const profile = hashed("user", "pencil", hash_name);

	it.each([
		["", "failure malformed-request"],
		["nonsense", "failure malformed-request"],
		["n,n=user,r=abc", "failure malformed-request"],
		["x,,n=user,r=abc", "failure malformed-request"],
		["p=,,n=user,r=abc", "failure malformed-request"],
		["n,,n=user", "failure malformed-request"],
		["n,,r=abc,n=user", "failure malformed-request"],
		["n,,m=extension,n=user,r=abc", "failure malformed-request"],
		["n,,n=,r=abc", "failure malformed-request: Invalid username."],
		["n,,n=us=er,r=abc", "failure malformed-request: Invalid username."],
		["n,,n=us=2,r=abc", "failure malformed-request: Invalid username."],
		["n,,n=user=,r=abc", "failure malformed-request: Invalid username."],
		["n,,n=us\u0007er,r=abc", "failure malformed-request: Invalid username."],
		["n,,n=us=2Fer,r=abc", "failure malformed-request: Invalid username."],
		["n,,n=us er,r=abc", "failure malformed-request: Invalid username."],
		["n,,n=nobody,r=abc", "failure not-authorized"],
	])("answers %j with %s", (message, answer) => {
		expect(send(start(profile, mechanism), message)).toBe(answer);
	});

	it.each([
		["disabled", "failure account-disabled"],
		["unavailable", "failure temporary-auth-failure"],
		["unknown", "failure not-authorized"],
	] as const)("refuses an account that is %s", (state, answer) => {
		const refusing: SaslProfile = {
			scram_sha_1: () => ({ state }),
			scram_sha_256: () => ({ state }),
			scram_sha_512: () => ({ state }),
		};
		expect(send(start(refusing, mechanism), "n,,n=user,r=abc")).toBe(answer);
		expect(send(start({ plain: () => ({ state }) }, mechanism), "n,,n=user,r=abc")).toBe(answer);
	});

	it("refuses a password on the server that saslprep does not take", () => {
		const bad: SaslProfile = { plain: () => ({ state: "enabled", password: "\u0007" }) };
		expect(send(start(bad, mechanism), "n,,n=user,r=abc")).toBe("failure not-authorized: Invalid password.");
	});

	function challenged(header = "n,,"): { handler: SaslHandler; nonce: string } {
		const handler = start(profile, mechanism);
		const step = handler.process(Buffer.from(`${header}n=user,r=abc`));
		if (step.status !== "challenge") throw new Error(shown(step));
		const [, nonce = ""] = /^r=(abc[^,]+),s=[^,]+,i=4096$/.exec(step.data.toString()) ?? [];
		expect(nonce.length).toBeGreaterThan(20);
		return { handler, nonce };
	}

	it.each(["n,,", "y,,", "n,a=somebody,"])("takes the header %s", (header) => {
		const { handler, nonce } = challenged(header);
		const binding = Buffer.from(header).toString("base64");
		const proof = Buffer.alloc(scram_functions[hash_name].length).toString("base64");
		expect(send(handler, `c=${binding},r=${nonce},p=${proof}`)).toMatch(/^failure not-authorized: The response/);
	});

	it("refuses channel binding in the end", () => {
		for (const data of ["", "binding"]) {
			const { handler, nonce } = challenged("p=tls-unique,,");
			const binding = Buffer.from(`p=tls-unique,,${data}`).toString("base64");
			expect(send(handler, `c=${binding},r=${nonce},p=AAAA`)).toBe("failure malformed-request: Invalid channel binding value.");
		}
	});

	it("refuses last messages that do not fit the first", () => {
		const missing = "failure malformed-request: Missing an attribute(p, r or c) in SASL message.";
		const cases: [(nonce: string) => string, string][] = [
			[() => "", "failure malformed-request"],
			[(nonce) => `c=biws,r=${nonce}`, missing],
			[(nonce) => `r=${nonce},c=biws,p=AAAA`, missing],
			[(nonce) => `c=biws,p=AAAA,r=${nonce}`, missing],
			[(nonce) => `c=eSws,r=${nonce},p=AAAA`, "failure malformed-request: Invalid channel binding value."],
			[(nonce) => `c=***,r=${nonce},p=AAAA`, "failure malformed-request: Invalid channel binding value."],
			[(nonce) => `c=biws,r=${nonce}x,p=AAAA`, "failure malformed-request: Wrong nonce in client-final-message."],
			[() => "c=biws,r=abc,p=AAAA", "failure malformed-request: Wrong nonce in client-final-message."],
		];
		for (const [message, answer] of cases) {
			const { handler, nonce } = challenged();
			expect(send(handler, message(nonce))).toBe(answer);
		}
		for (const proof of ["", "AAAA", "***", Buffer.alloc(64).toString("base64")]) {
			const { handler, nonce } = challenged();
			expect(send(handler, `c=biws,r=${nonce},p=${proof}`)).toMatch(/^failure not-authorized: The response/);
		}
	});

	it("refuses a good proof with something behind it", () => {
		const client = client_for("user", "pencil", mechanism);
		const handler = start(profile, mechanism);
		const step = handler.process(client.first());
		if (step.status !== "challenge") throw new Error(shown(step));
		const final = client.challenge(step.data);
		if (!final.ok) throw new Error(final.error);
		const longer = final.value
			.toString()
			.replace(/,p=(.*)$/, (_, proof: string) => `,p=${Buffer.concat([bytes(proof), Buffer.from("x")]).toString("base64")}`);
		expect(send(handler, longer)).toMatch(/^failure not-authorized: The response/);
	});

	it("gives each exchange another nonce", () => {
		expect(challenged().nonce).not.toBe(challenged().nonce);
	});

	it("does not tell that an account is unknown, where the profile has decoys", () => {
		const hiding: SaslProfile = { ...profile, decoy: (name) => ({ salt: `salt of ${name}`, iteration_count: 4096 }) };
		const challenge_of = (username: string, offered: SaslProfile): string =>
			send(start(offered, mechanism), `n,,n=${username},r=abc`).replace(/r=abc[^,]+/, "r=abc…");
		expect(challenge_of("nobody", hiding)).toBe(`challenge r=abc…,s=${Buffer.from("salt of nobody").toString("base64")},i=4096`);
		expect(challenge_of("nobody", hiding)).toBe(challenge_of("nobody", hiding));
		const unknown = play(client_for("nobody", "pencil", mechanism), new_sasl("x", hiding)).step;
		const wrong = play(client_for("user", "pen", mechanism), new_sasl("x", hiding)).step;
		expect(unknown).toEqual(wrong);
		expect(unknown.status).toBe("failure");
	});
});

describe("the hasher", () => {
	it("says what it cannot work with", () => {
		expect(scram_hashers["SHA-1"]("\u0007", "salt", 4096)).toEqual({ ok: false, error: "password fails SASLprep" });
		for (const count of [0, -1, 1.5, Number.NaN]) {
			expect(scram_hashers["SHA-1"]("pencil", "salt", count)).toMatchObject({ ok: false });
		}
	});
});

describe("the client", () => {
	const account = { username: "user", password: "pencil" };

	it("picks the best mechanism", () => {
		const pick = (offered: string[], credentials = {}, options = {}): string => {
			const client = create_sasl_client(credentials, offered, options);
			return client.ok ? client.value.mechanism : client.error;
		};
		expect(pick(["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "ANONYMOUS"], account)).toBe("SCRAM-SHA-256");
		expect(pick(["PLAIN", "SCRAM-SHA-1", "ANONYMOUS"], account)).toBe("SCRAM-SHA-1");
		expect(pick(["PLAIN", "ANONYMOUS"], account)).toBe("PLAIN");
		expect(pick(["PLAIN", "ANONYMOUS"])).toBe("ANONYMOUS");
		expect(pick(["ANONYMOUS"], account)).toMatch(/no common SASL mechanism: the server offers ANONYMOUS/);
		expect(pick(["PLAIN"])).toMatch(/no common/);
		expect(pick([], account)).toMatch(/offers none/);
		expect(pick(["PLAIN"], account, { allow_plain: false })).toMatch(/no common/);
		expect(pick(["PLAIN"], { username: "user" })).toMatch(/password is empty/);
		expect(pick(["PLAIN"], { username: "\u0007", password: "x" })).toMatch(/cannot be used/);
	});

	it("says whom to act as", () => {
		const first = (mechanism: string): string => {
			const client = create_sasl_client({ ...account, authzid: "a=b@x" }, [mechanism], { nonce: "abc" });
			return client.ok ? client.value.first().toString() : client.error;
		};
		expect(first("PLAIN")).toBe("a=b@x\0user\0pencil");
		expect(first("SCRAM-SHA-1")).toBe("n,a=a=3Db@x,n=user,r=abc");
	});

	it.each([
		["r=xyz123,s=QUJD,i=4096", /nonce/],
		["r=abc,s=QUJD,i=4096", /nonce/],
		["r=abc123,s=,i=4096", /salt/],
		["r=abc123,i=4096", /salt/],
		["r=abc123,s=QUJD", /iteration count/],
		["r=abc123,s=QUJD,i=0", /iteration count/],
		["r=abc123,s=QUJD,i=99999999", /iteration count/],
		["m=x,r=abc123,s=QUJD,i=4096", /extension/],
		["", /nonce/],
	])("does not answer the challenge %j", (challenge, error) => {
		const client = create_sasl_client(account, ["SCRAM-SHA-1"], { nonce: "abc" });
		if (!client.ok) throw new Error(client.error);
		expect(client.value.challenge(Buffer.from(challenge))).toMatchObject({ ok: false, error: expect.stringMatching(error) });
	});

	it("wants to see the server's signature", () => {
		const client = client_for("user", "pencil", "SCRAM-SHA-1");
		expect(client.success(undefined)).toMatchObject({ ok: false, error: expect.stringMatching(/did not prove/) });
		expect(client.success(Buffer.from("v=AAAA"))).toMatchObject({
			ok: false,
			error: expect.stringMatching(/before it had begun/),
		});
		expect(client.success(Buffer.from("e=other-error"))).toMatchObject({
			ok: false,
			error: expect.stringMatching(/other-error/),
		});
	});

	it("takes the signature in a last challenge, too", () => {
		const handler = start(hashed("user", "pencil", "SHA-1"), "SCRAM-SHA-1");
		const client = client_for("user", "pencil", "SCRAM-SHA-1");
		const challenge = handler.process(client.first());
		if (challenge.status !== "challenge") throw new Error(shown(challenge));
		const final = client.challenge(challenge.data);
		if (!final.ok) throw new Error(final.error);
		const success = handler.process(final.value);
		if (success.status !== "success" || !success.data) throw new Error(shown(success));
		expect(client.challenge(success.data)).toEqual({ ok: true, value: Buffer.alloc(0) });
		expect(client.success(undefined)).toEqual({ ok: true, value: true });
	});

	it("is not asked for anything with mechanisms of one message", () => {
		const client = client_for("user", "pencil", "PLAIN");
		expect(client.challenge(Buffer.alloc(0))).toMatchObject({ ok: false });
		expect(client.success(undefined)).toEqual({ ok: true, value: true });
		expect(base64_decode("=")).toEqual(Buffer.alloc(0));
	});
});
