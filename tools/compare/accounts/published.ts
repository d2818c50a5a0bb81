// No counterpart: part of `enjamb compare`. What accounts publish (XEP-0163), bookmarks among it (XEP-0402, XEP-0048).

import { ns } from "../../../host/util/ns.ts";
import { type Action, sequence } from "../grammar/action.ts";
import { field } from "../grammar/configuration.ts";
import type { Scene } from "../grammar/scene.ts";
import type { Session } from "../grammar/stage.ts";
import { attribute, type Markup, xml } from "../grammar/xml.ts";
import { other_account } from "./people.ts";
import { by_anyone, own_iq } from "./presence.ts";

/** How far somebody has read (XEP-0490). */
const markers = "urn:xmpp:mds:displayed:0";
const nodes: readonly string[] = [
	"urn:example:tune",
	"urn:example:tune",
	ns.nick,
	ns.avatar_metadata,
	"urn:example:place",
	markers,
];
const ids: readonly (string | undefined)[] = ["current", "one", "two", undefined];

/** One of them; undefined is one, too. */
function any<Item>(scene: Scene, items: readonly Item[]): Item {
	return scene.dice.pick(items.map((item) => [item] as const))[0];
}

function pubsub(scene: Scene, type: "get" | "set", content: Markup, to?: string): Markup {
	return own_iq(scene, type, xml`<pubsub xmlns='${ns.pubsub}'>${content}</pubsub>`, to);
}

function owner(scene: Scene, type: "get" | "set", content: Markup, to?: string): Markup {
	return own_iq(scene, type, xml`<pubsub xmlns='${ns.pubsub_owner}'>${content}</pubsub>`, to);
}

/** A service that belongs to nobody, of which Mercutio is the administrator. */
const service = "pubsub.localhost";

/** Mostly one's own account; at times somebody else's, or the service. */
function whose(scene: Scene, session: Session): string | undefined {
	if (scene.dice.odds(65)) return undefined;
	return scene.dice.odds(60) ? other_account(scene, session) : service;
}

/** The same where others are not allowed to do something. */
function mine(scene: Scene, session: Session): string | undefined {
	if (scene.dice.odds(80)) return undefined;
	return scene.dice.odds(30) ? other_account(scene, session) : service;
}

function payload(scene: Scene, node: string): Markup {
	if (node === ns.nick) return xml`<nick xmlns='${ns.nick}'>${scene.line()}</nick>`;
	if (node === ns.avatar_metadata)
		return xml`<metadata xmlns='${ns.avatar_metadata}'><info id='abc' bytes='5' type='image/png'/></metadata>`;
	if (node === markers)
		return xml`<displayed xmlns='${markers}'><stanza-id xmlns='${ns.stanza_id}' by='romeo@localhost' id='read'/></displayed>`;
	return xml`<tune xmlns='urn:example:tune'>${scene.line()}</tune>`;
}

const node_config = "http://jabber.org/protocol/pubsub#node_config";

const configurations: readonly (() => Markup)[] = [
	() => xml`${field("pubsub#access_model", "open")}`,
	() => xml`${field("pubsub#access_model", "whitelist")}`,
	() => xml`${field("pubsub#access_model", "presence")}`,
	() => xml`${field("pubsub#access_model", "authorize")}`,
	() => xml`${field("pubsub#max_items", "2")}`,
	() => xml`${field("pubsub#max_items", "max")}`,
	() => xml`${field("pubsub#max_items", "1000000")}`,
	() => xml`${field("pubsub#max_items", "many")}`,
	() => xml`${field("pubsub#persist_items", "0")}`,
	// One field each: of several that a node does not have, Prosody names one in the order of a Lua table
	() => xml`${field("pubsub#title", "A title")}`,
	() => xml`${field("pubsub#send_last_published_item", "never")}`,
	() => xml`${field("pubsub#deliver_payloads", "0")}`,
];

function options(scene: Scene): Markup {
	return xml`<x xmlns='${ns.data}' type='submit'>${field("FORM_TYPE", node_config)}${scene.dice.pick(configurations)()}</x>`;
}

