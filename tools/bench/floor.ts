// No counterpart: the least that a relay in Node has to do, to measure by how much a whole server costs more.

import { createServer, type Server, type Socket } from "node:net";
import { SaxesParser } from "saxes";
import { ns } from "../../host/util/ns.ts";
import { stream_header } from "../../host/util/xmppstream.ts";

/** An element with its content. */
interface Node {
	readonly name: string;
	readonly attributes: Record<string, string>;
	readonly children: (Node | string)[];
}

/** A client, and what the current turn has for it. */
interface Peer {
	readonly socket: Socket;
	readonly jid: string;
	out: string;
}

/** The occupants of a room by their JIDs in it. */
type Room = Map<string, Peer>;

function escaped(text: string): string {
	return /[&<>'"]/.test(text) ? text.replace(/[&<>'"]/g, (character) => `&#${character.charCodeAt(0)};`) : text;
}

function open_tag({ name, attributes }: Node, but?: string): string {
	let text = `<${name}`;
	for (const key in attributes) {
		if (key !== but) text += ` ${key}='${escaped(attributes[key] ?? "")}'`;
	}
	return text;
}

function content({ name, children }: Node): string {
	if (children.length === 0) return "/>";
	let text = ">";
	for (const child of children) text += typeof child === "string" ? escaped(child) : open_tag(child) + content(child);
	return `${text}</${name}>`;
}

const features = `<stream:features><mechanisms xmlns='${ns.sasl}'><mechanism>ANONYMOUS</mechanism></mechanisms><bind xmlns='${ns.bind}'/></stream:features>`;

/** A relay for anonymous clients: strict parser, element tree, one serialisation a broadcast, one write a socket and turn. */
class Floor {
	private readonly rooms = new Map<string, Room>();
	private readonly peers = new Map<string, Peer>();
	private dirty: Peer[] = [];
	private scheduled = false;
	private connections = 0;

	/** Takes a connection. */
	accept(socket: Socket): void {
		const peer: Peer = { socket, jid: `guest${++this.connections}@localhost/x`, out: "" };
		this.peers.set(peer.jid, peer);
		const restart = (): void => {
			parser = this.parser(peer, restart);
		};
		let parser = this.parser(peer, restart);
		socket.on("data", (chunk) => parser.write(chunk.toString()));
		socket.on("error", () => socket.destroy());
		socket.on("close", () => this.gone(peer));
	}

	private parser(peer: Peer, restart: () => void): SaxesParser {
		const parser = new SaxesParser();
		const open: Node[] = [];
		parser.on("opentag", ({ name, attributes }) => {
			const node: Node = { name, attributes: { ...attributes }, children: [] };
			open.at(-1)?.children.push(node);
			open.push(node);
			if (open.length === 1) this.write(peer, stream_header({ xmlns: ns.client, from: "localhost", id: "1" }) + features);
		});
		parser.on("text", (text) => {
			if (open.length > 1) open.at(-1)?.children.push(text);
		});
		parser.on("closetag", () => {
			const node = open.pop();
			if (node !== undefined && open.length === 1) this.handle(peer, node, restart);
		});
		parser.on("error", () => peer.socket.destroy());
		return parser;
	}

	private handle(peer: Peer, stanza: Node, restart: () => void): void {
		if (stanza.name === "auth") {
			this.write(peer, `<success xmlns='${ns.sasl}'/>`);
			restart();
		} else if (stanza.name === "iq") {
			this.write(peer, `<iq type='result' id='${escaped(stanza.attributes["id"] ?? "")}'></iq>`);
		} else if (stanza.name === "presence") this.presence(peer, stanza);
		else if (stanza.name === "message") this.message(peer, stanza);
	}

	private message(peer: Peer, stanza: Node): void {
		const { to = "", type } = stanza.attributes;
		const [room_jid = "", nick] = to.split("/");
		const room = this.rooms.get(room_jid);
		if (room === undefined) return;
		stanza.attributes["from"] = `${room_jid}/${peer.jid}`;
		if (type === "groupchat") this.broadcast(room, stanza);
		else {
			const other = room.get(`${room_jid}/${nick}`);
			if (other !== undefined) this.write(other, `${open_tag(stanza, "to")} to='${escaped(other.jid)}'${content(stanza)}`);
		}
	}

	private presence(peer: Peer, stanza: Node): void {
		const nick = stanza.attributes["to"] ?? "";
		const room_jid = nick.slice(0, nick.indexOf("/"));
		let room = this.rooms.get(room_jid);
		if (room === undefined) {
			room = new Map();
			this.rooms.set(room_jid, room);
		}
		for (const other of room.keys()) this.write(peer, `${shown(other)} to='${escaped(peer.jid)}'${item}`);
		const text = shown(nick);
		for (const other of room.values()) this.write(other, `${text} to='${escaped(other.jid)}'${item}`);
		room.set(nick, peer);
		this.write(peer, `${text} to='${escaped(peer.jid)}'${own_item}`);
	}

	private broadcast(room: Room, stanza: Node): void {
		const head = open_tag(stanza, "to");
		const tail = content(stanza);
		for (const peer of room.values()) this.write(peer, `${head} to='${escaped(peer.jid)}'${tail}`);
	}

	private write(peer: Peer, text: string): void {
		if (peer.out === "") this.dirty.push(peer);
		peer.out += text;
		if (this.scheduled) return;
		this.scheduled = true;
		setImmediate(() => this.flush());
	}

	private flush(): void {
		this.scheduled = false;
		const { dirty } = this;
		this.dirty = [];
		for (const peer of dirty) {
			peer.socket.write(peer.out);
			peer.out = "";
		}
	}

	private gone(peer: Peer): void {
		this.peers.delete(peer.jid);
		for (const room of this.rooms.values()) {
			for (const [nick, other] of room) if (other === peer) room.delete(nick);
		}
	}
}

function shown(nick: string): string {
	return `<presence from='${escaped(nick)}'`;
}

const item = `><x xmlns='${ns.muc_user}'><item affiliation='none' role='participant'/></x></presence>`;
const own_item = `><x xmlns='${ns.muc_user}'><item affiliation='none' role='participant'/><status code='110'/></x></presence>`;

/** Serves on a port of the loopback address, 0 for any; the returned server emits `listening` once it listens. */
export function serve_floor(port: number): Server {
	const floor = new Floor();
	return createServer({ noDelay: true }, (socket) => floor.accept(socket)).listen(port, "127.0.0.1", 1024);
}
