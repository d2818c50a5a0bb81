import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { self_signed_certificate } from "../../host/util/x509.ts";
import { ask, expect_stanza, start_test_server, type TestServer } from "../helper.ts";
import { not_installed } from "../needs.ts";

const is_there = spawnSync("go-sendxmpp", ["--version"]).error === undefined;
const no_client = not_installed(is_there, "go-sendxmpp", "no client with a Go library talks to this server");

// Its library sends a line end behind </auth> and </response>, before the header of the new stream
describe.skipIf(no_client)("go-sendxmpp", () => {
	let folder: string;
	let server: TestServer;

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "enjamb-go-"));
		const { certificate, key } = self_signed_certificate(["localhost"], 2);
		const files = { certificate: join(folder, "a.crt"), key: join(folder, "a.key") };
		writeFileSync(files.certificate, certificate);
		writeFileSync(files.key, key);
		server = await start_test_server({
			config: {
				"*": { ssl: files, c2s_direct_tls_ports: [0], authentication: "internal_hashed", modules_enabled: ["tls", "saslauth"] },
				localhost: { authentication: "internal_hashed" },
			},
		});
		for (const name of ["ada", "bob"]) server.server.usermanager.create_user(name, "localhost", "password");
	});

	afterAll(async () => {
		await server?.stop();
		rmSync(folder, { recursive: true });
	});

	/** Sends a message, and answers with its exit status and what it complained about. */
	async function send(text: string, service: string, ...more: readonly string[]): Promise<unknown> {
		const port = server.server.addresses().find((address) => address.service === service)?.port;
		const child = spawn("go-sendxmpp", ["-u", "ada@localhost", "-p", "password", "-j", `127.0.0.1:${port}`, "-n", ...more]);
		let said = "";
		for (const stream of [child.stdout, child.stderr]) {
			stream.on("data", (chunk: Buffer) => {
				said += chunk;
			});
		}
		child.stdin.end(`${text}\n`);
		const [status] = await once(child, "close");
		return { status, said };
	}

	it.each([
		["STARTTLS", "c2s", []],
		["TLS from the first byte", "c2s_direct_tls", ["-t"]],
	])("sends messages over %s", async (_, service, options) => {
		const bob = await server.client("bob");
		bob.send(st.presence());
		expect(await send("hello", service, ...options, "bob@localhost")).toEqual({ status: 0, said: "" });
		const message = await expect_stanza(bob, (stanza) => stanza.name === "message");
		expect(message.get_child_text("body")).toBe("hello");
	});

	it("speaks in rooms", async () => {
		const bob = await server.client("bob");
		bob.send(st.presence({ to: "tearoom@conference.localhost/Bob" }).tag("x", { xmlns: ns.muc }).up());
		await expect_stanza(bob, (stanza) => stanza.name === "presence");
		const unlock = st.iq({ type: "set", id: "unlock", to: "tearoom@conference.localhost" });
		await ask(bob, unlock.tag("query", { xmlns: ns.muc_owner }).tag("x", { xmlns: "jabber:x:data", type: "submit" }).up().up());
		const sent = await send("good evening", "c2s", "-c", "tearoom@conference.localhost");
		expect(sent).toEqual({ status: 0, said: "" });
		const message = await expect_stanza(bob, (stanza) => stanza.get_child("body") !== undefined);
		expect(message.get_child_text("body")).toBe("good evening");
	});
});
