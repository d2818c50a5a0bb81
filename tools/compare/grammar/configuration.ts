// No counterpart: part of `enjamb compare`.

import { ns } from "../../../host/util/ns.ts";
import type { PlayStep } from "../types.ts";
import { type Action, action } from "./action.ts";
import type { Scene } from "./scene.ts";
import type { Room, Session } from "./stage.ts";
import { attribute, type Markup, xml } from "./xml.ts";

const form_type = ns.muc_roomconfig;

/** A field of the configuration form. Source: the `muc-config-form` handlers of plugins/muc. */
interface Field {
	readonly name: string;
	/** Values as clients may send them, good and bad; undefined sends none. */
	readonly values: readonly (string | undefined)[];
	/**
	 * What this field does meets what others do: it makes people leave, sends presence, decides what is in it, or limits another
	 * value. Prosody handles the fields of one form in the order of a Lua table, so only one of these is sent at a time.
	 */
	readonly is_entangled?: boolean;
	/** What the room is then. */
	apply?(room: Room, value: string | undefined): void;
}

const is_true = (value: string | undefined) => value === "1" || value === "true";
const booleans: readonly (string | undefined)[] = ["1", "1", "true", "0", "0", "false", "maybe", "TRUE", "", undefined];
const texts: readonly (string | undefined)[] = [
	"Feast",
	"Ein Fest für <alle> & 羅密歐 🌹",
	"two\nlines",
	"x".repeat(2000),
	"",
	undefined,
];

/**
 * Not among the values: negative lengths of history, with which Prosody (0.12 and 13) loops for ever at the next message; lengths
 * beyond what fits a Lua integer, with which it can no longer write the form.
 */
const lengths: readonly (string | undefined)[] = [
	"0",
	"1",
	"3",
	"20",
	"50",
	"1000",
	"2147483648",
	"2.5",
	"0x10",
	"1e2",
	" 5 ",
	"many",
	"",
	undefined,
];

const boolean_fields: readonly Field[] = [
	{
		name: "muc#roomconfig_persistentroom",
		values: booleans,
		is_entangled: true,
		apply(room, value) {
			room.is_persistent = is_true(value);
		},
	},
	{ name: "muc#roomconfig_publicroom", values: booleans },
	{
		name: "muc#roomconfig_membersonly",
		// More often off than others: where nobody may enter, little happens.
		values: [...booleans, "0", "0", "0", "false"],
		is_entangled: true,
		apply: (room, value) => room.set_members_only(is_true(value)),
	},
	{ name: "{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites", values: booleans },
	{ name: "muc#roomconfig_changesubject", values: booleans },
	{
		name: "muc#roomconfig_moderatedroom",
		values: booleans,
		apply(room, value) {
			room.is_moderated = is_true(value);
		},
	},
	{ name: "muc#roomconfig_enablearchiving", values: [...booleans, "1", "true", "1", "true"] },
	{ name: "{xmpp:prosody.im}muc#allow_modpm", values: booleans },
];

const fields: readonly Field[] = [
	...boolean_fields,
	{ name: "muc#roomconfig_roomname", values: texts },
	{ name: "muc#roomconfig_roomdesc", values: texts },
	{ name: "muc#roomconfig_lang", values: ["en", "it", "de-CH", "none such", "", undefined] },
	{
		name: "muc#roomconfig_roomsecret",
		values: ["cauldronburn", "öffne dich", "", "", "", undefined],
		apply(room, value) {
			room.password = value ?? "";
		},
	},
	// Other values, and none, are not sent: Prosody asserts that it is one of these, and a failed assertion leaves the answer out.
	{ name: "muc#roomconfig_whois", values: ["moderators", "anyone"], is_entangled: true },
	{ name: "muc#roomconfig_historylength", values: lengths, is_entangled: true },
	{ name: "muc#roomconfig_defaulthistorymessages", values: [...lengths, "-5"], is_entangled: true },
	{ name: "muc#roomconfig_allowpm", values: ["visitor", "participant", "moderator", "affiliated", "none", "everyone"] },
	// Prosody does not know these.
	{ name: "muc#roomconfig_maxusers", values: ["1", "10", "none"] },
	{ name: "muc#roomconfig_nonesuch", values: ["1", undefined] },
];

const broadcast = "muc#roomconfig_presencebroadcast";
const whois = "muc#roomconfig_whois";

function value_element(value: string | undefined): Markup {
	return value === undefined ? xml`` : xml`<value>${value}</value>`;
}

/** A field as a client sends it. */
export function field(name: string, ...values: readonly (string | undefined)[]): Markup {
	return xml`<field var='${name}'>${values.map(value_element)}</field>`;
}

function owner_query(type: "get" | "set", scene: Scene, room: Room, content?: Markup): Markup {
	return xml`<iq type='${type}' to='${room.jid}' id='${scene.id()}'><query xmlns='${ns.muc_owner}'>${content}</query></iq>`;
}

