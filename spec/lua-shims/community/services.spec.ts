import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as st from "../../../host/util/stanza.ts";
import { Client } from "../../../tools/scansion/client.ts";
import { eventually, expect_stanza } from "../../helper.ts";
import { missing_here, type Stage, start_ours, start_prosody, type Troupe, without_prosody } from "./community.ts";
import { type Service, start_service } from "./service.ts";
import { enter, is_error, is_self, muc, room, statuses } from "./terrace.ts";

// Modules that ask a service on the web about what clients do, and have them wait for its answer: the same conversations here, on
// Prosody's own rooms in Lua, and on a real Prosody.

const condition = (stanza: st.Stanza): string | undefined => stanza.get_child("error")?.first_tag?.name;

const no_prosody = without_prosody();
const servers = [
	{ on: "this server", start: start_ours, prefer_lua: [] },
	{ on: "Prosody's own rooms here", start: start_ours, prefer_lua: ["muc"] },
	{ on: "a real Prosody", start: start_prosody, prefer_lua: [] },
];

function plays(name: string, troupe: (url: string) => Troupe, play: (stage: Stage, service: Service) => Promise<void>): void {
	const is_missing = missing_here(name);
	describe.each(servers)(`mod_${name} on $on`, ({ start, prefer_lua }) => {
		const is_left_out = is_missing || (start === start_prosody && no_prosody);
		let service: Service;
		let stage: Stage;
		beforeAll(async () => {
			if (is_left_out) return;
			service = await start_service();
			const asked = troupe(service.url);
			stage = await start({ ...asked, prefer_lua, options: `muc_room_locking = false\n${asked.options ?? ""}` });
		});
		afterAll(async () => {
			if (is_left_out) return;
			await stage.stop();
			service.stop();
		});
		it.skipIf(is_left_out)("has clients wait for the service's answer", () => play(stage, service));
	});
}

plays(
	"muc_http_auth",
	(url) => ({ rooms: ["muc_http_auth"], options: `muc_http_auth_url = "${url}auth"` }),
	async (stage, service) => {
		const question = (name: string, nick: string): string =>
			`auth?userJID=${name}%40localhost&mucJID=terrace%40conference.localhost&nickname=${nick}`;
		const mira = await stage.client("mira", "a");
		const tomas = await stage.client("tomas", "b");
		mira.send(enter("Mira"));
		await service.answer(question("mira", "Mira"), 200, '{"allowed":true,"error":""}');
		await expect_stanza(mira, is_self);
		tomas.send(enter("Tomas"));
		await service.answer(question("tomas", "Tomas"), 200, '{"allowed":false,"error":"not you"}');
		expect(condition(await expect_stanza(tomas, is_error))).toBe("not-authorized");
		tomas.send(enter("Tomas"));
		await service.answer(question("tomas", "Tomas"), 503, "");
		expect(condition(await expect_stanza(tomas, is_error))).toBe("not-authorized");
		tomas.send(enter("Thomas"));
		await service.answer(question("tomas", "Thomas"), 200, '{"allowed":true}');
		await expect_stanza(tomas, is_self);
		await expect_stanza(mira, ({ attr }) => attr["from"] === `${room}/Thomas`);
	},
);

