// No counterpart: part of `enjamb compare`.

import { ns } from "../../../host/util/ns.ts";
import { type Action, action, sequence } from "./action.ts";
import { field } from "./configuration.ts";
import { type Insider, type Scene, service } from "./scene.ts";
import { attribute, type Markup, xml } from "./xml.ts";

interface Question {
	readonly name: string;
	readonly type: "get" | "set";
	readonly payload: Markup;
}

const questions: readonly Question[] = [
	{ name: "ping", type: "get", payload: xml`<ping xmlns='${ns.ping}'/>` },
	{ name: "version", type: "get", payload: xml`<query xmlns='${ns.version}'/>` },
	{ name: "time", type: "get", payload: xml`<time xmlns='${ns.time}'/>` },
	{ name: "last activity", type: "get", payload: xml`<query xmlns='${ns.last}'/>` },
	{ name: "vcard", type: "get", payload: xml`<vCard xmlns='${ns.vcard_temp}'/>` },
	{ name: "something unknown", type: "set", payload: xml`<query xmlns='urn:example:play'/>` },
];

/** Any client asks any of these. */
function asks(
	label: string,
	weight: number,
	to: (scene: Scene) => string,
	type: "get" | "set",
	payload: (scene: Scene) => Markup,
): Action {
	return action(label, weight, (scene, own) => {
		const session = scene.anyone();
		return (
			session && scene.send(session, xml`<iq type='${type}' to='${to(scene)}' id='${scene.id()}'>${payload(scene)}</iq>`, own)
		);
	});
}

/** Someone in a room asks a nick there. */
function relayed(label: string, weight: number, question: Question, to: (scene: Scene, insider: Insider) => string): Action {
	return action(label, weight, (scene, own) => {
		const insider = scene.insider();
		if (!insider) return undefined;
		const { session, room } = insider;
		return scene.send(
			session,
			xml`<iq type='${question.type}' to='${room.jid}/${to(scene, insider)}' id='${scene.id()}'>${question.payload}</iq>`,
			own,
		);
	});
}

const other_nick = (scene: Scene, { session, room }: Insider) => scene.other_nick(room, session);
const any_room = (scene: Scene) => scene.any_room().jid;
const occupant = (scene: Scene) => {
	const insider = scene.insider();
	return insider ? `${insider.room.jid}/${insider.nick}` : `${scene.any_room().jid}/Nobody`;
};

function discovery(what: string, to: (scene: Scene) => string, weight: number): Action[] {
	const nodes = [undefined, undefined, undefined, "", "urn:example:none", ns.commands, "http://jabber.org/protocol/muc#traffic"];
	return [ns.disco_info, ns.disco_items].map((xmlns) =>
		asks(`${xmlns.slice(xmlns.indexOf("#") + 1)} of ${what}`, weight, to, "get", (scene) => {
			const node = scene.dice.maybe(nodes);
			return xml`<query xmlns='${xmlns}'${attribute("node", node)}/>`;
		}),
	);
}

/** An IQ reaches somebody, who answers; or somebody else does, or nobody. */
const conversation = sequence(["iq to an occupant that answers", "answer to a relayed iq"], 26, (scene, label) => {
	const insider = scene.insider(({ session, room }) => room.nicks.size > 1 && room.nicks.has(session));
	if (!insider) return undefined;
	const { session, room, nick } = insider;
	const target = scene.dice.maybe([...room.nicks].filter(([other]) => other !== session && other.online));
	if (!target) return undefined;
	const [answering, target_nick] = target;
	const id = scene.id();
	const variable = `relayed-${id}`;
	const type = scene.dice.pick(["get", "set"]);
	const payload = xml`<query xmlns='urn:example:play' n='${id}'/>`;
	// The one who answers may be another client, or somebody else: then the answer goes nowhere.
	const speaker = scene.dice.odds(90) ? answering : (scene.anyone() ?? answering);
	const error = xml`<error type='cancel'><feature-not-implemented xmlns='${ns.stanzas}'/></error>`;
	const [answer, content] = scene.dice.pick([
		["result", undefined],
		["result", xml`<query xmlns='urn:example:play'>${scene.line()}</query>`],
		["error", xml`${payload}${error}`],
	] as const);
	return [
		scene.send(session, xml`<iq type='${type}' to='${room.jid}/${target_nick}' id='${id}'>${payload}</iq>`, label),
		scene.capture(answering, xml`<iq type='${type}' id='{scansion:capture:${variable}}'>${payload}</iq>`),
		scene.send(
			speaker,
			xml`<iq to='${room.jid}/${nick}' id='\${${variable}}' type='${answer}'>${content}</iq>`,
			"answer to a relayed iq",
		),
	];
});

