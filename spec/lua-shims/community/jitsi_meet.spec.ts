// The plugins of Jitsi Meet that decide who may enter, and where to: the same conversations here and on a real Prosody.

import { createHash, createHmac, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { on_both, type Stage, without_prosody } from "./community.ts";
import { JitsiClient } from "./jitsi_client.ts";
import { enter_server, is_there, owner_form, room, shown, troupe, with_focus } from "./jitsi_stage.ts";

const no_prosody = without_prosody();

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = { iss: "app", aud: "jitsi", sub: "localhost", room: "meeting", exp: 4_000_000_000 };

describe.skipIf(!is_there)("Jitsi Meet's", () => {
	describe("token_verification", () => {
		const { privateKey: private_key, publicKey: public_key } = generateKeyPairSync("rsa", { modulusLength: 2048 });
		const keys = createServer((request, response) => {
			const known = request.url === `/${createHash("sha256").update("known").digest("hex")}.pem`;
			response.writeHead(known ? 200 : 404).end(known ? public_key.export({ type: "spki", format: "pem" }) : "");
		});
		let key_server = "";
		beforeAll(async () => {
			await new Promise<void>((resolve) => keys.listen(0, "127.0.0.1", resolve));
			const address = keys.address();
			key_server = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
		});
		afterAll(() => {
			keys.close();
		});

		const hs = (payload: object, secret = "secret"): string => {
			const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(payload)}`;
			return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
		};
		const rs = (payload: object, kid = "known"): string => {
			const text = `${encode({ alg: "RS256", typ: "JWT", kid })}.${encode(payload)}`;
			return `${text}.${sign("sha256", Buffer.from(text), private_key).toString("base64url")}`;
		};
		const algorithms = [
			{ name: "HS256", token: hs, forged: hs(claims, "guessed"), options: () => 'app_secret = "secret"' },
			{ name: "RS256", token: rs, forged: rs(claims, "unknown"), options: () => `asap_key_server = "${key_server}"` },
		];

		it.each(algorithms)("lets in who has a token of $name for the room", async ({ token, forged, options }) => {
			const play = async (stage: Stage): Promise<string[]> =>
				with_focus(stage, async () => {
					const outcomes: string[] = [];
					for (const given of [
						token(claims),
						token({ ...claims, room: "elsewhere" }),
						token({ ...claims, exp: 1 }),
						forged,
						undefined,
					]) {
						const client = await JitsiClient.open(stage.url, "meeting", given);
						if (typeof client === "string") {
							outcomes.push(
								client
									.replace(/ xmlns=['"][^'"]*['"]/g, "")
									.replace(/^<failure><([\w-]+).*?<text[^>]*>([^<]*)<.*$/s, "$1 $2")
									.replace(/\d+(?:\.0)? sec/, "some sec"),
							);
							continue;
						}
						outcomes.push(shown(await client.join(`${room}/nick${outcomes.length}`)));
						client.close();
					}
					return outcomes;
				});
			const cast = troupe(`authentication = "token"\napp_id = "app"\n${options()}`, { rooms: ["token_verification"] });
			const [ours, prosodys] = await on_both(cast, no_prosody, play);
			expect(ours).toEqual(prosodys);
			expect(ours[0]).toBe("available");
			expect(ours[1]).toContain("not-allowed");
			expect(ours.slice(2).every((outcome) => /not-a|allowed/.test(outcome))).toBe(true);
		});
	});

	it("lobby holds whoever is not let in", async () => {
		const lobby = "meeting@lobby.localhost";
		const cast = troupe('authentication = "jitsi-anonymous"', {
			accounts: ["muc_lobby_rooms"],
			hosts: `Component "lobby.localhost" "muc"
				storage = "memory"
				muc_room_cache_size = 100
				restrict_room_creation = true
				modules_enabled = { "muc_hide_all" }`,
		});
		const options = `${cast.options}\nlobby_muc = "lobby.localhost"\nmain_muc = "conference.localhost"`;
		const [ours, prosodys] = await on_both({ ...cast, options }, no_prosody, async (stage) => {
			const outcomes: string[] = [];
			const host = await enter_server(stage);
			outcomes.push(shown(await host.join(`${room}/host`)));
			const fields = [
				["FORM_TYPE", "http://jabber.org/protocol/muc#roomconfig"],
				["muc#roomconfig_membersonly", "1"],
			].map(([name, value]) => `<field var='${name}'><value>${value}</value></field>`);
			host.send(
				`<iq type='set' id='c' to='${room}'><query xmlns='${owner_form}'><x xmlns='jabber:x:data' type='submit'>${fields.join("")}</x></query></iq>`,
			);
			outcomes.push(shown(await host.take(/id=['"]c['"]/)));
			const guest = await enter_server(stage);
			const nick = "<nick xmlns='http://jabber.org/protocol/nick'>Guest</nick>";
			const refused = await guest.join(`${room}/guest`, nick);
			outcomes.push(`${shown(refused)} ${/<lobbyroom[^>]*>([^<]*)</.exec(refused)?.[1]}`);
			outcomes.push(shown(await host.join(`${lobby}/host`)));
			outcomes.push(shown(await guest.join(`${lobby}/guest`, nick)));
			outcomes.push(shown(await host.take(new RegExp(`from=['"]${lobby}/guest['"]`))));
			host.send(`<message to='${room}'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='${guest.jid}'/></x></message>`);
			const invitation = await guest.take(/<invite /);
			outcomes.push(/from=['"]([^'"/]*)/.exec(invitation)?.[1] ?? "");
			outcomes.push(shown(await guest.join(`${room}/guest`, nick)));
			host.close();
			guest.close();
			return outcomes;
		});
		expect(ours).toEqual(prosodys);
		expect(ours[2]).toContain("registration-required");
		expect(ours.at(-1)).toBe("available");
	});

	it("breakout rooms are made, told of and closed", async () => {
		const cast = troupe('authentication = "jitsi-anonymous"', {
			accounts: ["muc_breakout_rooms"],
			hosts: `Component "breakout.localhost" "muc"
				storage = "memory"
				modules_enabled = { "muc_hide_all" }`,
		});
		const options = `${cast.options}\nbreakout_rooms_muc = "breakout.localhost"\nmain_muc = "conference.localhost"`;
		const [ours, prosodys] = await on_both({ ...cast, options }, no_prosody, async (stage) => {
			const outcomes: string[] = [];
			const [host, guest] = [await enter_server(stage), await enter_server(stage)];
			outcomes.push(shown(await host.join(`${room}/host`)), shown(await guest.join(`${room}/guest`)));
			const ask = (attributes: string): void =>
				host.send(`<message to='breakout.localhost'><breakout_rooms ${attributes}/></message>`);
			/** The next list of all rooms that has something in it; the parts of such a list come in any order. */
			const update = async (client: JitsiClient, wanted: RegExp): Promise<string> => {
				const accepts = (stanza: string): boolean => stanza.includes("breakout-rooms/update") && wanted.test(stanza);
				return (await client.take(wanted, (stanza) => accepts(stanza.replaceAll("\\/", "/")))).replaceAll("&quot;", '"');
			};
			/** What is told of rooms, by their names and who is in them. */
			const told = async (client: JitsiClient, wanted: RegExp): Promise<string> => {
				const [, json = "{}"] = /(\{.*\})/s.exec(await update(client, wanted)) ?? [];
				const { rooms = {} }: { rooms?: { [jid: string]: { name?: string; participants?: object } } } = JSON.parse(json);
				const all = Object.values(rooms).map(
					({ name = "main", participants = {} }) => `${name}: ${Object.values(participants).length}`,
				);
				return all.sort().join(", ");
			};
			ask("type='features/breakout-rooms/add' subject='one'");
			outcomes.push(await told(guest, /&quot;one&quot;/));
			const [, jid = ""] = /"([^"@]+@breakout\.localhost)"/.exec(await update(host, /&quot;one&quot;/)) ?? [];
			outcomes.push(shown(await guest.join(`${jid}/guest`)));
			outcomes.push(await told(host, /breakout\.localhost\/guest/));
			ask(`type='features/breakout-rooms/rename' breakoutRoomJid='${jid}' subject='two'`);
			outcomes.push(await told(host, /&quot;two&quot;/));
			ask(`type='features/breakout-rooms/remove' breakoutRoomJid='${jid}'`);
			outcomes.push(shown(await guest.take(/type=['"]unavailable['"].*<destroy/s)));
			host.close();
			guest.close();
			return outcomes;
		});
		expect(ours).toEqual(prosodys);
		expect(ours[2]).toContain("one: 0");
		expect(ours.at(-1)).toContain("unavailable");
	});

	it("polls are asked, answered, and told to whoever comes later", async () => {
		const cast = troupe('authentication = "jitsi-anonymous"', { hosts: 'Component "polls.localhost" "polls_component"' });
		const [ours, prosodys] = await on_both(cast, no_prosody, async (stage) => {
			const outcomes: string[] = [];
			const [asker, voter] = [await enter_server(stage), await enter_server(stage)];
			outcomes.push(shown(await asker.join(`${room}/asker`)), shown(await voter.join(`${room}/voter`)));
			const say = (client: JitsiClient, data: object): void => {
				const json = JSON.stringify({ type: "polls", pollId: "p1", ...data });
				client.send(
					`<message to='polls.localhost'><json-message xmlns='http://jitsi.org/jitmeet'>${json}</json-message></message>`,
				);
			};
			const told = async (client: JitsiClient, wanted: RegExp): Promise<string> => {
				const text = (await client.take(wanted)).replaceAll("&quot;", '"');
				const data: unknown = JSON.parse(/(\{.*\})/s.exec(text)?.[1] ?? "{}");
				const sorted = (_: string, value: unknown): unknown =>
					typeof value === "object" && value !== null && !Array.isArray(value)
						? Object.fromEntries(Object.entries(value).sort())
						: value;
				return JSON.stringify(data, sorted).replaceAll(/"[0-9a-f]{8}-[0-9a-f-]+"/g, '"ID"');
			};
			say(asker, { command: "new-poll", question: "Tea?", answers: [{ name: "yes" }, { name: "no" }] });
			outcomes.push(await told(voter, /new-poll/));
			say(voter, { command: "answer-poll", answers: [true, false] });
			outcomes.push(await told(asker, /answer-poll/));
			const late = await enter_server(stage);
			outcomes.push(shown(await late.join(`${room}/late`)));
			outcomes.push(await told(late, /old-polls/));
			for (const client of [asker, voter, late]) client.close();
			return outcomes;
		});
		expect(ours).toEqual(prosodys);
		expect(ours[2]).toContain("Tea?");
		expect(ours.at(-1)).toContain("Tea?");
	});
});
