// The plugins of Jitsi Meet for what happens in a meeting: the same conversations of two or three here and on a real Prosody.

import { describe, expect, it } from "vitest";
import * as st from "../../../host/util/stanza.ts";
import { on_both, type Stage, type Troupe, without_prosody, without_prosody_13 } from "./community.ts";
import type { JitsiClient } from "./jitsi_client.ts";
import { enter_server, is_there, room, shown, troupe, with_focus } from "./jitsi_stage.ts";

const no_prosody = without_prosody();
/** Some need libraries that Prosody 0.12 does not have. */
const no_prosody_13 = without_prosody_13();
const anonymous = 'authentication = "jitsi-anonymous"\nmuc_component = "conference.localhost"';

/** The same on both servers; gives what came of it. */
async function compare(cast: Troupe, play: (stage: Stage) => Promise<unknown>): Promise<string> {
	const [ours, prosodys] = await on_both(cast, no_prosody, play);
	expect(ours).toEqual(prosodys);
	return JSON.stringify(ours);
}

/** What differs from run to run or from person to person in what a component says. */
function plain(text: string, people: { readonly [name: string]: JitsiClient }): string {
	let shown_text = text.replaceAll("&quot;", '"').replaceAll("\\\\/", "/");
	for (const [name, { jid }] of Object.entries(people)) {
		shown_text = shown_text.replaceAll(jid, name).replaceAll(jid.split("@")[0] ?? "", name);
	}
	return shown_text;
}

/** A value with its names in order, and times as the sign that there are some. */
function sorted(value: unknown, key = ""): unknown {
	if (Array.isArray(value)) return value.map((item) => sorted(item));
	if (typeof value === "number" && /time/i.test(key)) return value > 0 ? "some" : "none";
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.sort(([a], [b]) => (a < b ? -1 : 1))
			.map(([name, item]) => [name, sorted(item, name)]),
	);
}

/** The messages of a component among stanzas, read. */
function said(stanzas: readonly string[], people: { readonly [name: string]: JitsiClient }): unknown[] {
	return stanzas
		.filter((stanza) => stanza.includes("json-message"))
		.map((stanza) => sorted(JSON.parse(/(\{.*\})/s.exec(plain(stanza, people))?.[1] ?? "{}")));
}