/** The admin of the service executes one of its commands, or cancels it. Source: XEP-0050. */
function command(label: string, weight: number, name: string, fields: (scene: Scene) => Markup): Action {
	return sequence([label, "command with a form"], weight, (scene, own) => {
		const prince = scene.online.find(({ member }) => member.name === "Prince");
		if (!prince) return undefined;
		const id = scene.id();
		const node = `http://prosody.im/protocol/muc#${name}`;
		const variable = `command-${id}`;
		const execute = xml`<command xmlns='${ns.commands}' node='${node}' action='execute'/>`;
		const answered = xml`<command xmlns='${ns.commands}' scansion:strict='false' sessionid='{scansion:capture:${variable}}'/>`;
		const form = xml`<x xmlns='${ns.data}' type='submit'>${field("FORM_TYPE", node)}${fields(scene)}</x>`;
		const [action_name, content] = scene.dice.odds(80) ? ["complete", form] : ["cancel", undefined];
		const next = xml`<command xmlns='${ns.commands}' node='${node}' sessionid='\${${variable}}' action='${action_name}'>${content}</command>`;
		return [
			scene.send(prince, xml`<iq type='set' to='${service}' id='${id}'>${execute}</iq>`, own),
			scene.capture(prince, xml`<iq type='result' id='${id}'>${answered}</iq>`),
			scene.send(prince, xml`<iq type='set' to='${service}' id='${scene.id()}'>${next}</iq>`, "command with a form"),
		];
	});
}

/** Not more than one field is bad: Prosody lists what is wrong in the order of a Lua table. */
const set_affiliation = command("command to set an affiliation", 3, "set-affiliation", (scene) => {
	const { jid } = scene.any_room();
	const [room, who, affiliation] = scene.dice.pick([
		[jid, "juliet@localhost", "member"],
		[jid, "nurse@localhost", "outcast"],
		[jid, "tybalt@localhost", "owner"],
		[jid, "admin@localhost", "none"],
		[jid, "juliet@localhost", "king"],
		[jid, "@", "member"],
		[`nowhere@${service}`, "juliet@localhost", "none"],
	] as const);
	return xml`${field("room", room)}${field("jid", who)}${field("affiliation", affiliation)}`;
});

const destroy_rooms = command("command to destroy rooms", 2, "destroy", (scene) => {
	const room = scene.any_room();
	if (scene.dice.odds(50)) return scene.dice.pick([field("rooms", `nowhere@${service}`), field("rooms")]);
	room.destroy();
	return field("rooms", room.jid);
});

/** Questions to the service, to rooms, and to those who are in them. */
export const queries: readonly Action[] = [
	...discovery("the service", () => service, 6),
	...discovery("a room", any_room, 8),
	...discovery("an occupant", occupant, 3),
	asks(
		"info of a room that is none",
		2,
		() => `nowhere@${service}`,
		"get",
		() => xml`<query xmlns='${ns.disco_info}'/>`,
	),
	...questions.flatMap((question) => [
		asks(
			`${question.name} to the service`,
			1,
			() => service,
			question.type,
			() => question.payload,
		),
		asks(`${question.name} to a room`, 1, any_room, question.type, () => question.payload),
		relayed(`${question.name} to an occupant`, 2, question, other_nick),
	]),
	...questions
		.slice(0, 1)
		.flatMap((question) => [
			relayed("ping to oneself", 10, question, (_, { nick }) => nick),
			relayed("ping to a nick that is absent", 3, question, () => "Nobody"),
		]),
	relayed(
		"ping of type set to oneself",
		2,
		{ name: "set", type: "set", payload: xml`<ping xmlns='${ns.ping}'/>` },
		(_, { nick }) => nick,
	),
	action("ping to a nick by an outsider", 4, (scene, label) => {
		const outsider = scene.outsider();
		if (!outsider) return undefined;
		const { session, room } = outsider;
		const to = `${room.jid}/${scene.other_nick(room, session)}`;
		return scene.send(session, xml`<iq type='get' to='${to}' id='${scene.id()}'><ping xmlns='${ns.ping}'/></iq>`, label);
	}),
	conversation,
	action("answer to nothing", 4, (scene, label) => {
		const session = scene.anyone();
		if (!session) return undefined;
		const to = scene.dice.pick([service, any_room(scene), occupant(scene)]);
		const error = xml`<error type='cancel'><feature-not-implemented xmlns='${ns.stanzas}'/></error>`;
		return scene.send(
			session,
			scene.dice.pick([
				xml`<iq type='result' to='${to}' id='${scene.id()}'/>`,
				xml`<iq type='error' to='${to}' id='${scene.id()}'>${error}</iq>`,
			]),
			label,
		);
	}),
	asks(
		"unique name",
		3,
		() => service,
		"get",
		() => xml`<unique xmlns='${ns.muc_unique}'/>`,
	),
	asks("unique name of a room", 1, any_room, "get", () => xml`<unique xmlns='${ns.muc_unique}'/>`),
	asks(
		"commands of the service",
		4,
		() => service,
		"get",
		() => xml`<query xmlns='${ns.disco_items}' node='${ns.commands}'/>`,
	),
	asks(
		"info of a command",
		2,
		() => service,
		"get",
		() => xml`<query xmlns='${ns.disco_info}' node='${ns.muc}#destroy'/>`,
	),
	set_affiliation,
	destroy_rooms,
	action("command by someone else", 2, (scene, label) => {
		const session = scene.dice.maybe(scene.online.filter(({ member }) => member.name !== "Prince"));
		const node = scene.dice.pick([
			"http://prosody.im/protocol/muc#destroy",
			"http://prosody.im/protocol/muc#set-affiliation",
			"none",
		]);
		const command = xml`<command xmlns='${ns.commands}' node='${node}' action='execute'/>`;
		return session && scene.send(session, xml`<iq type='set' to='${service}' id='${scene.id()}'>${command}</iq>`, label);
	}),
];
