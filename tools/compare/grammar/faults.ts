// No counterpart: part of `enjamb compare`.

import { ns } from "../../../host/util/ns.ts";
import { type Action, action } from "./action.ts";
import { note_direction } from "./joins.ts";
import type { Insider, Scene } from "./scene.ts";
import { type Markup, xml } from "./xml.ts";

/** Conditions that take the sender out of the room, and some that do not. Source: plugins/muc/util.lib.lua. */
const kicking: readonly string[] = [
	"gone",
	"internal-server-error",
	"item-not-found",
	"jid-malformed",
	"recipient-unavailable",
	"redirect",
	"remote-server-not-found",
	"remote-server-timeout",
	"service-unavailable",
];
const harmless: readonly string[] = ["bad-request", "feature-not-implemented", "not-acceptable", "undefined-condition"];

function error(condition: string, text?: string): Markup {
	const explanation = text === undefined ? undefined : xml`<text xmlns='${ns.stanzas}'>${text}</text>`;
	return xml`<error type='cancel'><${xml`${condition}`} xmlns='${ns.stanzas}'/>${explanation}</error>`;
}

function any_error(scene: Scene, conditions: readonly string[]): Markup {
	return error(scene.dice.pick(conditions), scene.dice.odds(40) ? "Could not be delivered" : undefined);
}

/** An error from someone in a room, mostly as from a client or server that is no longer there. */
function fault(label: string, weight: number, takes_out: boolean, make: (scene: Scene, insider: Insider) => Markup): Action {
	return action(label, weight, (scene, own) => {
		const insider = scene.insider();
		if (!insider) return undefined;
		const step = scene.send(insider.session, make(scene, insider), own);
		if (takes_out) insider.room.leave(insider.session);
		return step;
	});
}

const other = (scene: Scene, { session, room }: Insider) => `${room.jid}/${scene.other_nick(room, session)}`;

/**
 * Errors that come back. Harmless ones to a nick are not among them but in calm.ts, as that has to be somebody.
 */
export const errors: readonly Action[] = [
	fault(
		"error to a room",
		5,
		true,
		(scene, { room }) => xml`<message type='error' to='${room.jid}' id='${scene.id()}'>${any_error(scene, kicking)}</message>`,
	),
	fault(
		"harmless error to a room",
		3,
		false,
		(scene, { room }) => xml`<message type='error' to='${room.jid}' id='${scene.id()}'>${any_error(scene, harmless)}</message>`,
	),
	fault("malformed error to a room", 2, true, (scene, { room }) => {
		const content = scene.dice.pick([xml`<body>Hm</body>`, xml`<error/>`, xml``]);
		return xml`<message type='error' to='${room.jid}' id='${scene.id()}'>${content}</message>`;
	}),
	fault(
		"error to an occupant",
		4,
		true,
		(scene, insider) =>
			xml`<message type='error' to='${other(scene, insider)}' id='${scene.id()}'><body>Hm</body>${any_error(scene, kicking)}</message>`,
	),
	fault("presence error to an occupant", 4, true, (scene, insider) => {
		const to = other(scene, insider);
		note_direction(insider.session, insider.room, to, false);
		return xml`<presence type='error' to='${to}' id='${scene.id()}'>${any_error(scene, [...kicking, ...harmless])}</presence>`;
	}),
	fault("presence error to a room", 3, true, (scene, { session, room }) => {
		note_direction(session, room, room.jid, false);
		return xml`<presence type='error' to='${room.jid}' id='${scene.id()}'>${any_error(scene, kicking)}</presence>`;
	}),
	action("error by an outsider", 3, (scene, label) => {
		const outsider = scene.outsider();
		if (!outsider) return undefined;
		const { session, room } = outsider;
		// Not to a nick, where the sender might be in the room after all, and the nick absent.
		return scene.send(
			session,
			xml`<message type='error' to='${room.jid}' id='${scene.id()}'>${any_error(scene, [...kicking, ...harmless])}</message>`,
			label,
		);
	}),
];

/** A request with a mistake in it. */
function broken(label: string, make: (scene: Scene, room: string) => Markup): Action {
	return action(label, 2, (scene, own) => {
		const session = scene.anyone();
		return session && scene.send(session, make(scene, scene.any_room().jid), own);
	});
}

const query = xml`<query xmlns='${ns.disco_info}'/>`;

/**
 * What RFC 6120 forbids, except what would end the stream, since the play goes on with the connected clients.
 */
export const malformed: readonly Action[] = [
	broken("iq without id", (_, to) => xml`<iq type='get' to='${to}'>${query}</iq>`),
	broken("iq with an empty id", (_, to) => xml`<iq type='get' to='${to}' id=''>${query}</iq>`),
	broken("iq without type", (scene, to) => xml`<iq to='${to}' id='${scene.id()}'>${query}</iq>`),
	broken("iq of another type", (scene, to) => xml`<iq type='ask' to='${to}' id='${scene.id()}'>${query}</iq>`),
	broken("iq with two children", (scene, to) => xml`<iq type='get' to='${to}' id='${scene.id()}'>${query}${query}</iq>`),
	broken("iq with no child", (scene, to) => xml`<iq type='${scene.dice.pick(["get", "set"])}' to='${to}' id='${scene.id()}'/>`),
	broken("iq with the wrong type", (scene, to) => {
		const [type, xmlns] = scene.dice.pick([
			["set", ns.disco_info],
			["set", ns.disco_items],
			["get", ns.muc],
			["get", ns.muc_user],
		] as const);
		return xml`<iq type='${type}' to='${to}' id='${scene.id()}'><query xmlns='${xmlns}'/></iq>`;
	}),
	broken(
		"iq of unknown namespace",
		(scene, to) => xml`<iq type='get' to='${to}' id='${scene.id()}'><muc xmlns='urn:example:none'/></iq>`,
	),
	broken("iq without namespace", (scene, to) => xml`<iq type='get' to='${to}' id='${scene.id()}'><query/></iq>`),
	broken("iq with an odd id", (scene, to) => {
		const id = scene.dice.pick(["<'&\">", "   ", "🌹", "a".repeat(1500)]);
		return xml`<iq type='get' to='${to}' id='${id}${scene.id()}'>${query}</iq>`;
	}),
	broken(
		"message to an invalid JID",
		(scene, to) =>
			xml`<message type='groupchat' to='${scene.dice.pick(["@", `@${to}`, "a b@c", `${to}/`, "/"])}' id='${scene.id()}'><body>Hark</body></message>`,
	),
	broken("presence to an invalid JID", (scene) => {
		const to = scene.dice.pick(["@conference.localhost/Romeo", "a b@conference.localhost/Romeo", "/Romeo"]);
		return xml`<presence to='${to}' id='${scene.id()}'><x xmlns='${ns.muc}'/></presence>`;
	}),
	broken(
		"message with a false sender",
		(scene, to) =>
			xml`<message type='groupchat' from='tybalt@localhost' to='${to}' id='${scene.id()}'><body>${scene.line()}</body></message>`,
	),
	broken(
		"message with foreign attributes",
		(scene, to) =>
			xml`<message type='groupchat' to='${to}' id='${scene.id()}' colour='red' xmlns:e='urn:example:play' e:taste='sweet' xml:lang='it'><body>${scene.line()}</body></message>`,
	),
	broken("large message", (scene, to) => {
		const items = Array.from({ length: 200 }, (_, index) => xml`<item n='${index}'>${"x".repeat(80)}</item>`);
		return xml`<message type='groupchat' to='${to}' id='${scene.id()}'><body>${scene.line()}</body><payload xmlns='urn:example:play'>${items}</payload></message>`;
	}),
];