describe.skipIf(!is_there)("Jitsi Meet's", () => {
	it.skipIf(no_prosody_13)("speaker statistics tell whoever comes later who has spoken", async () => {
		const cast = troupe(anonymous, { hosts: 'Component "speakerstats.localhost" "speakerstats_component"' });
		const all = await compare(cast, (stage) =>
			with_focus(stage, async () => {
				const [mira, tomas] = [await enter_server(stage), await enter_server(stage)];
				const people = { mira, tomas };
				await mira.join(`${room}/mira`, "<nick xmlns='http://jabber.org/protocol/nick'>Mira</nick>");
				await tomas.join(`${room}/tomas`);
				const speak = async (client: JitsiClient, silence: boolean): Promise<void> => {
					client.send(
						`<message to='speakerstats.localhost'><speakerstats xmlns='http://jitsi.org/jitmeet' room='${room}' silence='${silence}'/></message>`,
					);
					await client.settle();
				};
				await speak(mira, false);
				await new Promise((resolve) => setTimeout(resolve, 20));
				await speak(tomas, true);
				mira.send(
					`<message to='speakerstats.localhost'><faceLandmarks xmlns='http://jitsi.org/jitmeet' room='${room}' faceExpression='happy' timestamp='5' duration='7'/></message>`,
				);
				await mira.settle();
				mira.send(`<presence type='unavailable' to='${room}/mira'/>`);
				await mira.take(/type=['"]unavailable['"]/);
				const late = await enter_server(stage);
				await late.join(`${room}/late`);
				const told = said(await late.settle(), people);
				for (const client of [mira, tomas, late]) client.close();
				return told;
			}),
		);
		expect(all).toContain('"displayName":"Mira"');
		expect(all).toContain('"faceLandmarks":[1]');
	});

	it.skipIf(no_prosody_13)("moderators say who may unmute", async () => {
		const cast = troupe(anonymous, {
			accounts: ["external_services"],
			hosts: `Component "avmoderation.localhost" "av_moderation_component"
				Component "metadata.localhost" "room_metadata_component"`,
		});
		const all = await compare(cast, async (stage) => {
			const [host, guest] = [await enter_server(stage), await enter_server(stage)];
			const people = { host, guest };
			const told: unknown[] = [];
			await host.join(`${room}/host`);
			await guest.join(`${room}/guest`);
			await Promise.all([host.settle(), guest.settle()]);
			const moderate = async (client: JitsiClient, attributes: string): Promise<void> => {
				client.send(`<message to='avmoderation.localhost'><av_moderation mediaType='audio' ${attributes}/></message>`);
				// whoever is told is told before the sender's ping is answered
				const own = said(await client.settle(), people);
				const other = said(await (client === host ? guest : host).settle(), people);
				told.push([attributes, client === host ? own : other, client === host ? other : own]);
			};
			await moderate(guest, "enable='true'");
			await moderate(host, "enable='true'");
			await moderate(host, `jidToWhitelist='${room}/guest'`);
			await moderate(host, `jidToBlacklist='${room}/guest'`);
			const late = await enter_server(stage);
			await late.join(`${room}/late`);
			told.push(said(await late.settle(), people));
			await moderate(host, "enable='false'");
			for (const client of [host, guest, late]) client.close();
			return told;
		});
		expect(all).toContain('"approved":true');
		expect(all).toContain('"removed":true');
	});

	it.skipIf(no_prosody_13)("facts about a room are set by moderators, and told to all", async () => {
		const cast = troupe(anonymous, {
			accounts: ["external_services"],
			hosts: 'Component "metadata.localhost" "room_metadata_component"',
		});
		const all = await compare(cast, async (stage) => {
			const [host, guest] = [await enter_server(stage), await enter_server(stage)];
			const people = { host, guest };
			const told: unknown[] = [];
			host.send(`<presence to='${room}/host'><x xmlns='http://jabber.org/protocol/muc'/></presence>`);
			told.push(said(await host.settle(), people));
			guest.send(`<presence to='${room}/guest'><x xmlns='http://jabber.org/protocol/muc'/></presence>`);
			told.push(said(await guest.settle(), people));
			const set = async (client: JitsiClient, text: string): Promise<void> => {
				client.send(
					`<message to='metadata.localhost'><room_metadata xmlns='http://jitsi.org/jitmeet' room='${room}'>${text}</room_metadata></message>`,
				);
				const own = said(await client.settle(), people);
				told.push([text, own, said(await (client === host ? guest : host).settle(), people)]);
			};
			await set(guest, '{"key":"topic","data":"mine"}');
			await set(host, '{"key":"topic","data":{"title":"Weather","list":[1,2,3]}}');
			await set(host, '{"key":"moderators","data":["me"]}');
			await set(host, "{broken");
			await set(host, '{"key":5,"data":1}');
			host.send(
				`<presence to='${room}/host'><startmuted xmlns='http://jitsi.org/jitmeet/start-muted' audio='true' video='false'/></presence>`,
			);
			await host.settle();
			told.push(said(await guest.settle(), people));
			for (const client of [host, guest]) client.close();
			return told;
		});
		expect(all).toContain("Weather");
		expect(all).toContain('"startMuted":{"audio":true,"video":false}');
	});

	it("rooms are full, but for those who are not counted", async () => {
		const cast = troupe(`${anonymous}\nmuc_max_occupants = 2\nmuc_access_whitelist = { "auth.localhost" }`, {
			rooms: ["muc_max_occupants"],
		});
		const all = await compare(cast, (stage) =>
			with_focus(stage, async () => {
				const outcomes: string[] = [];
				const clients = [await enter_server(stage), await enter_server(stage), await enter_server(stage)];
				for (const [index, client] of clients.entries()) outcomes.push(shown(await client.join(`${room}/nick${index}`)));
				clients[0]?.send(`<presence type='unavailable' to='${room}/nick0'/>`);
				await clients[0]?.take(/type=['"]unavailable['"]/);
				outcomes.push(shown((await clients[2]?.join(`${room}/nick2`)) ?? ""));
				for (const client of clients) client.close();
				return outcomes;
			}),
		);
		expect(all).toBe('["available","available","error service-unavailable","available"]');
	});

	it("rooms of several domains are one service's", async () => {
		const cast = troupe(anonymous, { accounts: ["muc_domain_mapper"] });
		const tea = "tea@conference.guild.localhost";
		const all = await compare(cast, async (stage) => {
			const [mira, tomas, other] = [await enter_server(stage), await enter_server(stage), await enter_server(stage)];
			const people = { mira, tomas, other };
			const outcomes = [shown(await mira.join(`${tea}/mira`)), shown(await tomas.join(`${tea}/tomas`))];
			// the same name elsewhere is another room
			outcomes.push(shown(await other.join("tea@conference.localhost/mira")));
			for (const client of [mira, tomas, other]) await client.settle();
			mira.send(`<message type='groupchat' id='g' to='${tea}'><body>hello</body></message>`);
			mira.send(`<message type='chat' id='p' to='${tea}/tomas'><body>psst</body></message>`);
			mira.send(`<iq type='get' id='i' to='${tea}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`);
			await mira.settle();
			for (const client of [tomas, other]) {
				const messages = (await client.settle()).filter((stanza) => stanza.startsWith("<message"));
				outcomes.push(
					...messages.map((stanza) => {
						const [, from = ""] = /\bfrom=['"]([^'"]*)/.exec(plain(stanza, people)) ?? [];
						return `${from} ${/<body>([^<]*)/.exec(stanza)?.[1]}`;
					}),
				);
			}
			for (const client of [mira, tomas, other]) client.close();
			return outcomes;
		});
		expect(all).toBe(`["available","available","available","${tea}/mira hello","${tea}/mira psst"]`);
	});

	it("visitors wait until a moderator asks them in", async () => {
		const cast = troupe(anonymous, { hosts: 'Component "visitors.localhost" "visitors_component"' });
		const all = await compare(cast, (stage) =>
			with_focus(stage, async (focus) => {
				const outcomes: string[] = [];
				const [host, guest] = [await enter_server(stage), await enter_server(stage)];
				outcomes.push(shown(await host.join(`${room}/host`)));
				const node = async (id: string, verb: string): Promise<void> => {
					const wish = st.iq({ type: "get", id, to: "visitors.localhost" }).tag("visitors", { xmlns: "jitsi:visitors", room });
					await focus(wish.tag(verb, { vnode: "v1.localhost" }).reset());
				};
				await node("v1", "connect-vnode");
				const refused = await guest.join(`${room}/guest`);
				outcomes.push(`${shown(refused)} ${refused.includes("promotion-not-allowed")}`);
				// only other servers may ask for somebody
				guest.send(
					`<iq type='set' id='x' to='visitors.localhost'><visitors xmlns='jitsi:visitors' room='${room}'><promotion-request jid='${guest.jid}' time='5'/></visitors></iq>`,
				);
				outcomes.push(String((await guest.settle()).length));
				outcomes.push(String(said(await host.settle(), {}).length));
				await node("v2", "disconnect-vnode");
				outcomes.push(shown(await guest.join(`${room}/guest`)));
				for (const client of [host, guest]) client.close();
				return outcomes;
			}),
		);
		expect(all).toContain("Visitor needs to be allowed by a moderator true");
		expect(all).toMatch(/"available"\]$/);
	});
});
