// Counterpart: the XMPP client of Prosody's test player, https://matthewwild.co.uk/projects/scansion

import { connect as connect_tcp, isIP, type Socket } from "node:net";
import { connect as connect_tls } from "node:tls";
import { failed, ok, type Result } from "../../host/util/error.ts";
import { split } from "../../host/util/jid.ts";
import { ns } from "../../host/util/ns.ts";
import { create_sasl_client } from "../../host/util/sasl_client.ts";
import { stanza as element, type Stanza, xml_escape } from "../../host/util/stanza.ts";
import { type StreamFault, stream_end, stream_header, XmppStream } from "../../host/util/xmppstream.ts";

/** The account to connect with, and the server. */
export interface ClientOptions {
	/** Name or address to connect to; the JID's own domain is what the stream is opened to. */
	readonly host: string;
	readonly port: number;
	/** Bare JID. */
	readonly jid: string;
	readonly password: string;
	/** The server chooses where it is missing. */
	readonly resource?: string | undefined;
	/** How long each answer may take while connecting, in milliseconds. */
	readonly timeout: number;
	/** A stream to take up again in place of binding a resource. What the server says to that comes first in the queue. */
	readonly resume?: Resumable | undefined;
}

/** A stream that can be taken up again (XEP-0198). */
export interface Resumable {
	readonly id: string;
	/** How many stanzas came. */
	readonly handled: number;
	readonly full_jid: string;
	/** How many pings were sent, so that answers to later ones cannot be taken for answers to these. */
	readonly pings: number;
}

interface Waiter {
	accepts(stanza: Stanza): boolean;
	done(stanza: Stanza | undefined): void;
}

/** More than any real answer has; a server that sends more in one stanza is not read any further. */
const maximum_stanza_bytes = 10 * 1024 * 1024;

/** How long a server on this machine may take to see that a connection is gone, in milliseconds. */
const notice_time = 50;

/** Errors by which the own server says that another cannot be reached. */
const unreachable: ReadonlySet<string> = new Set(["remote-server-not-found", "remote-server-timeout"]);

/** Addresses that always mean this machine, where a self-signed certificate is good enough. */
function is_loopback(address: string | undefined): boolean {
	return address !== undefined && (/^(::ffff:)?127\./.test(address) || address === "::1");
}

function condition_of(stanza: Stanza): string {
	const condition = stanza.first_tag?.name ?? "no reason";
	const text = stanza.tags.find((tag) => tag.name === "text")?.get_text();
	return text === undefined ? condition : `${condition} (${text})`;
}

function describe_fault(fault: StreamFault): string {
	if (fault.kind === "stream-error") return `stream error ${condition_of(fault.stanza)}`;
	if (fault.kind === "no-stream") return `expected a stream header, got <${fault.name} xmlns='${fault.xmlns}'>`;
	return "text" in fault ? `${fault.kind}: ${fault.text}` : fault.kind;
}

/** Base64 as SASL writes it: `=` for data that is there but empty. Source: RFC 6120 §6.4.2. */
function sasl_text(data: Buffer): string {
	return data.length === 0 ? "=" : data.toString("base64");
}

function sasl_data(stanza: Stanza): Buffer {
	const text = stanza.get_text() ?? "";
	return text === "=" ? Buffer.alloc(0) : Buffer.from(text, "base64");
}

/** A connected and authenticated client with a bound resource. It sends nothing of its own but {@link settle}'s pings. */
export class Client {
	/** Full JID, once bound. */
	full_jid = "";
	/** Stanzas that came and that nobody has taken, oldest first. */
	readonly queue: Stanza[] = [];
	/** Why the stream ended; undefined while it is open. */
	ended: string | undefined;

	private socket: Socket;
	private readonly stream: XmppStream;
	private waiters: Waiter[] = [];
	private readonly listeners = new Set<() => void>();
	private pings: number;
	/** The id of the stream where it can be taken up again, and how many stanzas came since that was agreed. */
	private stream_id: string | undefined;
	private handled = 0;
	private readonly pongs = new Map<string, (is_there: boolean) => void>();
	private secure = false;
	/** Whether the server may not have handled everything yet. */
	private unsettled = false;

