// Every command of administrators, with its form and what comes of it: here and on a real Prosody.

import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { ask, eventually } from "../../helper.ts";
import { type OurStage, on_both, type Stage, start_ours, without_prosody } from "../../lua-shims/community/community.ts";
import { register } from "../../lua-shims/community/registering.ts";

const no_prosody = without_prosody();
const is_13 = process.env["ENJAMB_REFERENCE"] !== undefined;

const troupe = {
	accounts: ["adhoc", "admin_adhoc", "register_ibr", "roster", "presence"],
	options: `
authentication = "internal_hashed"
allow_registration = true
registration_invite_only = false
admins = { "admin@localhost" }`,
	hosts: 'VirtualHost "other.localhost"',
};

const admin = "http://jabber.org/protocol/admin#";
const modules = "http://prosody.im/protocol/modules#";

let number = 0;

interface Said {
	readonly status: string | undefined;
	readonly session: string | undefined;
	/** The form, and the notes. */
	readonly text: string;
}

/** A form in brief, without what differs between any two servers. */
function show(command: st.Stanza | undefined): string {
	const x = command?.get_child("x", ns.data);
	const parts: string[] = [];
	for (const tag of x?.tags ?? []) {
		if (tag.name !== "field") {
			parts.push(
				`${tag.name}: ${
					tag.name === "query"
						? [...tag.tags]
								.map((item) => String(item))
								.sort()
								.join()
						: tag.get_text()
				}`,
			);
			continue;
		}
		const { var: name = "", type, label } = tag.attr;
		const values = [...tag.childtags("value")].map((value) => value.get_text() ?? "");
		// Which modules there are is no matter of this
		const options = name.startsWith("module")
			? []
			: [...tag.childtags("option")].map((option) => `${option.attr["label"]}=${option.get_child_text("value")}`);
		const shown = name === "modules" ? [] : values;
		const required = tag.get_child("required") === undefined ? "" : " required";
		parts.push(`${name} ${type ?? ""} ${label ?? ""}${required} [${shown.join("|")}] {${options.join("|")}}`);
	}
	for (const note of command?.childtags("note") ?? []) parts.push(`${note.attr["type"]}: ${note.get_text()}`);
	// Lua has attributes in any order
	const in_order = (element: string): string =>
		element
			.split(/ |(?=>)/)
			.sort()
			.join(" ");
	return parts
		.join("\n")
		.replaceAll(/\[[0-9a-f.:]+\]/g, "[IP]")
		.replaceAll(/<item [^>]*>/g, in_order);
}

async function execute(
	client: Client,
	node: string,
	session?: string,
	fields?: Record<string, string | string[]>,
): Promise<Said> {
	const iq = st
		.iq({ type: "set", id: `c${number++}`, to: "localhost" })
		.tag("command", { xmlns: ns.commands, node, sessionid: session });
	if (fields !== undefined) {
		iq.tag("x", { xmlns: ns.data, type: "submit" });
		for (const [name, value] of Object.entries(fields)) {
			iq.tag("field", { var: name });
			for (const one of [value].flat()) iq.text_tag("value", one);
			iq.up();
		}
	}
	const answer = await ask(client, iq.reset());
	const command = answer.get_child("command", ns.commands);
	const error = answer.get_error();
	const text = error === undefined ? show(command) : `error ${error.condition}`;
	return { status: command?.attr["status"], session: command?.attr["sessionid"], text };
}

/** Executes a command and fills its form in. */
async function fill(client: Client, node: string, fields: Record<string, string | string[]>): Promise<string> {
	const { session } = await execute(client, node);
	const said = await execute(client, node, session, fields);
	return `${said.status} ${said.text}`;
}

async function nodes(client: Client): Promise<string[]> {
	const query = st.iq({ type: "get", id: "nodes", to: "localhost" }).tag("query", { xmlns: ns.disco_items, node: ns.commands });
	const answer = await ask(client, query.reset());
	const items = [...(answer.get_child("query", ns.disco_items)?.childtags("item") ?? [])];
	return items.map(({ attr }) => `${attr["node"]} ${attr["name"]}`).sort();
}

/** What Prosody 0.12 does not have. */
const newer = /#(disable-user|reenable-user)/;

