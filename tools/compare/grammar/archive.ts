// No counterpart: part of `enjamb compare`.

import { ns } from "../../../host/util/ns.ts";
import type { PlayStep } from "../types.ts";
import { type Action, action } from "./action.ts";
import { field } from "./configuration.ts";
import type { Scene } from "./scene.ts";
import type { Room, Session } from "./stage.ts";
import { type Markup, xml } from "./xml.ts";

const mam = "urn:xmpp:mam:2";

function ask(scene: Scene, session: Session, room: Room, label: string, content: Markup): PlayStep {
	const query = xml`<query xmlns='${mam}' queryid='${scene.id()}'>${content}</query>`;
	return scene.send(session, xml`<iq type='set' to='${room.jid}' id='${scene.id()}'>${query}</iq>`, label);
}

/** Mostly somebody in the room. */
function asker(scene: Scene, room: Room): Session | undefined {
	const inside = [...room.nicks.keys()].filter(({ online }) => online);
	return scene.likely(inside, scene.online);
}

/** Whether both servers let somebody read; Prosody also lets those who do not know the password. */
function may_read(room: Room, session: Session): boolean {
	return room.password === "" || room.nicks.has(session) || room.affiliation(session.member.jid) === "owner";
}

type Content = (scene: Scene, room: Room) => Markup;

/** Somebody asks a room, mostly one in which something was said. */
function asks(label: string, weight: number, content: Content, who = asker): Action {
	return action(label, weight, (scene, own) => {
		const asked = scene.dice.maybe(scene.archived)?.room;
		const room = asked && scene.dice.odds(70) ? asked : scene.any_room();
		const session = who(scene, room);
		if (!session || !may_read(room, session)) return undefined;
		return ask(scene, session, room, own, content(scene, room));
	});
}

/** An id that the archive gave, mostly this room's. */
function archive_id(scene: Scene, room: Room): string {
	const own = scene.archived.filter((kept) => kept.room === room);
	const kept = scene.likely(own, scene.archived);
	return kept ? `\${${kept.variable}}` : "none";
}

/** Somebody asks for what is around a message that was said. */
function asks_by_id(label: string, weight: number, content: (id: () => string, scene: Scene) => Markup): Action {
	return action(label, weight, (scene, own) => {
		const room = scene.dice.maybe(scene.archived)?.room;
		const session = room && asker(scene, room);
		if (!session || !may_read(room, session)) return undefined;
		const query = content(() => archive_id(scene, room), scene);
		return ask(scene, session, room, own, query);
	});
}

function page(content: Markup): Markup {
	return xml`<set xmlns='${ns.rsm}'>${content}</set>`;
}

function form(content: Markup, type = mam): Markup {
	return xml`<x xmlns='${ns.data}' type='submit'>${field("FORM_TYPE", type)}${content}</x>`;
}

const maxima: readonly string[] = ["0", "1", "2", "5", "50", "1000", "-1", "2.5", "many", ""];

/** Archives are queried. Source: XEP-0313. */
export const archive: readonly Action[] = [
	asks("archive", 10, () => xml``),
	asks("archive with max", 6, (scene) => page(xml`<max>${scene.dice.pick(maxima)}</max>`)),
	asks("archive, last page", 5, (scene) => page(xml`<before/><max>${scene.dice.pick(["1", "2", "5"])}</max>`)),
	asks_by_id("archive before an id", 10, (id) => page(xml`<before>${id()}</before><max>3</max>`)),
	asks_by_id("archive after an id", 10, (id) => page(xml`<after>${id()}</after><max>3</max>`)),
	asks_by_id("archive before and after", 4, (id) => page(xml`<before>${id()}</before><after>${id()}</after>`)),
	asks("archive around an unknown id", 4, (scene) =>
		page(scene.dice.pick([xml`<before>unknown</before>`, xml`<after>unknown</after>`, xml`<after/>`])),
	),
	asks("archive with an index", 1, () => page(xml`<index>1</index><max>2</max>`)),
	asks("archive, page flipped", 3, (scene) => xml`${page(scene.dice.pick([xml`<before/>`, xml`<max>3</max>`]))}<flip-page/>`),
	asks("archive of a time", 5, (scene) => {
		const [start, end] = scene.dice.pick([
			["1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z"],
			["2099-12-31T23:59:59Z", undefined],
			[undefined, "1970-01-01T00:00:00Z"],
			["2099-12-31T23:59:59Z", "1970-01-01T00:00:00Z"],
		] as const);
		return form(xml`${start && field("start", start)}${end && field("end", end)}`);
	}),
	asks("archive of a time that is none", 2, (scene) =>
		form(field(scene.dice.pick(["start", "end"]), scene.dice.pick(["yesterday", ""]))),
	),
	asks("archive with someone", 4, (scene, room) =>
		form(field("with", scene.dice.pick(["romeo@localhost", `${room.jid}/Romeo`, "paris@verona.example", "@"]))),
	),
	asks_by_id("archive by ids", 6, (id) => form(field("ids", id(), id()))),
	asks_by_id("archive between ids", 6, (id, scene) => form(field(scene.dice.pick(["before-id", "after-id"]), id()))),
	// A form type without value is not among these: Prosody fails on it with a Lua error, and nothing is answered.
	asks("archive with a form of another type", 2, (scene) => form(xml``, scene.dice.pick(["urn:xmpp:mam:1", ""]))),
	asks(
		"archive with a form without type",
		1,
		() => xml`<x xmlns='${ns.data}' type='submit'>${field("start", "1970-01-01T00:00:00Z")}</x>`,
	),
	asks(
		"archive by an outsider",
		5,
		() => page(xml`<max>5</max>`),
		(scene, room) => scene.dice.maybe(scene.online.filter((session) => !room.nicks.has(session))),
	),
	action("archive form", 3, (scene, label) => {
		const session = scene.anyone();
		return (
			session &&
			scene.send(session, xml`<iq type='get' to='${scene.any_room().jid}' id='${scene.id()}'><query xmlns='${mam}'/></iq>`, label)
		);
	}),
	action("archive metadata", 1, (scene, label) => {
		const session = scene.anyone();
		return (
			session &&
			scene.send(
				session,
				xml`<iq type='get' to='${scene.any_room().jid}' id='${scene.id()}'><metadata xmlns='${mam}'/></iq>`,
				label,
			)
		);
	}),
];
