// Snikket's own configuration, as its repository has it, with its modules: what its portal and two of its people do, here and on a real
// Prosody 13. SNIKKET names a copy of https://github.com/snikket-im/snikket-server, PROSODY_MODULES one of prosody-modules.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compose_server, load_config } from "../../../host/composition.ts";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { free_port, start_reference } from "../../../tools/reference.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { ask, expect_stanza } from "../../helper.ts";
import { log_in_at } from "../../host/servers.ts";
import { not_packaged } from "../../needs.ts";
import { missing_here, module_folders, without_prosody_13 } from "./community.ts";
import { is_self, muc } from "./terrace.ts";

const snikket = process.env["SNIKKET"];
const configuration = join(snikket ?? "", "ansible/files/prosody.cfg.lua");
const is_left_out =
	not_packaged(existsSync(configuration) ? undefined : "SNIKKET names no copy of Snikket", "its configuration is not tried") ||
	missing_here("http_admin_api");
const no_prosody_13 = without_prosody_13();
const domain = "snikket.test";

/** A server that runs Snikket's configuration. */
interface Portal {
	readonly port: number;
	readonly http_port: number;
	log(): Promise<string>;
	stop(): Promise<void>;
}

/** A folder with what the configuration names, and its text with that in place of the places of an installation. */
async function prepare(http_port: number, proxy_port: number): Promise<{ folder: string; text: string }> {
	const folder = await mkdtemp(join(tmpdir(), "enjamb-snikket-"));
	for (const name of ["modules", "certs", "www", "data", "firewall"]) await mkdir(join(folder, name));
	const own = join(snikket ?? "", "snikket-modules");
	const links = readdirSync(own).map((name) => join(own, name));
	// it has these of prosody-modules, and no others
	const tasks = await readFile(join(snikket ?? "", "ansible/tasks/prosody.yml"), "utf8");
	const [, list = ""] = /Enable wanted modules \(prosody-modules\)(.*?)\n- name/s.exec(tasks) ?? [];
	for (const [name] of list.matchAll(/\bmod_\w+/g)) links.push(join(process.env["PROSODY_MODULES"] ?? "", name));
	for (const link of new Set(links))
		if (existsSync(link)) await symlink(link, join(folder, "modules", link.slice(link.lastIndexOf("/") + 1)));
	await writeFile(join(folder, "data/oauth2-registration-secret"), "secret");
	const names = ["", "groups.", "share."].map((name) => `DNS:${name}${domain}`).join(",");
	const [key, certificate] = [join(folder, `certs/${domain}.key`), join(folder, `certs/${domain}.crt`)];
	execFileSync(
		"openssl",
		[
			"req",
			"-x509",
			"-newkey",
			"rsa:2048",
			"-nodes",
			"-days",
			"2",
			"-subj",
			`/CN=${domain}`,
			"-addext",
			`subjectAltName=${names}`,
			"-keyout",
			key,
			"-out",
			certificate,
		],
		{ stdio: "ignore" },
	);
	Object.assign(process.env, {
		SNIKKET_DOMAIN: domain,
		TWEAK_SNIKKET_BOOTSTRAP_INDEX: "1",
		TWEAK_SNIKKET_BOOTSTRAP_SECRET: "boot",
		SNIKKET_TWEAK_TURNSERVER: "0",
		SNIKKET_UPDATE_CHECK: "0",
		SNIKKET_TWEAK_INTERNAL_HTTP_PORT: String(http_port),
		SNIKKET_PROXY65_PORT: String(proxy_port),
	});
	const places: readonly (readonly [string | RegExp, string])[] = [
		[
			'{ "/etc/prosody/modules" }',
			`{ ${[join(folder, "modules"), ...module_folders.slice(-1)].map((path) => `"${path}"`).join(", ")} }`,
		],
		[/\/etc\/prosody\//g, `${folder}/`],
		[/\/snikket\/prosody/g, `${folder}/data`],
		["/var/run/prosody/prosody.pid", `${folder}/prosody.pid`],
		["/var/www", `${folder}/www`],
		['certificates = "certs"', `certificates = "${folder}/certs"`],
		['"127.0.0.1,::1"', '"127.0.0.1"'],
		// the clients of these specs speak no TLS
		["c2s_require_encryption = true", "c2s_require_encryption = false\nallow_unencrypted_plain_auth = true"],
		['disable_sasl_mechanisms = { "PLAIN", "OAUTHBEARER" }', "disable_sasl_mechanisms = {}"],
		["c2s_direct_tls_ports = { 5223 }", "c2s_direct_tls_ports = {}"],
	];
	let text = await readFile(configuration, "utf8");
	for (const [place, here] of places) text = text.replace(place, here);
	return { folder, text };
}

async function start_ours(): Promise<Portal> {
	const http_port = await free_port();
	const { folder, text } = await prepare(http_port, await free_port());
	const [file, log_file] = [join(folder, "prosody.cfg.lua"), join(folder, "log.txt")];
	await writeFile(file, `interfaces = { "127.0.0.1" }\nc2s_ports = { 0 }\ns2s_ports = {}\n${text}`);
	const loaded = await load_config(file);
	if (!loaded.ok) throw new Error(`${loaded.error.line}: ${loaded.error.message}`);
	const composed = compose_server(loaded.value.config, { log: [{ to: { file: log_file }, level: "debug" }] });
	if (!composed.ok) throw new Error(composed.error);
	const server = composed.value;
	const listening = await server.start();
	if (!listening.ok) throw new Error(listening.error);
	return {
		port: server.addresses().find(({ service }) => service === "c2s")?.port ?? 0,
		http_port,
		log: () => readFile(log_file, "utf8"),
		async stop() {
			await server.stop("The play is over");
			await rm(folder, { recursive: true });
		},
	};
}

async function start_prosody(): Promise<Portal> {
	const http_port = await free_port();
	const { folder, text } = await prepare(http_port, await free_port());
	const started = await start_reference({ prosody: process.env["ENJAMB_REFERENCE"], config: text });
	if (!started.ok) throw new Error(started.error);
	const { port, log, stop } = started.value;
	return {
		port,
		http_port,
		log: async () => log(),
		async stop() {
			await stop();
			await rm(folder, { recursive: true });
		},
	};
}

interface Answer {
	readonly status: number | undefined;
	readonly location: string | undefined;
	readonly text: string;
}

/** Asks the server over HTTP, as the proxy before it does. */
function call(
	{ http_port }: Portal,
	method: string,
	path: string,
	body?: unknown,
	{ host = domain, ...headers }: { readonly [name: string]: string } = {},
): Promise<Answer> {
	const is_text = typeof body === "string" || body === undefined;
	const sent = is_text ? body : JSON.stringify(body);
	return new Promise((resolve, reject) => {
		const asking = request(
			{
				host: "127.0.0.1",
				port: http_port,
				method,
				path,
				headers: { host, ...(is_text ? {} : { "content-type": "application/json" }), ...headers },
			},
			(response) => {
				let text = "";
				response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
				response.on("end", () => resolve({ status: response.statusCode, location: response.headers.location, text }));
			},
		);
		asking.on("error", reject);
		asking.end(sent);
	});
}

function field(text: string, name: string): string {
	const value: unknown = Reflect.get(Object(JSON.parse(text)), name);
	return typeof value === "string" ? value : "";
}

/** A token for the portal, as it asks for one in somebody's name. */
async function token_of(portal: Portal, username: string): Promise<Answer> {
	const client = {
		client_name: "Portal",
		client_uri: `https://${domain}/`,
		redirect_uris: [`https://${domain}/back`],
		grant_types: ["password"],
		response_types: [],
	};
	const registered = await call(portal, "POST", "/oauth2/register", client);
	const credentials = Buffer.from(`${field(registered.text, "client_id")}:${field(registered.text, "client_secret")}`);
	const wish = new URLSearchParams({ grant_type: "password", username: `${username}@${domain}`, password, scope: "xmpp" });
	return call(portal, "POST", "/oauth2/token", wish.toString(), {
		"content-type": "application/x-www-form-urlencoded",
		authorization: `Basic ${credentials.toString("base64")}`,
	});
}

const password = "correct horse battery";

async function log_in(portal: Portal, name: string): Promise<Client> {
	const client = await log_in_at("127.0.0.1", portal.port, `${name}@${domain}`, password);
	return client;
}

describe.skipIf(is_left_out)("Snikket", () => {
	async function play(portal: Portal): Promise<unknown[]> {
		const told: unknown[] = [];
		const tell = ({ status, text }: Answer): void => {
			// pages of errors are the server's own
			told.push([status, text.startsWith("<!DOCTYPE") ? "a page" : text.replaceAll(/"[\w-]{10,}"|\d{9,}/g, "…")]);
		};
		const register = (token: string, username: string, secret = password): Promise<Answer> =>
			call(portal, "POST", "/register_api/register", { username, password: secret, token });

		// the first administrator
		tell(await call(portal, "GET", "/invites_bootstrap?token=wrong"));
		const boot = await call(portal, "GET", "/invites_bootstrap?token=boot");
		const first = /\/invite\/([^/]+)\/$/.exec(boot.location ?? "")?.[1] ?? "";
		told.push([
			boot.status,
			first !== "",
			(await call(portal, "GET", "/invites_bootstrap?token=boot")).location === boot.location,
		]);
		told.push(field((await call(portal, "GET", `/register_api/invite/${first}`)).text, "type"));
		tell(await register("wrong", "ada"));
		tell(await register(first, "ada"));
		tell(await register(first, "eve"));

		// what the portal may do for her, and not for others
		const granted = await token_of(portal, "ada");
		told.push(granted.status);
		const authorization = `Bearer ${field(granted.text, "access_token")}`;
		const administer = (method: string, path: string, body?: unknown): Promise<Answer> =>
			call(portal, method, `/admin_api${path}`, body, { authorization });
		told.push((await call(portal, "GET", "/admin_api/users")).status, (await administer("GET", "/server/info")).status);
		const invited = await administer("POST", "/invites/account", {});
		told.push([invited.status, field(invited.text, "type")]);
		tell(await register(field(invited.text, "id"), "bob"));
		const others = await token_of(portal, "bob");
		told.push(
			(
				await call(portal, "GET", "/admin_api/users", undefined, {
					authorization: `Bearer ${field(others.text, "access_token")}`,
				})
			).status,
		);
		const users: unknown = JSON.parse((await administer("GET", "/users")).text);
		told.push(Array.isArray(users) ? users.map((user: unknown) => field(JSON.stringify(user), "username")).sort() : users);

		// a circle makes contacts of them, and gives them a room
		const [ada, bob] = [await log_in(portal, "ada"), await log_in(portal, "bob")];
		for (const client of [ada, bob]) {
			await ask(client, st.iq({ type: "get", id: "roster" }).query(ns.roster).reset());
			client.send(st.presence());
		}
		const circle = await administer("POST", "/groups", { name: "Crew", create_muc: true });
		const id = field(circle.text, "id");
		for (const name of ["ada", "bob"]) told.push((await administer("PUT", `/groups/${id}/members/${name}`)).status);
		const roster = await ask(bob, st.iq({ type: "get", id: "again" }).query(ns.roster).reset());
		told.push(
			roster.first_tag?.tags.filter(({ attr }) => attr["jid"] === `ada@${domain}`).map(({ attr }) => attr["subscription"]),
		);
		const chats: unknown = Reflect.get(Object(JSON.parse((await administer("GET", `/groups/${id}`)).text)), "chats");
		const room = Array.isArray(chats) ? field(JSON.stringify(chats[0]), "jid") : "";
		told.push(room.replace(/^[^@]+/, "…"));
		for (const [client, nick] of [
			[ada, "Ada"],
			[bob, "Bob"],
		] as const) {
			client.send(
				st
					.presence({ to: `${room}/${nick}` })
					.tag("x", { xmlns: muc })
					.reset(),
			);
			await expect_stanza(client, is_self);
		}
		bob.send(st.message({ to: room, type: "groupchat" }, "hello"));
		const heard = await expect_stanza(ada, (stanza) => stanza.get_child_text("body") === "hello");
		told.push(heard.attr["from"]?.replace(room, "…"));

		// a picture
		const wish = st.iq({ type: "get", id: "slot", to: `share.${domain}` });
		const slot = await ask(
			ada,
			wish
				.tag("request", { xmlns: "urn:xmpp:http:upload:0", filename: "a.txt", size: "5", "content-type": "text/plain" })
				.reset(),
		);
		const put = slot.first_tag?.get_child("put");
		const get = slot.first_tag?.get_child("get");
		const headers = Object.fromEntries(
			[...(put?.childtags("header") ?? [])].map((header) => [header.attr["name"] ?? "", header.get_text() ?? ""]),
		);
		const path = (url: string | undefined): string => (url ?? "").replace(`https://share.${domain}`, "");
		const share = { host: `share.${domain}`, "content-type": "text/plain" };
		told.push((await call(portal, "PUT", path(put?.attr["url"]), "hello", { ...share, ...headers })).status);
		tell(await call(portal, "GET", path(get?.attr["url"]), undefined, share));
		for (const client of [ada, bob]) await client.disconnect();
		return told;
	}

	it("invites, registers, makes circles, shares files and is administered over the web", async () => {
		const results: unknown[] = [];
		for (const start of no_prosody_13 ? [start_ours] : [start_ours, start_prosody]) {
			const portal = await start();
			try {
				results.push(await play(portal));
				if (start === start_ours)
					expect((await portal.log()).split("\n").filter((line) => /Traceback|attempt to/.test(line))).toEqual([]);
			} catch (error) {
				throw new Error(`${error instanceof Error ? error.stack : error}\n${(await portal.log()).slice(-3000)}`);
			} finally {
				await portal.stop();
			}
		}
		const [ours, prosodys = ours] = results;
		expect(ours).toEqual(prosodys);
		expect(JSON.stringify(ours)).toContain('"…/Bob"');
	});
});
