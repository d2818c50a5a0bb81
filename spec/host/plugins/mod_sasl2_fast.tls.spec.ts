// Logging in with tokens that are bound to their TLS connection (XEP-0484, RFC 9266, RFC 5929), over TLS.

import { createHash, createHmac, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SecureVersion, TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { self_signed_certificate } from "../../../host/util/x509.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { features, header, RawClient } from "../raw_client.ts";
import { agent, ask, elements, fast, plain, request_token, sasl2, token_in, with_token } from "../sasl2_client.ts";

let folder: string;
let running: TestServer | undefined;
const clients: RawClient[] = [];

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
	const { certificate, key } = self_signed_certificate(["localhost"], 10);
	writeFileSync(join(folder, "localhost.crt"), certificate);
	writeFileSync(join(folder, "localhost.key"), key);
});

afterEach(async () => {
	for (const client of clients.splice(0)) client.destroy();
	await running?.stop();
	running = undefined;
	rmSync(folder, { recursive: true });
});

async function start(network_settings: { openssl_records?: boolean } = {}): Promise<void> {
	running = await start_test_server({
		config: {
			"*": {
				authentication: "internal_hashed",
				default_iteration_count: 4096,
				modules_enabled: ["saslauth", "tls", "sasl2", "sasl2_bind2", "sasl2_fast"],
				c2s_require_encryption: true,
				allow_unencrypted_plain_auth: false,
				certificates: folder,
				tls_server_end_point_hash: "auto",
				network_settings,
			},
		},
	});
	running.server.usermanager.create_user("user", "localhost", "pencil");
}

/** A stream over TLS, and the tokens' mechanisms that are offered on it. */
async function encrypted(version: SecureVersion): Promise<{ client: RawClient; tls: TLSSocket; mechanisms: string[] }> {
	const client = await RawClient.connect(running?.port ?? 0);
	clients.push(client);
	const opening = header("from='user@localhost' to='localhost' version='1.0'");
	await client.ask(opening, features);
	await client.ask("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	const tls = await client.starttls("localhost", { minVersion: version, maxVersion: version });
	expect(tls.getProtocol()).toBe(version);
	const [offer] = elements(await client.ask(opening, features));
	const inline = offer?.get_child("authentication", sasl2)?.get_child("inline", sasl2);
	const mechanisms = inline?.get_child("fast", fast)?.tags.map((tag) => tag.get_text() ?? "");
	return { client, tls, mechanisms: mechanisms ?? [] };
}

/** What a client knows of its connection, by the mechanism that needs it. */
const bindings: Record<string, (tls: TLSSocket) => Buffer> = {
	"HT-SHA-256-EXPR": (tls) => tls.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0)),
	"HT-SHA-256-UNIQ": (tls) => tls.getFinished() ?? expect.fail(),
	"HT-SHA-256-ENDP": (tls) => createHash("sha256").update(new X509Certificate(tls.getPeerCertificate().raw).raw).digest(),
};

describe.each<[string, SecureVersion, boolean, string[]]>([
	["TLS 1.3", "TLSv1.3", false, ["HT-SHA-256-EXPR", "HT-SHA-256-ENDP"]],
	["TLS 1.3 that OpenSSL speaks to the end", "TLSv1.3", true, ["HT-SHA-256-EXPR", "HT-SHA-256-ENDP"]],
	["TLS 1.2", "TLSv1.2", false, ["HT-SHA-256-UNIQ", "HT-SHA-256-ENDP"]],
])("tokens over %s", (_what, version, openssl_records, names) => {
	it("are offered with what binds them, and without", async () => {
		await start({ openssl_records });
		expect((await encrypted(version)).mechanisms).toEqual([...names, "HT-SHA-256-NONE"]);
	});

	it.each(names)("open the account by %s, bound to their own connection alone", async (mechanism) => {
		await start({ openssl_records });
		const binding_of = bindings[mechanism] ?? expect.fail();
		const first = await encrypted(version);
		const token = token_in(await ask(first.client, plain(agent() + request_token(mechanism))));
		expect(token).toMatch(/^secret-token:fast-/);

		const { client, tls } = await encrypted(version);
		const binding = binding_of(tls);
		// What somebody in between has: another connection, to another certificate; or nothing
		const others = mechanism.endsWith("ENDP") ? createHash("sha256").update("another").digest() : binding_of(first.tls);
		expect(others).not.toEqual(binding);
		for (const wrong of [others, Buffer.alloc(0), Buffer.concat([binding, Buffer.from("x")])]) {
			const [refused] = elements(await ask(client, with_token(token, { mechanism, binding: wrong })));
			expect([refused?.name, refused?.tags[0]?.name]).toEqual(["failure", "not-authorized"]);
		}
		// A token that is bound is not to be used without
		for (const other of [...names, "HT-SHA-256-NONE"].filter((name) => name !== mechanism)) {
			const with_other = { mechanism: other, binding: bindings[other]?.(tls) ?? Buffer.alloc(0) };
			expect(elements(await ask(client, with_token(token, with_other)))[0]?.name).toBe("failure");
		}
		const [success] = elements(await ask(client, with_token(token, { mechanism, binding })));
		expect(success?.name).toBe("success");
		const proof = createHmac("sha256", token).update("Responder").update(binding).digest("base64");
		expect(success?.get_child_text("additional-data")).toBe(proof);
	});
});
