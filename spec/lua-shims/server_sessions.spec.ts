// Streams with other servers as modules in Lua see them, here and on a real Prosody.

import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunningServer } from "../../host/running_server.ts";
import * as st from "../../host/util/stanza.ts";
import { find_prosody } from "../../tools/reference.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { eventually, expect_stanza } from "../helper.ts";
import { log_in_at, Neighbourhood, start_neighbour, start_prosody_neighbour } from "../host/servers.ts";
import { left_out } from "../needs.ts";

const prosody = find_prosody(process.env["ENJAMB_REFERENCE"]);
const has_unbound = ["/usr/lib/x86_64-linux-gnu/lua/5.4/lunbound.so", "/usr/local/lib/lua/5.4/lunbound.so"].some(existsSync);
const missing = prosody === undefined ? "Prosody is not installed" : has_unbound ? undefined : "lua-unbound is not installed";
const no_prosody = left_out(missing, "what Lua sees of streams with servers is not compared");
const folder = join(import.meta.dirname, "server_sessions");

let neighbours: Neighbourhood;
let observed: string;
const servers: { stop(reason: string): Promise<void> }[] = [];
const clients: Client[] = [];

beforeEach(() => {
	neighbours = new Neighbourhood();
	observed = join(neighbours.folder, "observed");
});

afterEach(async () => {
	await Promise.all(clients.splice(0).map((client) => client.disconnect()));
	await Promise.all(servers.splice(0).map((server) => server.stop("The test is over")));
	neighbours.remove();
});

async function log_in(host: string, port: number, jid: string): Promise<Client> {
	const client = await log_in_at(host, port, jid);
	clients.push(client);
	return client;
}

interface Setting {
	readonly modules: readonly string[];
	/** SHA-256 of a certificate that the module itself trusts. */
	readonly trusted?: string;
	readonly secure?: boolean;
}

const pairs = (): Record<"verona" | "mantua", { certificate: string; key: string }> => ({
	verona: neighbours.certify("verona", ["verona.example"]),
	mantua: neighbours.certify("mantua", ["mantua.example"]),
});

/** The server that is observed, ours. */
async function start_ours(setting: Setting, pair: { certificate: string; key: string }): Promise<[string, number]> {
	const { modules, trusted = "none", secure = true } = setting;
	const server: RunningServer = await start_neighbour(neighbours, {
		address: "127.0.0.41",
		domain: "verona.example",
		port: 5269,
		pair,
		modules: ["observe_s2s", ...modules],
		options: { plugin_paths: [folder], observe_file: observed, observe_trusted: trusted, s2s_secure_auth: secure },
	});
	servers.push(server);
	const at = server.addresses().find(({ service }) => service === "c2s");
	return [at?.host ?? "", at?.port ?? 0];
}

/** The same, a Prosody. */
async function start_prosody(setting: Setting, pair: { certificate: string; key: string }): Promise<[string, number]> {
	const { modules, trusted = "none", secure = true } = setting;
	const reference = await start_prosody_neighbour(neighbours, {
		prosody,
		address: "127.0.0.41",
		domain: "verona.example",
		pair,
		modules: ["observe_s2s", ...modules],
		plugin_paths: [folder],
		options: `s2s_secure_auth = ${secure}\nobserve_file = "${observed}"\nobserve_trusted = "${trusted}"`,
	});
	servers.push(reference);
	return [reference.host, reference.port];
}

async function start_other(pair: { certificate: string; key: string }, setting: Setting): Promise<Client> {
	const server = await start_neighbour(neighbours, {
		address: "127.0.0.42",
		domain: "mantua.example",
		port: 5269,
		pair,
		modules: setting.modules,
		options: { s2s_secure_auth: false },
	});
	servers.push(server);
	const at = server.addresses().find(({ service }) => service === "c2s");
	return log_in(at?.host ?? "", at?.port ?? 0, "juliet@mantua.example");
}

const lines = (): string[] => (existsSync(observed) ? readFileSync(observed, "utf8").trim().split("\n") : []);

async function until(line: string): Promise<void> {
	await eventually(() => expect(lines()).toContain(line));
}