function form(content: Markup, type: string | undefined = "submit"): Markup {
	return xml`<x xmlns='${ns.data}'${attribute("type", type)}>${content}</x>`;
}

function may_configure(room: Room, session: Session): boolean {
	return room.state !== "absent" && room.state !== "gone" && room.affiliation(session.member.jid) === "owner";
}

/** The form is submitted, with some fields besides its type. */
export function submit(scene: Scene, session: Session, room: Room, label: string, content: Markup): PlayStep {
	if (may_configure(room, session)) room.state = "open";
	return scene.send(session, owner_query("set", scene, room, form(xml`${field("FORM_TYPE", form_type)}${content}`)), label);
}

/** The owner accepts the default configuration, which lets others in. Source: XEP-0045 §10.1.2. */
export function open_instantly(scene: Scene, session: Session, room: Room, label: string): PlayStep {
	if (may_configure(room, session)) room.state = "open";
	return scene.send(session, owner_query("set", scene, room, form(xml``)), label);
}

/** An owner accepts the default configuration of a room that waits for it; undefined where there is none. */
export function open_locked_room(scene: Scene, label: string): PlayStep | undefined {
	const room = scene.dice.maybe(scene.rooms.filter(({ state }) => state === "locked"));
	const session = room && scene.dice.maybe(scene.online.filter((candidate) => may_configure(room, candidate)));
	return session && open_instantly(scene, session, room, label);
}

/** A room, and mostly an owner of it. */
function by_owner(
	label: string,
	weight: number,
	act: (scene: Scene, session: Session, room: Room, label: string) => PlayStep | undefined,
): Action {
	return action(label, weight, (scene, own) => {
		const room = scene.any_room();
		const session = scene.affiliated(room, ["owner"]);
		return session && act(scene, session, room, own);
	});
}

/** One field, good or bad. */
function configures({ name, values, apply }: Field): Action {
	return by_owner(
		`configure ${name}`,
		name.startsWith("muc#roomconfig_allowpm") || name.includes("nonesuch") ? 2 : 6,
		(scene, session, room, label) => {
			const value = scene.dice.maybe(values);
			if (may_configure(room, session)) apply?.(room, value);
			return submit(scene, session, room, label, field(name, value));
		},
	);
}

const broadcast_roles: readonly string[] = ["none", "visitor", "participant", "moderator"];

const form_cases: readonly Action[] = [
	by_owner("configure with a form of another type", 2, (scene, session, room, label) =>
		scene.send(
			session,
			owner_query("set", scene, room, form(xml`${field("FORM_TYPE", ns.muc_register)}${field("muc#roomconfig_roomname", "No")}`)),
			label,
		),
	),
	by_owner("configure with a form without type", 2, (scene, session, room, label) =>
		scene.send(session, owner_query("set", scene, room, form(field("muc#roomconfig_roomname", "No"))), label),
	),
	by_owner("configure with an unsubmitted form", 3, (scene, session, room, label) => {
		const type = scene.dice.maybe(["form", "result", "Submit", undefined]);
		const content = xml`${field("FORM_TYPE", form_type)}${field("muc#roomconfig_roomname", "No")}`;
		const bare = xml`<x xmlns='${ns.data}'>${content}</x>`;
		return scene.send(session, owner_query("set", scene, room, type === undefined ? bare : form(content, type)), label);
	}),
	by_owner("configure with a field twice", 2, (scene, session, room, label) =>
		submit(
			scene,
			session,
			room,
			label,
			xml`${field("muc#roomconfig_roomname", "First")}${field("muc#roomconfig_roomname", "Second")}`,
		),
	),
	by_owner("configure with a field of two values", 2, (scene, session, room, label) =>
		submit(scene, session, room, label, field("muc#roomconfig_roomname", "First", "Second")),
	),
	by_owner("configure nothing but the type", 3, (scene, session, room, label) => submit(scene, session, room, label, xml``)),
	by_owner("owner query with nothing", 2, (scene, session, room, label) =>
		scene.send(session, owner_query("set", scene, room), label),
	),
	by_owner("owner query with something else", 2, (scene, session, room, label) =>
		scene.send(
			session,
			owner_query("set", scene, room, scene.dice.pick([xml`<item affiliation='owner'/>`, xml`<x xmlns='${ns.muc}'/>`])),
			label,
		),
	),
];