async function play(stage: Stage): Promise<Record<string, unknown>> {
	for (const name of ["admin", "romeo"]) await register(stage.port, name);
	const client = await stage.client("admin", "desk");
	const romeo = await stage.client("romeo", "orchard");
	romeo.send(st.presence().text_tag("show", "away"));
	await romeo.take(({ name }) => name === "presence", 30_000);
	const add = st.iq({ type: "set", id: "add" }).query(ns.roster).tag("item", { jid: "juliet@verona.example", name: "Juliet" });
	await ask(romeo, add.text_tag("group", "Friends").reset());
	const all = await nodes(client);
	const forms: Record<string, string> = {};
	for (const line of all) {
		const [node = ""] = line.split(" ");
		// These do something at once
		if (node.includes("config#reload") || node === "uptime") continue;
		if (!newer.test(node)) forms[node] = (await execute(client, node)).text;
	}
	const said: string[] = [];
	const note = async (node: string, fields: Record<string, string | string[]>): Promise<void> => {
		said.push(await fill(client, node, fields));
	};
	await note(`${admin}add-user`, {});
	await note(`${admin}add-user`, { accountjid: "nurse@localhost", password: "a", "password-verify": "b" });
	await note(`${admin}add-user`, { accountjid: "nurse@elsewhere", password: "a", "password-verify": "a" });
	await note(`${admin}add-user`, { accountjid: "nurse@localhost", password: "a", "password-verify": "a" });
	await note(`${admin}add-user`, { accountjid: "nurse@localhost", password: "a", "password-verify": "a" });
	await note(`${admin}change-user-password`, { accountjid: "nurse@localhost", password: "b" });
	await note(`${admin}change-user-password`, { accountjid: "nobody@localhost", password: "b" });
	await note(`${admin}change-user-password`, { accountjid: "nobody@elsewhere", password: "b" });
	await note(`${admin}get-user-roster`, { accountjid: "romeo@localhost" });
	await note(`${admin}get-user-roster`, { accountjid: "nobody@localhost" });
	await note(`${admin}get-user-roster`, { accountjid: "nobody@elsewhere" });
	await note(`${admin}user-stats`, { accountjid: "romeo@localhost" });
	await note(`${admin}user-stats`, { accountjid: "nobody@localhost" });
	await note(`${admin}get-online-users-list`, { max_items: "25", details: "0" });
	await note(`${admin}get-online-users-list`, { max_items: "all", details: "1" });
	await note(`${admin}delete-user`, { accountjids: ["nurse@localhost", "nobody@localhost", "x@elsewhere"] });
	await note(`${modules}load`, { module: "time" });
	await note(`${modules}load`, { module: "motd" });
	await note(`${modules}unload`, { modules: ["motd", "nothing_such"] });
	await note(`${modules}reload`, { modules: ["ping"] });
	await note(`${modules}global-load`, { module: "welcome" });
	await note(`${modules}global-reload`, { module: "welcome" });
	await note(`${modules}global-reload`, { module: "nothing_such" });
	await note(`${modules}global-unload`, { module: "welcome" });
	await note("http://prosody.im/protocol/hosts#deactivate", { host: "other.localhost" });
	await note("http://prosody.im/protocol/hosts#activate", { host: "other.localhost" });
	const reloaded = await execute(client, "http://prosody.im/protocol/config#reload");
	said.push(`${reloaded.status} ${reloaded.text}`);
	await note(`${admin}end-user-session`, { accountjids: ["romeo@localhost/orchard", "nobody@localhost"] });
	await eventually(() => expect(romeo.ended).toBeDefined());
	// In whatever order a table of Lua has them
	const sort = (text: string): string =>
		text
			.split(/\n|(?<=\[)|(?=\])|\|/)
			.sort()
			.join("\n");
	return { all: all.filter((line) => !newer.test(line)), forms, said: said.map(sort) };
}

describe("the commands of administrators", () => {
	it("are those of a real Prosody, with its forms and answers", async () => {
		const [ours, prosodys] = await on_both(troupe, no_prosody, play);
		expect(ours).toEqual(prosodys);
	});

	it.skipIf(!is_13)("are all of Prosody 13", async () => {
		const [ours, prosodys] = await on_both(troupe, no_prosody, async (stage) => {
			for (const name of ["admin", "romeo"]) await register(stage.port, name);
			const client = await stage.client("admin", "desk");
			const said = [
				await nodes(client),
				(await execute(client, `${admin}disable-user`)).text,
				(await execute(client, `${admin}reenable-user`)).text,
				await fill(client, `${admin}disable-user`, { accountjids: ["romeo@localhost", "nobody@localhost"] }),
				await fill(client, `${admin}reenable-user`, { accountjids: ["romeo@localhost", "x@elsewhere"] }),
			];
			return said;
		});
		expect(ours).toEqual(prosodys);
	});
});

describe("here", () => {
	let stage: OurStage | undefined;
	afterEach(async () => {
		await stage?.stop();
		stage = undefined;
	});

	it("accounts are disabled and enabled, and the service ends when it is told to", async () => {
		stage = await start_ours(troupe);
		for (const name of ["admin", "romeo"]) await register(stage.port, name);
		const client = await stage.client("admin", "desk");
		const { usermanager } = stage.server;
		await fill(client, `${admin}disable-user`, { accountjids: "romeo@localhost" });
		expect(usermanager.user_is_enabled("romeo", "localhost")).toEqual({ ok: true, value: false });
		await fill(client, `${admin}reenable-user`, { accountjids: "romeo@localhost" });
		expect(usermanager.user_is_enabled("romeo", "localhost")).toEqual({ ok: true, value: true });
		const ended: string[] = [];
		stage.server.events.add_handler("shutdown-wanted", ({ reason }) => {
			ended.push(reason);
			return true;
		});
		client.send(st.presence());
		const said = await fill(client, `${admin}shutdown`, { delay: "0", announcement: "good night" });
		expect(said).toContain("about to shut down");
		expect((await client.take(({ name }) => name === "message", 30_000))?.get_child_text("body")).toBe("good night");
		await eventually(() => expect(ended).toEqual(["Shutdown by adhoc command"]));
	});

	it("only those may who are allowed to", async () => {
		stage = await start_ours(troupe);
		await register(stage.port, "romeo");
		const romeo = await stage.client("romeo");
		for (const node of [
			`${admin}add-user`,
			`${admin}shutdown`,
			`${modules}load`,
			"http://prosody.im/protocol/hosts#deactivate",
		]) {
			expect((await execute(romeo, node)).text).toBe("error forbidden");
		}
		expect(await nodes(romeo)).toEqual(["uptime Get uptime"]);
	});
});