describe.each([
	["this server", start_ours, false],
	["a real Prosody", start_prosody, no_prosody],
] as const)("a module on %s", (_, start, is_missing) => {
	it.skipIf(is_missing)("sees streams come and go, sends over them and closes them", { timeout: 60_000 }, async () => {
		const { verona, mantua } = pairs();
		const setting: Setting = { modules: [] };
		const juliet = await start_other(mantua, setting);
		const romeo = await log_in(...(await start(setting, verona)), "romeo@verona.example");
		const order = (body: string): void => romeo.send(st.message({ to: "verona.example", type: "normal" }, body));
		romeo.send(st.message({ to: juliet.full_jid, type: "chat" }, "but soft"));
		expect((await expect_stanza(juliet)).get_child_text("body")).toBe("but soft");
		juliet.send(st.message({ to: romeo.full_jid, type: "chat" }, "ay me"));
		expect((await expect_stanza(romeo)).get_child_text("body")).toBe("ay me");
		order("look");
		await until("manager: true");
		order("ping");
		await until("pong from mantua.example over s2sin mantua.example->verona.example incoming secure in");
		order("close");
		await until("s2sout-destroyed: s2sout verona.example->mantua.example outgoing secure out");
		// Prosody 0.12 does not fire it
		const later = "s2sout-pre-connect: s2sout_unauthed verona.example->mantua.example outgoing out";
		if (start === start_ours) expect(lines()).toContain(later);
		expect(lines().filter((line) => line !== later)).toEqual([
			"route/remote: verona.example->mantua.example <message/>",
			"s2sout-created: s2sout_unauthed verona.example->mantua.example outgoing out",
			"s2s-check-certificate: mantua.example mantua.example true",
			"s2s-authenticated: s2sout_unauthed verona.example->mantua.example outgoing secure out",
			"s2sout-established: s2sout verona.example->mantua.example outgoing secure out",
			"s2s-stream-features: s2sin_unauthed mantua.example->verona.example incoming in",
			"s2s-check-certificate: mantua.example mantua.example true",
			"s2s-stream-features: s2sin_unauthed mantua.example->verona.example incoming secure in",
			"s2s-authenticated: s2sin_unauthed mantua.example->verona.example incoming secure in",
			"s2sin-established: s2sin mantua.example->verona.example incoming secure in",
			"s2s-stream-features: s2sin mantua.example->verona.example incoming secure in",
			"s2sout: s2sout verona.example->mantua.example outgoing secure out",
			"incoming: s2sin mantua.example->verona.example incoming secure in, 1 of domains, known: true",
			"manager: true",
			"sent: true",
			"pong from mantua.example over s2sin mantua.example->verona.example incoming secure in",
			"s2sout-destroyed: s2sout verona.example->mantua.example outgoing secure out",
		]);
	});

	it.skipIf(is_missing)("may itself trust a certificate", { timeout: 60_000 }, async () => {
		const { verona } = pairs();
		const mantua = neighbours.certify("mantua", ["mantua.example"], "itself");
		const fingerprint = new X509Certificate(readFileSync(mantua.certificate)).fingerprint256.replaceAll(":", "").toLowerCase();
		const setting: Setting = { modules: [], trusted: fingerprint };
		const juliet = await start_other(mantua, setting);
		const romeo = await log_in(...(await start(setting, verona)), "romeo@verona.example");
		romeo.send(st.message({ to: juliet.full_jid, type: "chat" }, "but soft"));
		expect((await expect_stanza(juliet)).get_child_text("body")).toBe("but soft");
	});

	it.skipIf(is_missing)("sees one stream go both ways", { timeout: 60_000 }, async () => {
		const { verona, mantua } = pairs();
		const setting: Setting = { modules: ["s2s_bidi"] };
		const juliet = await start_other(mantua, setting);
		const romeo = await log_in(...(await start(setting, verona)), "romeo@verona.example");
		juliet.send(st.message({ to: romeo.full_jid, type: "chat" }, "ay me"));
		expect((await expect_stanza(romeo)).get_child_text("body")).toBe("ay me");
		romeo.send(st.message({ to: "verona.example", type: "normal" }, "look"));
		await until("manager: true");
		expect(lines().slice(-3)).toEqual([
			"s2sout: s2sin mantua.example->verona.example incoming secure in out",
			"incoming: s2sin mantua.example->verona.example incoming secure in out, 1 of domains, known: true",
			"manager: true",
		]);
	});
});
