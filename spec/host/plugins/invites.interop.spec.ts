// Invitations, from the command that makes one to the contacts that come of it: here and on a real Prosody.

import { describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { stream_header } from "../../../host/util/xmppstream.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { ask, expect_stanza } from "../../helper.ts";
import { on_both, type Stage, without_prosody } from "../../lua-shims/community/community.ts";
import { register } from "../../lua-shims/community/registering.ts";
import { RawStream } from "../raw_stream.ts";

const no_prosody = without_prosody();

// Prosody 0.12 leaves the page to a community module
const options = `
authentication = "internal_hashed"
allow_registration = true
registration_invite_only = false
allow_user_invites = true
${process.env["ENJAMB_REFERENCE"] === undefined ? "" : `invites_page = "https://join.example/{host}/?{invite.token}"`}
`;
const troupe = {
	accounts: ["invites", "invites_adhoc", "invites_register", "register_ibr", "presence", "roster", "adhoc"],
	options,
};

/** A stream of somebody who has no account yet. */
class Newcomer {
	private readonly stream: RawStream;
	private number = 0;

	constructor(port: number) {
		this.stream = new RawStream(port);
	}

	/** The features that the server offers. */
	async begin(): Promise<string> {
		this.stream.write(stream_header({ xmlns: ns.client, to: "localhost", version: "1.0" }));
		return (await this.stream.take(/<\/stream:features>/)) ?? "";
	}

	/** Sends a query; gives the answer's type, condition and text. */
	async ask(query: st.Stanza): Promise<string> {
		const iq = st.iq({ type: "set", id: `q${this.number++}` }).add_child(query);
		this.stream.write(String(iq));
		const answer = (await this.stream.take(/<iq [^>]*(?:\/>|>.*?<\/iq>)/s)) ?? "";
		const [, type = ""] = /<iq [^>]*\btype=['"](\w+)['"]/.exec(answer) ?? [];
		const [, condition = ""] = /<error[^>]*><([\w-]+)/.exec(answer) ?? [];
		const [, text = ""] = /<text[^>]*>([^<]*)/.exec(answer) ?? [];
		return [type, condition, text].join(" ").trim();
	}

	show(token: string): Promise<string> {
		return this.ask(st.stanza("preauth", { xmlns: "urn:xmpp:pars:0", token }));
	}

	register(username: string, password = "password"): Promise<string> {
		const query = st.stanza("query", { xmlns: ns.register });
		return this.ask(query.text_tag("username", username).text_tag("password", password));
	}

	leave(): void {
		this.stream.close();
	}
}

/** Executes a command; gives what the answer's form has, by field, and its note. */
async function execute(client: Client, node: string, fields?: Record<string, string>): Promise<Map<string, string>> {
	const first = await ask(
		client,
		st
			.iq({ type: "set", id: `c${Math.random()}`, to: "localhost" })
			.tag("command", { xmlns: ns.commands, node })
			.reset(),
	);
	let answer = first;
	if (fields !== undefined) {
		const sessionid = first.get_child("command", ns.commands)?.attr["sessionid"];
		const iq = st
			.iq({ type: "set", id: `c${Math.random()}`, to: "localhost" })
			.tag("command", { xmlns: ns.commands, node, sessionid })
			.tag("x", { xmlns: ns.data, type: "submit" });
		for (const [name, value] of Object.entries(fields)) iq.tag("field", { var: name }).text_tag("value", value).up();
		answer = await ask(client, iq.reset());
	}
	const command = answer.get_child("command", ns.commands);
	const said = new Map<string, string>();
	for (const field of command?.get_child("x", ns.data)?.childtags("field") ?? []) {
		said.set(field.attr["var"] ?? "", field.get_child_text("value") ?? "");
	}
	const note = command?.get_child_text("note");
	if (note !== undefined) said.set("note", note);
	if (answer.attr["type"] === "error") said.set("error", answer.get_error()?.condition ?? "");
	return said;
}

function token_in(said: ReadonlyMap<string, string>): string {
	return /preauth=([\w-]+)/.exec(said.get("uri") ?? "")?.[1] ?? "";
}

/** The same with neither the token nor the time, which differ. */
function shown(said: ReadonlyMap<string, string>): string[] {
	const token = token_in(said);
	const days = (Date.parse(said.get("expire") ?? "") - Date.now()) / 86_400_000;
	return [...said]
		.map(
			([name, value]) =>
				`${name} ${name === "expire" ? Math.round(days * 10) / 10 : token === "" ? value : value.replaceAll(token, "TOKEN")}`,
		)
		.sort();
}

/** Contacts of an account with their subscriptions. */
async function roster(client: Client): Promise<string[]> {
	const answer = await ask(client, st.iq({ type: "get", id: "roster" }).query(ns.roster).reset());
	const items = [...(answer.get_child("query", ns.roster)?.childtags("item") ?? [])];
	return items.map(({ attr }) => `${attr["jid"]} ${attr["subscription"]} ${attr["ask"] ?? ""}`.trim()).sort();
}

async function play(stage: Stage): Promise<unknown> {
	for (const name of ["admin", "romeo", "mercutio"]) await register(stage.port, name);
	const admin = await stage.client("admin");
	const romeo = await stage.client("romeo");
	romeo.send(st.presence());
	const for_account = await execute(admin, "urn:xmpp:invite#create-account");
	const refused = await execute(romeo, "urn:xmpp:invite#create-account");
	const for_contact = await execute(romeo, "urn:xmpp:invite#invite");

	const newcomer = new Newcomer(stage.port);
	const features = await newcomer.begin();
	const wrong = await newcomer.show("wrong");
	const right = await newcomer.show(token_in(for_contact));
	const registered = await newcomer.register("juliet");
	newcomer.leave();
	const again = new Newcomer(stage.port);
	await again.begin();
	const used = await again.show(token_in(for_contact));
	const plain = [await again.show(token_in(for_account)), await again.register("benvolio")];
	again.leave();
	const juliet = await stage.client("juliet");
	const rosters = [await roster(romeo), await roster(juliet)];

	const only_contact = await execute(romeo, "urn:xmpp:invite#invite");
	const mercutio = await stage.client("mercutio");
	await roster(mercutio);
	mercutio.send(st.presence());
	const wish = st.presence({ type: "subscribe", to: "romeo@localhost" });
	mercutio.send(wish.tag("preauth", { xmlns: "urn:xmpp:pars:0", token: token_in(only_contact) }).reset());
	const got = ["subscribe", "subscribed"].map((type) =>
		expect_stanza(mercutio, ({ attr }) => attr["type"] === type && attr["from"] === "romeo@localhost"),
	);
	await Promise.all(got);
	const between = await roster(mercutio);

	return {
		for_account: shown(for_account),
		refused: shown(refused),
		for_contact: shown(for_contact),
		features: ["urn:xmpp:invite", "urn:xmpp:ibr-token:0"].map(
			(xmlns) => features.includes(`'${xmlns}'`) || features.includes(`"${xmlns}"`),
		),
		answers: [wrong, right, registered, used, ...plain],
		rosters,
		between,
	};
}

describe("invitations", () => {
	it("make accounts and contacts, as on a real Prosody", async () => {
		const [ours, prosodys] = await on_both(troupe, no_prosody, play);
		expect(ours).toEqual(prosodys);
		expect(ours).toMatchObject({
			answers: [
				"error forbidden The invite token is invalid or expired",
				"result",
				"result",
				expect.stringContaining("forbidden"),
				"result",
				"result",
			],
			rosters: [["juliet@localhost both"], ["romeo@localhost both"]],
		});
	});

	it("are needed where registration is for the invited only", async () => {
		const closed = options.replace("registration_invite_only = false", "");
		const [ours, prosodys] = await on_both({ ...troupe, options: closed }, no_prosody, async (stage) => {
			const newcomer = new Newcomer(stage.port);
			await newcomer.begin();
			const answer = await newcomer.register("juliet");
			newcomer.leave();
			return answer;
		});
		expect(ours).toEqual(prosodys);
		expect(ours).toBe("error not-acceptable Registration on this server is through invitation only");
	});
});
