// Writes what the compiler makes of the built program beside its pieces: `node --max-semi-space-size=4 tools/package/compile.cjs`, with the
// options that the program itself starts with, since what is compiled with others does not fit. The compiler keeps what has run: a
// server starts, with a configuration that needs a Lua, and people talk in a room.

const { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { connect } = require("node:net");
const { tmpdir } = require("node:os");
const { join } = require("node:path");

const dist = join(__dirname, "../../dist");
const { scripts, sealed } = require(join(dist, "loader.js"));
/** How long all of it may take, in milliseconds. */
const patience = 60_000;
const messages = 200;

// Without the last line it could be read without a Lua, which it is up to there
const configuration = `
c2s_ports = { 0 }
c2s_interfaces = { "127.0.0.1" }
c2s_require_encryption = false
modules_enabled = { "roster"; "saslauth"; "disco"; "private"; "vcard"; "version"; "uptime"; "time"; "ping"; "carbons"; "mam"; "smacks"; "pep" }
modules_disabled = { "s2s"; "tls" }
storage = "sql"
log = { error = "*stderr" }
VirtualHost "localhost"
	authentication = "anonymous"
Component "conference.localhost" "muc"
	modules_enabled = { "muc_mam" }
	muc_room_locking = false
local is_read_in_lua = true
`;

/** Somebody in a room who says things, one after the other. */
class Person {
	constructor(port, nick) {
		this.nick = nick;
		this.said = "";
		this.heard = () => {};
		this.socket = connect(port, "127.0.0.1").setEncoding("utf8");
		this.socket.on("data", (piece) => {
			this.said += piece;
			this.heard();
		});
		for (const event of ["error", "close"]) this.socket.on(event, () => this.heard(new Error(`the server hung up on ${nick}`)));
	}

	/** Sends, and waits until an answer has this in it. */
	ask(text, expected) {
		this.said = "";
		this.socket.write(text);
		return new Promise((resolve, reject) => {
			this.heard = (error) => {
				if (error !== undefined) reject(error);
				else if (this.said.includes(expected)) resolve();
			};
		});
	}

	async enter(room) {
		const stream =
			"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";
		await this.ask(stream, "</stream:features>");
		await this.ask("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>", "<success");
		await this.ask(stream, "</stream:features>");
		await this.ask("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", "id='b'");
		await this.ask(
			`<presence/><presence to='${room}/${this.nick}'><x xmlns='http://jabber.org/protocol/muc'/></presence>`,
			"<subject",
		);
	}
}

async function talk(port) {
	const room = "room@conference.localhost";
	const people = [];
	for (let index = 0; index < 5; index++) {
		const person = new Person(port, `nick${index}`);
		people.push(person);
		await person.enter(room);
	}
	for (let index = 0; index < messages; index++) {
		const id = `m${index}-`;
		await people[index % people.length].ask(
			`<message type='groupchat' id='${id}' to='${room}'><body>Hello &amp; welcome</body></message>`,
			id,
		);
	}
	const [first, second] = people;
	await first.ask(
		`<iq type='set' id='a' to='${room}'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>10</max></set></query></iq>`,
		"id='a'",
	);
	await first.ask(`<iq type='get' id='d' to='${room}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`, "id='d'");
	await second.ask(`<presence type='unavailable' to='${room}/nick1'/>`, "unavailable");
	for (const { socket } of people) socket.destroy();
}

function end(problem) {
	if (problem === undefined) {
		for (const [path, script] of scripts) {
			writeFileSync(`${path}.code`, sealed(readFileSync(path), script.createCachedData()));
			chmodSync(`${path}.code`, 0o644);
		}
	} else process.stderr.write(`nothing was compiled ahead: ${problem instanceof Error ? problem.stack : problem}\n`);
	rmSync(folder, { recursive: true, force: true });
	process.exit(problem === undefined ? 0 : 1);
}

const folder = mkdtempSync(join(tmpdir(), "enjamb-compile-"));
const file = join(folder, "compile.cfg.lua");
writeFileSync(file, configuration);
process.argv = [process.execPath, join(dist, "enjamb.js"), "start", "--config", file];
setTimeout(() => end("the server did not start, or not all was said"), patience).unref();
// The server says where it listens
process.stdout.write = (text) => {
	const port = /127\.0\.0\.1:([0-9]+) \(c2s\)/.exec(String(text))?.[1];
	if (port !== undefined) talk(Number(port)).then(() => end(undefined), end);
	return true;
};
require(join(dist, "enjamb.js"));