/** Owners look at the configuration of rooms and change it; others try to. */
export const configuration: readonly Action[] = [
	by_owner("configuration form", 12, (scene, session, room, label) =>
		scene.send(session, owner_query("get", scene, room), label),
	),
	// Not the first one of a room, which Prosody leaves closed
	by_owner("cancel the configuration form", 6, (scene, session, room, label) =>
		room.state === "open" ? scene.send(session, owner_query("set", scene, room, form(xml``, "cancel")), label) : undefined,
	),
	by_owner("instant room", 12, open_instantly),
	action("instant room for a locked one", 60, (scene, label) => {
		return open_locked_room(scene, label);
	}),
	...fields.map(configures),
	// Always with a role, since Prosody has no answer to a field without values: a Lua error leaves it out.
	by_owner(`configure ${broadcast}`, 8, (scene, session, room, label) => {
		const roles = scene.dice.some(broadcast_roles, 1);
		return submit(scene, session, room, label, field(broadcast, ...roles, ...(scene.dice.odds(10) ? ["king"] : [])));
	}),
	by_owner("configure several fields", 24, (scene, session, room, label) => {
		const entangled = scene.dice.pick(fields.filter(({ is_entangled }) => is_entangled));
		const free = fields.filter(({ is_entangled }) => !is_entangled);
		const chosen = [...scene.dice.some(free, 2), ...(scene.dice.odds(50) ? [entangled] : [])];
		const sent = chosen.map(({ name, values, apply }) => {
			const value = scene.dice.maybe(values);
			if (may_configure(room, session)) apply?.(room, value);
			return field(name, value);
		});
		return submit(scene, session, room, label, xml`${sent}`);
	}),
	by_owner("configure as usual", 20, (scene, session, room, label) => {
		if (may_configure(room, session)) room.is_persistent = true;
		const content = xml`${field("muc#roomconfig_roomname", scene.line())}${field("muc#roomconfig_publicroom", "1")}
			${field("muc#roomconfig_persistentroom", "1")}${field("muc#roomconfig_changesubject", scene.dice.pick(["0", "1"]))}`;
		return submit(scene, session, room, label, content);
	}),
	action("lift restrictions", 40, (scene, label) => {
		const room = scene.dice.maybe(
			scene.rooms.filter((one) => one.state === "open" && (one.is_members_only || one.password !== "")),
		);
		const session = room && scene.dice.maybe(scene.online.filter((candidate) => may_configure(room, candidate)));
		if (!session) return undefined;
		room.password = "";
		room.set_members_only(false);
		return submit(
			scene,
			session,
			room,
			label,
			xml`${field("muc#roomconfig_membersonly", "0")}${field("muc#roomconfig_roomsecret", "")}`,
		);
	}),
	by_owner("moderated and known to all", 8, (scene, session, room, label) => {
		if (may_configure(room, session)) room.is_moderated = true;
		return submit(scene, session, room, label, xml`${field("muc#roomconfig_moderatedroom", "1")}${field(whois, "anyone")}`);
	}),
	...form_cases,
	action("configuration by someone else", 6, (scene, label) => {
		const room = scene.any_room();
		const session = scene.dice.maybe(scene.online.filter((candidate) => room.affiliation(candidate.member.jid) !== "owner"));
		if (!session) return undefined;
		if (scene.dice.odds(40)) return scene.send(session, owner_query("get", scene, room), label);
		return submit(scene, session, room, label, field("muc#roomconfig_roomname", "Taken"));
	}),
];

/** Owners destroy rooms, and others try to. */
export const destruction: readonly Action[] = [
	by_owner("destroy", 5, (scene, session, room, label) => {
		if (may_configure(room, session)) room.destroy();
		return scene.send(session, owner_query("set", scene, room, xml`<destroy/>`), label);
	}),
	by_owner("destroy with reason and successor", 6, (scene, session, room, label) => {
		if (may_configure(room, session)) room.destroy();
		const reason = scene.dice.odds(70) ? xml`<reason>${scene.line()}</reason>` : undefined;
		const password = scene.dice.odds(30) ? xml`<password>swordfish</password>` : undefined;
		const jid = scene.dice.odds(70) ? scene.dice.pick(scene.rooms).jid : undefined;
		return scene.send(
			session,
			owner_query("set", scene, room, xml`<destroy${attribute("jid", jid)}>${reason}${password}</destroy>`),
			label,
		);
	}),
	action("destroy by someone else", 3, (scene, label) => {
		const room = scene.any_room();
		const session = scene.dice.maybe(scene.online.filter((candidate) => room.affiliation(candidate.member.jid) !== "owner"));
		return session && scene.send(session, owner_query("set", scene, room, xml`<destroy/>`), label);
	}),
	action("join a destroyed room", 60, (scene, label) => {
		const room = scene.dice.maybe(scene.rooms.filter(({ state }) => state === "gone"));
		const session = scene.anyone();
		if (!room || !session) return undefined;
		room.join(session, session.member.nick, "");
		session.has_strange_directions = true;
		const to = `${room.jid}/${session.member.nick}`;
		return scene.send(session, xml`<presence to='${to}' id='${scene.id()}'><x xmlns='${ns.muc}'/></presence>`, label);
	}),
];