function publish(scene: Scene, session: Session, content?: Markup): Markup {
	const node = scene.dice.pick(nodes);
	const item = content ?? xml`<item${attribute("id", any(scene, ids))}>${payload(scene, node)}</item>`;
	const with_options = scene.dice.odds(30) ? xml`<publish-options>${options(scene)}</publish-options>` : undefined;
	return pubsub(scene, "set", xml`<publish node='${node}'>${item}</publish>${with_options}`, mine(scene, session));
}

const conference = (jid: string, name: string): Markup =>
	xml`<conference jid='${jid}' name='${name}' autojoin='1'><nick>Rom</nick></conference>`;

function storage(scene: Scene): Markup {
	const rooms = scene.dice.some(["hall@conference.localhost", "tomb@conference.localhost"], 0);
	return xml`<storage xmlns='${ns.legacy_bookmarks}'>${rooms.map((room) => conference(room, scene.dice.pick(["Hall", "Tomb"])))}</storage>`;
}

/** The hash of what the client of {@link caps} says of itself. */
const notify = "urn:example:tune+notify";

/** A client says what it is, is asked, and wants to be told of some nodes (XEP-0115). */
const caps = sequence(["presence with capabilities", "answer about capabilities"], 8, (scene, label) => {
	const session = scene.anyone();
	if (!session) return undefined;
	session.priority = 0;
	const node = "http://example.com/client";
	// Of an identity client/pc named Example and the one feature
	const ver = "qUmSBR0WeUAeuCCAwtwcqDMNfQg=";
	return [
		scene.send(
			session,
			xml`<presence id='${scene.id()}'><c xmlns='${ns.caps}' hash='sha-1' node='${node}' ver='${ver}'/></presence>`,
			label,
		),
		scene.send(
			session,
			xml`<iq type='result' id='disco' to='${session.member.jid}'><query xmlns='${ns.disco_info}' node='${node}#${ver}'><identity category='client' type='pc' name='Example'/><feature var='${notify}'/></query></iq>`,
			"answer about capabilities",
		),
	];
});