	private constructor(private readonly options: ClientOptions) {
		this.pings = options.resume?.pings ?? 0;
		this.socket = connect_tcp({ host: options.host, port: options.port, noDelay: true });
		this.stream = new XmppStream(
			{
				streamopened: () => {},
				streamclosed: () => this.end("the server closed the stream"),
				handlestanza: (stanza) => this.receive(stanza),
				error: (fault) => this.end(describe_fault(fault)),
			},
			{ default_ns: ns.client, stanza_size_limit: maximum_stanza_bytes, keep_lang: true },
		);
		this.listen();
	}

	/** Connects, authenticates and binds a resource; no presence is sent. */
	static async connect(options: ClientOptions): Promise<Result<Client, string>> {
		const client = new Client(options);
		const problem = await client.login();
		if (problem === undefined) return ok(client);
		client.socket.destroy();
		return failed(`${options.jid} could not connect to ${options.host} port ${options.port}: ${problem}`);
	}

	/**
	 * Makes an account (XEP-0077).
	 * @returns the server's answer, or why it could not be asked
	 */
	static async register(options: ClientOptions): Promise<Result<Stanza, string>> {
		const client = new Client(options);
		const features = await client.open();
		if (!features.ok) return features;
		const { node: username = "" } = split(options.jid);
		const { password } = options;
		const query = element("query", { xmlns: ns.register }).text_tag("username", username).text_tag("password", password);
		client.write(element("iq", { type: "set", id: "register" }).add_child(query).toString());
		const answer = await client.next("answer to the registration");
		await client.disconnect();
		return answer;
	}

	/** How the stream can be taken up again; undefined where that was not agreed. */
	get resumable(): Resumable | undefined {
		if (this.stream_id === undefined) return undefined;
		return { id: this.stream_id, handled: this.handled, full_jid: this.full_jid, pings: this.pings };
	}

	/** Sends a stanza. */
	send(stanza: Stanza): void {
		this.unsettled = true;
		this.write(stanza.toString());
	}

	/**
	 * Takes the first stanza that is accepted out of the queue, or waits for it.
	 * @param timeout in milliseconds
	 * @returns undefined when none came in that time, or the stream ended
	 */
	take(accepts: (stanza: Stanza) => boolean, timeout: number): Promise<Stanza | undefined> {
		const index = this.queue.findIndex(accepts);
		if (index >= 0) return Promise.resolve(this.queue.splice(index, 1)[0]);
		if (this.ended !== undefined) return Promise.resolve(undefined);
		return new Promise((resolve) => {
			const done = (stanza: Stanza | undefined) => {
				clearTimeout(timer);
				this.listeners.delete(stop);
				this.waiters = this.waiters.filter((other) => other !== waiter);
				resolve(stanza);
			};
			const stop = () => done(undefined);
			const waiter: Waiter = { accepts, done };
			const timer = setTimeout(stop, timeout);
			this.waiters.push(waiter);
			this.listeners.add(stop);
		});
	}

	/**
	 * Waits until the server has handled all that was sent, and all that it sent before has come: a ping's answer follows both.
	 * @param always also when nothing was sent since the last time
	 * @param hosts hosts to ask, where stanzas go through other servers than the client's own
	 */
	async settle(always = false, hosts: readonly string[] = [this.domain]): Promise<void> {
		if (this.ended !== undefined || (!this.unsettled && !always)) return;
		this.unsettled = false;
		await Promise.all(hosts.map((host) => this.ping(host)));
	}

