// Logging in over a socket: the same streams with a real Prosody and with ours, from the header to the bound resource.

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { add_user, change_password, delete_user } from "../../../host/core/adduser.ts";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { find_prosody, type Reference, start_reference } from "../../../tools/reference.ts";
import { Client } from "../../../tools/scansion/client.ts";
import { ask, expect_stanza, patience, start_test_server, type TestServer } from "../../helper.ts";
import { not_installed } from "../../needs.ts";
import { RawStream } from "../raw_stream.ts";

const host = "example.org";
const options = {
	authentication: "internal_plain",
	c2s_require_encryption: false,
	allow_unencrypted_plain_auth: true,
	modules_enabled: ["saslauth", "iq", "register", "disco"],
};

let server: TestServer | undefined;

afterEach(async () => {
	await server?.stop();
	server = undefined;
});

/** Our server with the account `user` and the password `pencil`. */
async function start(more: Record<string, string | boolean> = {}): Promise<TestServer> {
	server = await start_test_server({ config: { [host]: { defined: true, ...options, ...more } } });
	const made = await add_user(server.server, `user@${host}`, "pencil");
	if (!made.ok) throw new Error(made.error);
	return server;
}

async function login(port: number, password: string, username = "user"): Promise<Client | string> {
	const jid = `${username}@${host}`;
	const client = await Client.connect({ host: "127.0.0.1", port, jid, password, resource: "phone", timeout: patience });
	return client.ok ? client.value : client.error;
}

async function login_or_fail(port: number, password: string): Promise<Client> {
	const client = await login(port, password);
	if (typeof client === "string") throw new Error(client);
	return client;
}

describe("over a socket", () => {
	it.each(["internal_plain", "internal_hashed"])("accounts of %s log in, and nobody else", async (authentication) => {
		const { port } = await start({ authentication });
		const client = await login_or_fail(port, "pencil");
		expect(client.full_jid).toBe("user@example.org/phone");
		expect(await login(port, "pen")).toMatch(/not-authorized/);
		expect(await login(port, "pencil", "nobody")).toMatch(/not-authorized/);
		await client.disconnect();
	});

	it("sessions know their role", async () => {
		const { port, server: running } = await start();
		const client = await login_or_fail(port, "pencil");
		expect(running.full_sessions.get(client.full_jid)?.role?.name).toBe("prosody:member");
		await client.disconnect();
	});

	it("people change their password", async () => {
		const { port } = await start();
		const client = await login_or_fail(port, "pencil");
		const change = st.iq({ id: "p1", type: "set" }).query(ns.register);
		change.text_tag("username", "user").text_tag("password", "quill");
		expect((await ask(client, change)).attr["type"]).toBe("result");
		expect(await login(port, "pencil")).toMatch(/not-authorized/);
		await (await login_or_fail(port, "quill")).disconnect();
		await client.disconnect();
	});

	it("people remove their account, and hear of it", async () => {
		const { port, server: running } = await start();
		const client = await login_or_fail(port, "pencil");
		client.send(st.iq({ id: "d1", type: "set" }).query(ns.register).tag("remove").up());
		const answer = await expect_stanza(client);
		expect([answer.attr["id"], answer.attr["type"]]).toEqual(["d1", "result"]);
		expect(await client.take(() => true, patience)).toBeUndefined();
		expect(client.ended).toMatch(/not-authorized/);
		expect(running.usermanager.users(host)).toEqual([]);
		expect(await login(port, "pencil")).toMatch(/not-authorized/);
	});

	it.each<[string, (running: TestServer["server"]) => unknown, RegExp]>([
		["is deleted", (running) => delete_user(running, `user@${host}`), /not-authorized \(Account deleted\)/],
		["gets another password", (running) => change_password(running, `user@${host}`, "x"), /reset \(Password changed\)/],
		[
			"gets another role",
			(running) => running.usermanager.set_user_role("user", host, "prosody:admin"),
			/reset \(Role changed\)/,
		],
	])("a stream ends when its account %s", async (_what, act, reason) => {
		const { port, server: running } = await start();
		const client = await login_or_fail(port, "pencil");
		act(running);
		expect(await client.take(() => true, patience)).toBeUndefined();
		expect(client.ended).toMatch(reason);
	});
});

const no_prosody = not_installed(find_prosody(), "Prosody", "logging in is not compared with a real one");

