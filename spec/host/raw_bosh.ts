// BOSH by hand.

import { RawHttp, request } from "./raw_http.ts";
import { auth, bind } from "./raw_websocket.ts";

const connections: RawHttp[] = [];

/** Accounts taken so far: each client has one of its own. */
let logins = 0;

/** One client of BOSH, each of whose requests goes over a connection of its own. */
export class BoshClient {
	sid = "";

	constructor(
		readonly port: number,
		public rid = 1000,
	) {}

	/** Posts a text, and answers with what comes; `was_sent` is told when it is on its way. */
	async post(text: string, was_sent = (): void => {}): Promise<string> {
		const connection = await RawHttp.connect(this.port);
		connections.push(connection);
		const answering = connection.ask(request("POST", "/http-bind", ["Content-Type: text/xml"], text));
		was_sent();
		const answer = await answering;
		return answer === undefined ? "no answer" : answer.body.trim();
	}

	/** Ends what is under way, of all clients. */
	static destroy_all(): void {
		for (const connection of connections.splice(0)) connection.destroy();
	}

	/** Makes a request that is not answered at once, and waits until the server has it; answers with its answer, which comes later. */
	async hold(text: string): Promise<{ readonly answer: Promise<string> }> {
		let answer = Promise.resolve("");
		await new Promise<void>((sent) => {
			answer = this.post(text, sent);
		});
		// What is said to the server afterwards is answered after it has read this
		const other = await RawHttp.connect(this.port);
		await other.ask(request("GET", "/http-bind"));
		other.destroy();
		return { answer };
	}

	/** The body of a request, the next one unless a rid is given. */
	body(content = "", attributes = "", rid = ++this.rid): string {
		return `<body xmlns='http://jabber.org/protocol/httpbind' sid='${this.sid}' rid='${rid}' ${attributes}>${content}</body>`;
	}

	ask(content = "", attributes = "", rid = ++this.rid): Promise<string> {
		return this.post(this.body(content, attributes, rid));
	}

	async create(attributes = "to='localhost' wait='5' hold='1'"): Promise<string> {
		const answer = await this.post(
			`<body xmlns='http://jabber.org/protocol/httpbind' rid='${this.rid}' ver='1.6' xmpp:version='1.0' xmlns:xmpp='urn:xmpp:xbosh' ${attributes}/>`,
		);
		this.sid = / sid='([^']+)'/.exec(answer)?.[1] ?? "";
		return answer;
	}

	async login(name = `user${this.port}.${++logins}`, attributes?: string, resource = "raw"): Promise<this> {
		await this.create(attributes);
		await this.ask(auth(name));
		await this.ask("", "xmpp:restart='true' xmlns:xmpp='urn:xmpp:xbosh' to='localhost'");
		await this.ask(bind.replace("raw", resource));
		return this;
	}
}