	/** Asks a host something; waits for its answer, or until there can be none. False where it cannot be asked. */
	ping(host: string): Promise<boolean> {
		this.pings++;
		const id = `scansion-settle-${this.pings}`;
		return new Promise((resolve) => {
			const done = (is_there: boolean) => {
				clearTimeout(timer);
				this.listeners.delete(give_up);
				this.pongs.delete(id);
				resolve(is_there);
			};
			const give_up = () => done(false);
			const timer = setTimeout(give_up, this.options.timeout);
			this.pongs.set(id, done);
			this.listeners.add(give_up);
			this.write(`<iq type='get' id='${id}' to='${xml_escape(host)}'><ping xmlns='${ns.ping}'/></iq>`);
		});
	}

	/** Closes the stream and waits until the server has closed it too, so that it has forgotten the session. */
	async disconnect(): Promise<void> {
		if (!this.socket.destroyed) {
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, this.options.timeout);
				this.socket.once("close", () => {
					clearTimeout(timer);
					resolve();
				});
				this.socket.end(stream_end);
			});
		}
		this.end("disconnected by the script");
		this.socket.destroy();
	}

	/**
	 * Drops the connection without closing the stream, like a client whose machine loses power, and gives the server time to
	 * notice.
	 */
	async vanish(): Promise<void> {
		this.end("vanished");
		this.socket.destroy();
		await new Promise((resolve) => setTimeout(resolve, notice_time));
	}

	private get domain(): string {
		return split(this.options.jid).host ?? "";
	}

	private listen(): void {
		this.socket.on("data", (chunk) => this.stream.feed(chunk));
		this.socket.on("error", (error) => this.end(error.message));
		this.socket.on("close", () => this.end("the server closed the connection"));
	}

	private write(text: string): void {
		if (this.socket.writable) this.socket.write(text);
	}

	private end(reason: string): void {
		if (this.ended !== undefined) return;
		this.ended = reason;
		for (const listener of [...this.listeners]) listener();
	}

	private receive(stanza: Stanza): void {
		this.count(stanza);
		const id = stanza.attr["id"];
		const pong = stanza.name === "iq" && id !== undefined ? this.pongs.get(id) : undefined;
		if (pong) {
			pong(!unreachable.has(stanza.get_error()?.condition ?? ""));
			return;
		}
		const waiter = this.waiters.find((candidate) => candidate.accepts(stanza));
		if (waiter) waiter.done(stanza);
		else this.queue.push(stanza);
	}

	/** Keeps count for a stream that may be taken up again. */
	private count(stanza: Stanza): void {
		const { xmlns, id } = stanza.attr;
		if (xmlns === undefined || xmlns === ns.client) this.handled++;
		else if (xmlns === ns.sm3 && stanza.name === "enabled") {
			this.stream_id = id;
			this.handled = 0;
		} else if (xmlns === ns.sm3 && stanza.name === "resumed") {
			this.stream_id = stanza.attr["previd"];
			this.handled = this.options.resume?.handled ?? 0;
		}
	}

	/** The next stanza of the negotiation; a text says why there is none. */
	private async next(expected: string): Promise<Result<Stanza, string>> {
		const stanza = await this.take(() => true, this.options.timeout);
		if (stanza) return ok(stanza);
		return failed(this.ended ?? `no ${expected} within ${this.options.timeout / 1000} s`);
	}

	/** Opens a stream, anew after each step of the negotiation, and reads its features. */
	private async open(): Promise<Result<Stanza, string>> {
		this.stream.reset("drop");
		this.write(stream_header({ xmlns: ns.client, to: this.domain, version: "1.0" }));
		const features = await this.next("stream features");
		if (features.ok && features.value.name !== "features") return failed(`expected stream features, got ${features.value}`);
		return features;
	}

	private async login(): Promise<string | undefined> {
		let features = await this.open();
		if (!features.ok) return features.error;
		const starttls = features.value.get_child("starttls", ns.tls);
		if (starttls && (starttls.get_child("required", ns.tls) || !features.value.get_child("mechanisms", ns.sasl))) {
			const problem = await this.encrypt();
			if (problem !== undefined) return problem;
			features = await this.open();
			if (!features.ok) return features.error;
		}
		const refusal = await this.authenticate(features.value);
		if (refusal !== undefined) return refusal;
		features = await this.open();
		if (!features.ok) return features.error;
		if (this.options.resume === undefined) return this.bind();
		const resumed = await this.take_up(this.options.resume);
		if (!resumed.ok) return resumed.error;
		const problem = resumed.value.name === "resumed" ? undefined : await this.bind();
		this.queue.unshift(resumed.value);
		return problem;
	}

	private async take_up({ id, handled, full_jid }: Resumable): Promise<Result<Stanza, string>> {
		this.write(element("resume", { xmlns: ns.sm3, previd: id, h: String(handled) }).toString());
		const answer = await this.next("answer to the resumption");
		if (answer.ok && answer.value.name === "resumed") this.full_jid = full_jid;
		return answer;
	}

	private async encrypt(): Promise<string | undefined> {
		this.write(`<starttls xmlns='${ns.tls}'/>`);
		const answer = await this.next("answer to STARTTLS");
		if (!answer.ok) return answer.error;
		if (answer.value.name !== "proceed") return `STARTTLS was refused: ${answer.value}`;
		const plain = this.socket;
		const local = is_loopback(plain.remoteAddress);
		plain.removeAllListeners();
		const socket = connect_tls({
			socket: plain,
			rejectUnauthorized: !local,
			...(isIP(this.domain) === 0 ? { servername: this.domain } : {}),
		});
		this.socket = socket;
		this.secure = true;
		this.listen();
		return new Promise((resolve) => {
			const done = (problem: string | undefined) => {
				clearTimeout(timer);
				resolve(problem);
			};
			const timer = setTimeout(() => done(`TLS was not ready within ${this.options.timeout / 1000} s`), this.options.timeout);
			socket.once("secureConnect", () => done(undefined));
			socket.once("error", (error) => done(`TLS failed: ${error.message}`));
			socket.once("close", () => done("TLS failed: the server closed the connection"));
		});
	}

	private async authenticate(features: Stanza): Promise<string | undefined> {
		const offered = features.get_child("mechanisms", ns.sasl)?.tags.map((mechanism) => mechanism.get_text() ?? "") ?? [];
		const { node: username = "" } = split(this.options.jid);
		const sasl = create_sasl_client({ username, password: this.options.password }, offered, {
			allow_plain: this.secure || is_loopback(this.socket.remoteAddress),
		});
		if (!sasl.ok) return sasl.error;
		this.write(
			element("auth", { xmlns: ns.sasl, mechanism: sasl.value.mechanism }).text(sasl_text(sasl.value.first())).toString(),
		);
		for (;;) {
			const answer = await this.next("answer to the authentication");
			if (!answer.ok) return answer.error;
			const { name } = answer.value;
			if (name === "success") {
				const proven = sasl.value.success(sasl_data(answer.value));
				return proven.ok ? undefined : proven.error;
			}
			if (name !== "challenge") return `authentication failed: ${condition_of(answer.value)}`;
			const response = sasl.value.challenge(sasl_data(answer.value));
			if (!response.ok) return response.error;
			this.write(element("response", { xmlns: ns.sasl }).text(sasl_text(response.value)).toString());
		}
	}

	private async bind(): Promise<string | undefined> {
		const { resource } = this.options;
		const wanted = resource === undefined ? "" : `<resource>${xml_escape(resource)}</resource>`;
		this.write(`<iq type='set' id='bind'><bind xmlns='${ns.bind}'>${wanted}</bind></iq>`);
		const answer = await this.next("answer to the resource binding");
		if (!answer.ok) return answer.error;
		const jid = answer.value.get_child("bind", ns.bind)?.get_child_text("jid", ns.bind);
		if (answer.value.attr["type"] !== "result" || jid === undefined) return `no resource was bound: ${answer.value}`;
		this.full_jid = jid;
		return undefined;
	}
}
