// Modules of https://modules.prosody.im that ask others: a name server, a mail server, a database. COMMUNITY_MODULES names a folder
// that holds them; mod_auth_sql is Debian's, too. The same conversation here and on a real Prosody.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import * as st from "../../../host/util/stanza.ts";
import { ask, eventually } from "../../helper.ts";
import { answer_dns } from "../require/dns_server.ts";
import { type SmtpServer, start_smtp_server } from "../require/smtp_server.ts";
import { missing, on_both, type Stage, without_prosody } from "./community.ts";
import { register } from "./registering.ts";

const modules = process.env["COMMUNITY_MODULES"];
if (modules === undefined) console.warn("COMMUNITY_MODULES names no folder: mod_register_dnsbl and mod_email are not tried here");
const not_there = (name: string): boolean => modules === undefined || !existsSync(join(modules, `mod_${name}/mod_${name}.lua`));
const folders = modules === undefined ? [] : [modules];
const no_prosody = without_prosody();

/** How logging in ends for some people, whose password has to be `password`. */
async function log_in(stage: Stage, names: readonly string[]): Promise<string[]> {
	const outcomes: string[] = [];
	for (const name of names) {
		const outcome = await stage.client(name).then(
			() => "in",
			(error: unknown) => (String(error).includes("not-authorized") ? "not-authorized" : String(error)),
		);
		outcomes.push(`${name} ${outcome}`);
	}
	return outcomes;
}

describe.skipIf(missing("auth_sql"))("mod_auth_sql", () => {
	it("lets those in who are in a database", async () => {
		const folder = await mkdtemp(join(tmpdir(), "enjamb-auth-sql-"));
		const file = join(folder, "accounts.sqlite");
		const database = new Sqlite(file);
		database.exec("CREATE TABLE authreg (username TEXT, realm TEXT, password TEXT)");
		const add = database.prepare("INSERT INTO authreg VALUES (?, ?, ?)");
		add.run("romeo", "localhost", "password");
		add.run("juliet", "localhost", "another one");
		add.run("tybalt", "elsewhere", "password");
		database.close();
		const options = `authentication = "sql"\nauth_sql = { driver = "SQLite3", database = "${file}" }`;
		const [ours, prosodys] = await on_both({ options }, no_prosody, (stage) =>
			log_in(stage, ["romeo", "juliet", "tybalt", "nobody"]),
		);
		expect(ours).toEqual(prosodys);
		expect(ours).toEqual(["romeo in", "juliet not-authorized", "tybalt not-authorized", "nobody not-authorized"]);
		await rm(folder, { recursive: true });
	});
});

describe.skipIf(not_there("register_dnsbl"))("mod_register_dnsbl", () => {
	let socket: Socket;
	const start = async (zone: Parameters<typeof answer_dns>[1]): Promise<string> => {
		socket = createSocket("udp4");
		answer_dns(socket, zone);
		socket.bind(0, "127.0.0.1");
		await once(socket, "listening");
		return `127.0.0.1@${socket.address().port}`;
	};
	afterEach(() => socket.close());

	it.each([
		["refuses who is on the list", { "1.0.0.127.dnsbl.example A": ["127.0.0.2"] }, "error not-acceptable"],
		["lets all others register", {}, "result "],
	] as const)("%s", async (_name, zone, expected) => {
		const forward = await start(zone);
		const options = `allow_registration = true
			authentication = "internal_hashed"
			registration_rbl = "dnsbl.example"
			unbound = { forward = "${forward}", hoststxt = false, resolvconf = false }`;
		const accounts = ["register_ibr", "register_dnsbl"];
		const [ours, prosodys] = await on_both({ accounts, options, folders }, no_prosody, async (stage) => {
			const { type, condition } = await register(stage.port, "newcomer");
			return `${type} ${condition}`;
		});
		expect(ours).toBe(prosodys);
		expect(ours).toBe(expected);
	});
});

describe.skipIf(not_there("email"))("mod_email", () => {
	let mail: SmtpServer;
	beforeAll(async () => {
		mail = await start_smtp_server(["nobody@example"]);
	});
	afterAll(() => mail.stop());

	it("sends mail for other modules", async () => {
		const options = `smtp = { server = "127.0.0.1", port = ${mail.port}, origin = "prosody@example" }`;
		const seen: string[] = [];
		await on_both(
			{ accounts: ["email", "stage_mail"], options, folders: [...folders, join(import.meta.dirname, "mailing")] },
			no_prosody,
			async (stage) => {
				const romeo = await stage.client("romeo");
				await ask(
					romeo,
					st
						.iq({ type: "set", id: "m", to: "localhost" })
						.tag("mail", { xmlns: "urn:test:mail", to: "juliet@example" })
						.text("But soft!\n.\nlast"),
				);
				await eventually(() => expect(mail.mails.length).toBe(seen.length + 1));
				const { from, to, text } = mail.mails.at(-1) ?? { from: "", to: [], text: "" };
				const lines = text.split("\n").filter((line) => !/^(Date|X-Mailer):/i.test(line));
				seen.push(JSON.stringify([from, to, lines.slice(0, lines.indexOf("")).sort(), lines.slice(lines.indexOf(""))]));
				return seen.length;
			},
		);
		expect(seen[0]).toBe(seen[1] ?? seen[0]);
		expect(seen[0]).toContain('"But soft!",".","last"');
	});
});