export const published_actions: readonly Action[] = [
	caps,
	by_anyone("publish", 20, (scene, session) => publish(scene, session)),
	by_anyone("publish nothing", 1, (scene, session) => publish(scene, session, xml`<item id='empty'/>`)),
	by_anyone("publish no item", 1, (scene, session) => publish(scene, session, xml``)),
	by_anyone("published items", 10, (scene, session) => {
		const id = scene.dice.odds(25) ? xml`<item id='${scene.dice.pick(["current", "none"])}'/>` : undefined;
		const max = scene.dice.odds(20) ? scene.dice.pick(["0", "1", "5", "-1", "many"]) : undefined;
		return pubsub(
			scene,
			"get",
			xml`<items node='${scene.dice.pick(nodes)}'${attribute("max_items", max)}>${id}</items>`,
			whose(scene, session),
		);
	}),
	by_anyone("published items without a node", 1, (scene) => pubsub(scene, "get", xml`<items/>`)),
	by_anyone("retract", 5, (scene, session) => {
		const attributes = attribute("notify", any(scene, ["1", "true", "0", undefined]));
		return pubsub(
			scene,
			"set",
			xml`<retract node='${scene.dice.pick(nodes)}'${attributes}><item${attribute("id", any(scene, ids))}/></retract>`,
			mine(scene, session),
		);
	}),
	by_anyone("create a node", 3, (scene, session) => {
		const configure = scene.dice.odds(50) ? xml`<configure>${options(scene)}</configure>` : undefined;
		return pubsub(scene, "set", xml`<create node='${scene.dice.pick(nodes)}'/>${configure}`, mine(scene, session));
	}),
	by_anyone("delete a node", 3, (scene, session) =>
		owner(scene, "set", xml`<delete node='${scene.dice.pick(nodes)}'/>`, whose(scene, session)),
	),
	by_anyone("purge a node", 2, (scene, session) =>
		owner(scene, "set", xml`<purge node='${scene.dice.pick(nodes)}'/>`, whose(scene, session)),
	),
	by_anyone("configuration of a node", 3, (scene, session) =>
		owner(scene, "get", xml`<configure node='${scene.dice.pick(nodes)}'/>`, whose(scene, session)),
	),
	by_anyone("configure a node", 5, (scene, session) =>
		owner(scene, "set", xml`<configure node='${scene.dice.pick(nodes)}'>${options(scene)}</configure>`, mine(scene, session)),
	),
	by_anyone("configure without a form", 1, (scene) => owner(scene, "set", xml`<configure node='${scene.dice.pick(nodes)}'/>`)),
	by_anyone("default configuration", 1, (scene) => owner(scene, "get", xml`<default/>`)),
	by_anyone("subscribe to a node", 4, (scene, session) => {
		const jid = scene.dice.pick([session.member.jid, session.full_jid, "@", other_account(scene, session)]);
		return pubsub(scene, "set", xml`<subscribe node='${scene.dice.pick(nodes)}' jid='${jid}'/>`, whose(scene, session));
	}),
	by_anyone("unsubscribe from a node", 3, (scene, session) =>
		pubsub(
			scene,
			"set",
			xml`<unsubscribe node='${scene.dice.pick(nodes)}' jid='${scene.dice.pick([session.member.jid, session.full_jid])}'/>`,
			whose(scene, session),
		),
	),
	by_anyone("subscriptions", 2, (scene, session) => pubsub(scene, "get", xml`<subscriptions/>`, whose(scene, session))),
	by_anyone("subscribers of a node", 2, (scene) => owner(scene, "get", xml`<subscriptions node='${scene.dice.pick(nodes)}'/>`)),
	by_anyone("affiliations of a node", 2, (scene) => owner(scene, "get", xml`<affiliations node='${scene.dice.pick(nodes)}'/>`)),
	by_anyone("change an affiliation", 3, (scene, session) => {
		const affiliation = scene.dice.pick(["owner", "publisher", "member", "none", "outcast"]);
		return owner(
			scene,
			"set",
			xml`<affiliations node='${scene.dice.pick(nodes)}'><affiliation jid='${other_account(scene, session)}' affiliation='${affiliation}'/></affiliations>`,
		);
	}),
	by_anyone("what a node is", 2, (scene, session) =>
		own_iq(scene, "get", xml`<query xmlns='${ns.disco_info}' node='${scene.dice.pick(nodes)}'/>`, whose(scene, session)),
	),
	by_anyone("what a node has", 2, (scene, session) =>
		own_iq(scene, "get", xml`<query xmlns='${ns.disco_items}' node='${scene.dice.pick(nodes)}'/>`, whose(scene, session)),
	),
	by_anyone("pubsub without an action", 1, (scene) => pubsub(scene, scene.dice.pick(["get", "set"]), xml``)),
	by_anyone("bookmarks in private data", 4, (scene) =>
		own_iq(scene, "get", xml`<query xmlns='${ns.private}'><storage xmlns='${ns.legacy_bookmarks}'/></query>`),
	),
	by_anyone("store bookmarks in private data", 4, (scene) =>
		own_iq(scene, "set", xml`<query xmlns='${ns.private}'>${storage(scene)}</query>`),
	),
	by_anyone("bookmarks as they were published", 3, (scene) => pubsub(scene, "get", xml`<items node='${ns.legacy_bookmarks}'/>`)),
	by_anyone("publish bookmarks as they were", 3, (scene) =>
		pubsub(scene, "set", xml`<publish node='${ns.legacy_bookmarks}'><item id='current'>${storage(scene)}</item></publish>`),
	),
	by_anyone("bookmarks", 4, (scene) => pubsub(scene, "get", xml`<items node='${ns.bookmarks}'/>`)),
	by_anyone("publish a bookmark", 4, (scene) => {
		const room = scene.dice.pick(["hall@conference.localhost", "tomb@conference.localhost"]);
		return pubsub(
			scene,
			"set",
			xml`<publish node='${ns.bookmarks}'><item id='${room}'><conference xmlns='${ns.bookmarks}' name='A room'><nick>Rom</nick></conference></item></publish>`,
		);
	}),
	by_anyone("retract a bookmark", 2, (scene) =>
		pubsub(scene, "set", xml`<retract node='${ns.bookmarks}' notify='1'><item id='hall@conference.localhost'/></retract>`),
	),
];