/** A client's stream, spoken by hand. */
class LoginStream extends RawStream {
	/** Sends text, and waits for an element (a stream header and its features count as one) or the end. */
	async say(text: string): Promise<string> {
		this.write(text);
		const answer =
			/^\s*(<\?xml[^>]*>)?\s*(<stream:stream[^>]*>)?\s*<([\w:]+)(?:[^>]*\/>|[^>]*>.*?<\/\3>)(\s*<\/stream:stream>)?/s;
		return (await this.take(answer)) ?? `${this.left}(end)`;
	}
}

/** What does not have to be the same: attributes' order, the mechanisms' order, ids, and features that others look after. */
function normal(text: string): string {
	return text
		.replace(/<\?xml[^>]*\?>\s*/, "")
		.replace(/<([\w:]+)((?: [\w:]+='[^']*')+)/g, (_, name: string, attributes: string) => {
			const sorted = attributes.match(/ [\w:]+='[^']*'/g)?.sort() ?? [];
			return `<${name}${sorted.join("")}`;
		})
		.replace(/ id='[0-9a-f-]{36}'/, " id='…'")
		.replace(
			/(<mechanism>[^<]*<\/mechanism>)+/,
			(list) =>
				list
					.match(/<mechanism>[^<]*<\/mechanism>/g)
					?.sort()
					.join("") ?? "",
		)
		.replace(/<(limits|c|ver|sub|sm|csi|starttls|register|amp|compression)\b[^>]*xmlns='[^']*'[^>]*?(\/>|>.*?<\/\1>)/gs, "");
}

describe.skipIf(no_prosody)("streams as with Prosody", () => {
	let prosody: Reference;

	beforeAll(async () => {
		if (no_prosody) return;
		const started = await start_reference({
			config: `
				authentication = "insecure"
				insecure_open_authentication = "Yes please, I know what I'm doing!"
				c2s_require_encryption = false
				allow_unencrypted_plain_auth = true
				storage = "memory"
				modules_enabled = { "saslauth", "iq" }
				modules_disabled = { "s2s", "tls" }
				VirtualHost "${host}"
			`,
		});
		if (!started.ok) throw new Error(started.error);
		prosody = started.value;
	});

	afterAll(() => prosody?.stop());

	const header = `<stream:stream to='${host}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`;
	const message = Buffer.from("\0user\0pencil").toString("base64");
	const auth = `<auth xmlns='${ns.sasl}' mechanism='PLAIN'>${message}</auth>`;
	const bind = (resource = "", type = "set"): string =>
		`<iq id='b1' type='${type}'><bind xmlns='${ns.bind}'>${resource}</bind></iq>`;
	const phone = "<resource>phone</resource>";
	const session = (to = ""): string => `<iq id='s1' type='set'${to}><session xmlns='${ns.session}'/></iq>`;

	it.each<[string, string[]]>([
		["logging in and binding", [header, auth, header, bind(phone), session(), session(` to='${host}'`)]],
		["binding twice", [header, auth, header, bind(phone), bind("<resource>other</resource>")]],
		["binding before login", [header, bind(phone)]],
		["a resource that cannot be", [header, auth, header, bind("<resource>\u0080</resource>").replace("\u0080", "a\u200d")]],
		["asking for the session too early", [header, session()]],
		["a message before login", [header, "<message to='a@b'><body>x</body></message>"]],
		["a message before binding", [header, auth, header, "<message to='a@b'><body>x</body></message>"]],
		["a response after login", [header, auth, header, `<response xmlns='${ns.sasl}'>=</response>`]],
		["an abort after login", [header, auth, header, `<abort xmlns='${ns.sasl}'/>`]],
		["logging in twice", [header, auth, header, auth]],
	])("%s", async (_what, texts) => {
		const { port } = await start_test_server({
			config: {
				[host]: {
					defined: true,
					...options,
					authentication: "insecure",
					insecure_open_authentication: "Yes please, I know what I'm doing!",
					modules_enabled: ["saslauth", "iq"],
					modules_disabled: ["s2s", "sasl2", "sasl2_bind2", "sasl2_fast", "sasl2_sm", "sasl_ssdp"],
				},
			},
		}).then((started) => {
			server = started;
			return started;
		});
		const streams = { theirs: new LoginStream(prosody.port), ours: new LoginStream(port) };
		for (const text of texts) {
			const answers = { theirs: normal(await streams.theirs.say(text)), ours: normal(await streams.ours.say(text)) };
			expect({ text, answer: answers.ours }).toEqual({ text, answer: answers.theirs });
		}
		streams.theirs.close();
		streams.ours.close();
	});
});
