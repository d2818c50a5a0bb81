import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nkeys } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { check_cluster } from "../../../../host/cli/check/cluster.ts";
import { Nats } from "../../../../host/core/cluster/nats.ts";
import { read_nats_files } from "../../../../host/core/cluster/nats_files.ts";
import { Config } from "../../../../host/core/configmanager.ts";
import { patience } from "../../../helper.ts";
import { not_installed } from "../../../needs.ts";
import { find_nats, start_nats, type TestNats } from "../../databases/nats.ts";

const missing = not_installed(find_nats(), "nats-server", "files for connections to NATS are not tried");

let folder = "";
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-nats-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, text: string | Uint8Array): string {
	const path = join(folder, name);
	writeFileSync(path, text, { mode: 0o600 });
	return path;
}

describe("files for connections to NATS", () => {
	it.each([
		["an empty file", ""],
		["something else", "hello\n"],
		["a damaged certificate", "-----BEGIN CERTIFICATE-----\nhello\n-----END CERTIFICATE-----\n"],
		["a damaged seed", "SUABCDEFGHABCDEFGHABCDEFGHABCDEFGHABCDEFGHABCDEFGHABCDEFGH\n"],
	])("are refused where they are %s, by name", (_what, text) => {
		const path = written("wrong", text);
		const ca = read_nats_files({ ca: path });
		expect(ca.ok || ca.error).toContain(`nats_ca: ${path}: expected certificates in PEM`);
		const credentials = read_nats_files({ credentials: path });
		expect(credentials.ok || credentials.error).toContain(`nats_credentials: ${path}: expected the credentials`);
		expect(credentials.ok || credentials.error).not.toContain("ABCDEFGH");
	});

	it("are refused where they cannot be read, by a check, too", async () => {
		const path = join(folder, "none");
		const ca = read_nats_files({ ca: path });
		expect(ca.ok || ca.error).toContain(`nats_ca: ${path} cannot be read`);
		const cluster = { nats: "tls://127.0.0.1:1", nats_credentials: path, node: "a" };
		const sql = { driver: "PostgreSQL", database: "prosody" };
		const config = Config.from({ "*": { cluster, storage: "sql", sql }, "a.example": {} });
		expect(await check_cluster(config, [])).toMatchObject([
			{ severity: "error", option: "cluster", message: expect.stringContaining(`nats_credentials: ${path} cannot be read`) },
		]);
	});
});

describe.skipIf(missing)("a NATS", () => {
	async function start(config: string): Promise<TestNats> {
		const server = await start_nats(["-c", written("nats.conf", config)]);
		onTestFinished(() => server.remove());
		return server;
	}

	async function connects(servers: string[], files: Parameters<typeof read_nats_files>[0]): Promise<string> {
		const trust = read_nats_files(files);
		if (!trust.ok) return trust.error;
		let why = "";
		const ending = new AbortController();
		const timer = setTimeout(() => ending.abort(), patience);
		// On a busy machine it may be slow, which is no answer
		const warn = (text: string): void => {
			why = text;
			if (/authorization|certificate/i.test(text)) ending.abort();
		};
		try {
			const nats = await Nats.connect({ servers, name: "spec", patience: 20_000, trust: trust.value, warn }, ending.signal);
			await nats.close();
			return "connected";
		} catch {
			return why;
		} finally {
			clearTimeout(timer);
		}
	}

	it("with a certificate of an authority of one's own is trusted by nats_ca only", async () => {
		const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
		const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
		const how = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", certificate];
		execFileSync("openssl", [...how, ...names], { stdio: "ignore" });
		const server = await start(`tls { cert_file: "${certificate}", key_file: "${key}" }\n`);
		const url = server.url.replace("nats:", "tls:");
		expect(await connects([url], { ca: certificate })).toBe("connected");
		expect(await connects([url], {})).toMatch(/cannot be reached.*certificate/);
	});

	it("knows a node by the seed of an NKey", async () => {
		const [user, stranger] = [nkeys.createUser(), nkeys.createUser()];
		const server = await start(`authorization { users: [ { nkey: ${user.getPublicKey()} } ] }\n`);
		expect(await connects([server.url], { credentials: written("seed", `${Buffer.from(user.getSeed())}\n`) })).toBe("connected");
		expect(await connects([server.url], { credentials: written("other", stranger.getSeed()) })).toContain("Authorization");
	});

	it("knows a node by credentials", async () => {
		const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()];
		const jwt = (issuer: typeof user, subject: typeof user, name: string, nats: object): string => {
			const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
			const claims = { jti: name, iat: 1_700_000_000, iss: issuer.getPublicKey(), sub: subject.getPublicKey(), name, nats };
			const text = `${encoded({ typ: "JWT", alg: "ed25519-nkey" })}.${encoded(claims)}`;
			return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString("base64url")}`;
		};
		const limits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
		const of_operator = jwt(operator, operator, "spec", { type: "operator", version: 2 });
		const of_account = jwt(operator, account, "account", { type: "account", version: 2, limits });
		const of_user = jwt(account, user, "node", { type: "user", version: 2, subs: -1, data: -1, payload: -1, pub: {}, sub: {} });
		const server = await start(
			`operator: ${of_operator}\nresolver: MEMORY\nresolver_preload: { ${account.getPublicKey()}: ${of_account} }\n`,
		);
		const credentials = `-----BEGIN NATS USER JWT-----
${of_user}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${Buffer.from(user.getSeed())}
------END USER NKEY SEED------
`;
		expect(await connects([server.url], { credentials: written("node.creds", credentials) })).toBe("connected");
		expect(await connects([server.url], {})).toContain("Authorization");
	});
});
