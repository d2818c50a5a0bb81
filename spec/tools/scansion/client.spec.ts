import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Client, type ClientOptions } from "../../../tools/scansion/client.ts";
import { not_installed } from "../../needs.ts";
import { type FakeServer, type FakeServerOptions, start_fake_server } from "./fake_server.ts";

let server: FakeServer | undefined;

afterEach(async () => {
	await server?.stop();
	server = undefined;
});

async function connect(options: FakeServerOptions, client: Partial<ClientOptions> = {}) {
	server = await start_fake_server(options);
	const { port } = server;
	return Client.connect({ host: "127.0.0.1", port, jid: "ada@localhost", password: "engine", timeout: 300, ...client });
}

/** Why connecting fails, without the address, which differs each time. */
async function refusal(options: FakeServerOptions): Promise<string> {
	const connected = await connect(options);
	if (connected.ok) throw new Error("expected a refusal");
	return connected.error.replace(/ port \d+/, "");
}

/** A self-made key and certificate; undefined where there is no openssl to make them. */
function make_certificate(): { key: string; cert: string } | undefined {
	const folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
	try {
		const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
		const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
		const made = spawnSync("openssl", [
			"req",
			"-x509",
			...curve,
			"-nodes",
			"-keyout",
			key,
			"-out",
			cert,
			"-subj",
			"/CN=localhost",
		]);
		return made.status === 0 ? { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") } : undefined;
	} finally {
		rmSync(folder, { recursive: true });
	}
}

const certificate = make_certificate();
const no_openssl = not_installed(certificate, "openssl", "no client of ours encrypts its stream");

describe("Client", () => {
	it("binds the resource it is given, or the server's", async () => {
		const given = await connect({}, { resource: "desk" });
		expect(given.ok && given.value.full_jid).toBe("ada@localhost/desk");
		if (given.ok) await given.value.disconnect();
		const chosen = await connect({});
		expect(chosen.ok && chosen.value.full_jid).toBe("ada@localhost/r1");
		if (chosen.ok) await chosen.value.disconnect();
	});

	it("sends nothing of its own accord", async () => {
		const connected = await connect({});
		if (!connected.ok) throw new Error(connected.error);
		await connected.value.settle(true);
		await connected.value.disconnect();
		expect(server?.received).toEqual([]);
		expect(connected.value.queue).toEqual([]);
	});

	it.skipIf(no_openssl)("encrypts when the server requires it, whoever signed for this machine", async () => {
		if (certificate === undefined) return;
		const connected = await connect({ tls: certificate });
		expect(connected.ok && connected.value.full_jid).toBe("ada@localhost/r1");
		if (connected.ok) await connected.value.disconnect();
	});

	it.each([
		["a wrong password", { password: "other" }, "authentication failed: not-authorized (Wrong word)"],
		["mechanisms it does not know", { mechanisms: ["EXTERNAL"] }, "no common SASL mechanism: the server offers EXTERNAL"],
		["no mechanisms", { mechanisms: [] }, "no common SASL mechanism: the server offers none"],
		["silence", { silent: true }, "no answer to the authentication within 0.3 s"],
	])("gives up on %s", async (_, options, message) => {
		expect(await refusal(options)).toBe(`ada@localhost could not connect to 127.0.0.1: ${message}`);
	});

	it("tells that nobody listens", async () => {
		server = await start_fake_server();
		const { port } = server;
		await server.stop();
		const connected = await Client.connect({ host: "127.0.0.1", port, jid: "ada@localhost", password: "engine", timeout: 300 });
		expect(!connected.ok && connected.error).toContain("ECONNREFUSED");
	});
});