plays(
	"auth_http",
	(url) => ({ accounts: ["presence"], options: `authentication = "http"\nhttp_auth_url = "${url}"` }),
	async (stage, service) => {
		const log_in = (name: string) =>
			Client.connect({ host: "127.0.0.1", port: stage.port, jid: `${name}@localhost`, password: "secret", timeout: 20_000 });
		const question = (name: string): string => `check_password?user=${name}&pass=secret&server=localhost`;
		const find = async (name: string): Promise<string> => {
			// the order of the parameters is Lua's
			let found: string | undefined;
			await eventually(() => {
				const wanted = new URLSearchParams(question(name).split("?")[1]);
				wanted.sort();
				found = service.asked().find((asked) => {
					const given = new URLSearchParams(asked.split("?")[1]);
					given.sort();
					return given.toString() === wanted.toString();
				});
				expect(found).toBeDefined();
			});
			return found ?? "";
		};
		const [mira, tomas] = [log_in("mira"), log_in("tomas")];
		await find("mira");
		await service.answer(await find("tomas"), 200, "true");
		const inside = await tomas;
		expect(inside.ok).toBe(true);
		await service.answer(await find("mira"), 200, "false");
		expect((await mira).ok).toBe(false);
		const again = log_in("mira");
		await service.answer(await find("mira"), 200, "true");
		const both = [inside, await again];
		expect(both.map(({ ok }) => ok)).toEqual([true, true]);
		for (const client of both) if (client.ok) await client.value.disconnect();
	},
);

plays(
	"muc_http_defaults",
	(url) => ({ rooms: ["muc_http_defaults"], options: `muc_create_api_url = "${url}room?{room.jid|jid_node}"` }),
	async (stage, service) => {
		const mira = await stage.client("mira", "a");
		const tomas = await stage.client("tomas", "b");
		mira.send(enter("Mira"));
		await service.answer("room?terrace", 404, "no such room");
		await expect_stanza(mira, is_error);
		mira.send(enter("Mira"));
		const config = { name: "Terrace", moderated: true, members_only: false, public_jids: true };
		const affiliations = { "mira@localhost": "owner", "tomas@localhost": "member" };
		await service.answer("room?terrace", 200, JSON.stringify({ config, affiliations }));
		expect(statuses(await expect_stanza(mira, is_self)).sort()).toEqual(["100", "110", "201"]);
		tomas.send(enter("Tomas"));
		const seen = await expect_stanza(tomas, is_self);
		expect(seen.get_child("x", `${muc}#user`)?.get_child("item")?.attr["affiliation"]).toBe("member");
		tomas.send(st.iq({ type: "get", id: "info", to: room }).query("http://jabber.org/protocol/disco#info").reset());
		const info = await expect_stanza(tomas, ({ attr }) => attr["id"] === "info");
		const query = info.get_child("query", "http://jabber.org/protocol/disco#info");
		expect(query?.get_child("identity")?.attr["name"]).toBe("Terrace");
		expect([...(query?.childtags("feature") ?? [])].map(({ attr }) => attr["var"])).toContain("muc_moderated");
	},
);

plays(
	"muc_media_metadata",
	() => ({ rooms: ["muc_media_metadata"] }),
	async (stage, service) => {
		const mira = await stage.client("mira", "a");
		const tomas = await stage.client("tomas", "b");
		mira.send(enter("Mira"));
		await expect_stanza(mira, is_self);
		tomas.send(enter("Tomas"));
		await expect_stanza(tomas, is_self);
		const picture = st
			.message({ to: room, type: "groupchat", id: "m1" }, "a picture")
			.tag("x", { xmlns: "jabber:x:oob" })
			.text_tag("url", `${service.url}picture`)
			.reset();
		mira.send(picture);
		mira.send(st.message({ to: room, type: "groupchat", id: "m2" }, "and so on"));
		tomas.send(st.message({ to: room, type: "groupchat", id: "m3" }, "meanwhile"));
		// who shows no picture does not wait, who does keeps the order
		const heard: (string | undefined)[] = [];
		const hear = async (): Promise<st.Stanza> => {
			const message = await expect_stanza(tomas, (stanza) => stanza.get_child("body") !== undefined);
			heard.push(message.attr["id"]);
			return message;
		};
		await hear();
		await service.answer("picture", 200, "");
		const shown = await hear();
		await hear();
		expect(heard).toEqual(["m3", "m1", "m2"]);
		const metadata = shown.get_child("x", "jabber:x:oob")?.get_child("metadata", "xmpp:prosody.im/protocol/media-metadata#0");
		expect(metadata).toBeDefined();
	},
);
