// No counterpart: what it costs to log in by SCRAM or by SASL2 with a token, with TLS and without, and the handshakes alone.

import { createHmac } from "node:crypto";
import { once } from "node:events";
import { connect as connect_plainly, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "node:tls";
import { ns } from "../../host/util/ns.ts";
import { create_sasl_client } from "../../host/util/sasl_client.ts";
import { stream_header } from "../../host/util/xmppstream.ts";
import { Latencies } from "./latencies.ts";
import { cpu_micros, rss_mib } from "./processes.ts";
import type { Effort, Finding, Measurement, Scenario, Subject } from "./types.ts";

const host = "localhost";
const account = { username: "bench", password: "pencil" };
const agent = "<user-agent id='5f1ac9ae-2a53-4c3f-a4e0-5a7c0f2b6d11'/>";
/** Clients that log in again and again. */
const logins_under_way = 10;

/** One connection, and what has come over it. */
class Line {
	private said = "";
	private ended = false;
	private changed = (): void => {};

	private constructor(private readonly socket: Socket) {
		socket.setNoDelay(true);
		socket.on("data", (chunk: Buffer) => {
			this.said += chunk.toString();
			this.changed();
		});
		socket.on("error", () => {});
		socket.on("close", () => {
			this.ended = true;
			this.changed();
		});
	}

	/** Without TLS. */
	static async open_plainly(port: number): Promise<Line> {
		const socket = connect_plainly({ port, host: "127.0.0.1" });
		await once(socket, "connect");
		return new Line(socket);
	}

	/**
	 * With TLS.
	 * @param sessions keeps the newest session, with which the handshake is a short one
	 */
	static async open(port: number, sessions?: { newest?: Buffer }): Promise<Line> {
		const session = sessions?.newest;
		const socket = connect({ port, servername: host, rejectUnauthorized: false, ...(session === undefined ? {} : { session }) });
		if (sessions !== undefined) {
			socket.on("session", (newest: Buffer) => {
				sessions.newest = newest;
			});
		}
		await once(socket, "secureConnect");
		return new Line(socket);
	}

	/** Sends text, and answers with what comes up to some text. */
	async ask(text: string, marker: string): Promise<string> {
		this.said = "";
		this.socket.write(text);
		while (!this.said.includes(marker)) {
			if (this.ended || /<\/?failure|stream:error/.test(this.said)) throw new Error(`${marker} did not come: ${this.said}`);
			await new Promise<void>((resolve) => {
				this.changed = resolve;
			});
		}
		return this.said;
	}

	header(from = ""): Promise<string> {
		const whose = from === "" ? {} : { from };
		return this.ask(stream_header({ xmlns: ns.client, to: host, version: "1.0", ...whose }), "</stream:features>");
	}

	close(): void {
		this.socket.destroy();
	}
}

/** A way to connect. */
type Open = (port: number) => Promise<Line>;

/** Handshakes after the first one are short. */
function resumed(): Open {
	const sessions: { newest?: Buffer } = {};
	return (port) => Line.open(port, sessions);
}

async function register(port: number, open: Open): Promise<void> {
	const line = await open(port);
	await line.header();
	const query = `<username>${account.username}</username><password>${account.password}</password>`;
	await line.ask(`<iq type='set' id='r'><query xmlns='${ns.register}'>${query}</query></iq>`, "id='r'");
	line.close();
}

const base64 = (data: Buffer): string => data.toString("base64");
const text_in = (said: string, name: string): Buffer =>
	Buffer.from(new RegExp(`<${name}[^>]*>([^<]*)`).exec(said)?.[1] ?? "", "base64");

/** Logs in by SCRAM-SHA-1, as RFC 6120 has it: with a second stream and a resource. */
async function log_in(line: Line): Promise<void> {
	await line.header();
	const sasl = create_sasl_client(account, ["SCRAM-SHA-1"]);
	if (!sasl.ok) throw new Error(sasl.error);
	const first = `<auth xmlns='${ns.sasl}' mechanism='SCRAM-SHA-1'>${base64(sasl.value.first())}</auth>`;
	const answer = sasl.value.challenge(text_in(await line.ask(first, "</challenge>"), "challenge"));
	if (!answer.ok) throw new Error(answer.error);
	await line.ask(`<response xmlns='${ns.sasl}'>${base64(answer.value)}</response>`, "</success>");
	await line.header();
	await line.ask(`<iq type='set' id='b'><bind xmlns='${ns.bind}'/></iq>`, "</iq>");
}

/** Logs in by SASL2; answers with the token, where one is given. */
async function authenticate(line: Line, mechanism: string, response: Buffer, inside: string): Promise<string> {
	await line.header(`${account.username}@${host}`);
	const initial = `<initial-response>${base64(response)}</initial-response>`;
	const text = `<authenticate xmlns='${ns.sasl2}' mechanism='${mechanism}'>${initial}${agent}${inside}</authenticate>`;
	return /token=['"]([^'"]+)/.exec(await line.ask(text, "stream:features"))?.[1] ?? "";
}

/** A way to log in. */
type Login = (line: Line) => Promise<unknown>;

async function by_token(port: number, open: Open): Promise<Login> {
	const line = await open(port);
	const wanted = `<request-token xmlns='${ns.fast}' mechanism='HT-SHA-256-NONE'/>`;
	const plain = Buffer.from(`\0${account.username}\0${account.password}`);
	const token = await authenticate(line, "PLAIN", plain, wanted);
	line.close();
	if (token === "") throw new Error("the server gives no tokens");
	const proof = createHmac("sha256", token).update("Initiator").digest();
	const response = Buffer.concat([Buffer.from(`${account.username}\0`), proof]);
	const inside = `<fast xmlns='${ns.fast}'/><bind xmlns='${ns.bind2}'/>`;
	return (again) => authenticate(again, "HT-SHA-256-NONE", response, inside);
}

/** Logins before anything is measured, so that compilers are done, and logins that are measured: both at least. */
const warm_up_logins = 1000;
const measured_logins = 500;
/** How long slow servers are waited for at most, in milliseconds. */
const longest = 10_000;

/** Waits for some time, and for longer where not enough has happened. */
async function until_enough(ms: number, is_enough: () => boolean): Promise<void> {
	const begun = performance.now();
	await delay(ms);
	while (!is_enough() && performance.now() - begun < longest) await delay(50);
}

/** Connects, logs in and goes, a few at a time, again and again. */
async function measure_logins(subject: Subject, effort: Effort, open: Open, login: Login): Promise<Measurement> {
	const latencies = new Latencies();
	let count = 0;
	let is_over = false;
	const again = async (): Promise<void> => {
		while (!is_over) {
			const begun = performance.now();
			const line = await open(subject.port);
			await login(line);
			line.close();
			latencies.add(performance.now() - begun);
			count++;
		}
	};
	const all = Promise.all(Array.from({ length: logins_under_way }, again));
	await until_enough(effort.warm_up_ms, () => count >= warm_up_logins);
	latencies.clear();
	const before = { cpu: cpu_micros(subject.pid), count, time: performance.now() };
	await until_enough(Math.max(effort.measure_ms, 2000), () => count - before.count >= measured_logins);
	const after = { cpu: cpu_micros(subject.pid), count, time: performance.now() };
	const times = latencies.summary();
	is_over = true;
	await all;
	const deliveries = after.count - before.count;
	return {
		deliveries,
		cpu_micros: (after.cpu - before.cpu) / deliveries,
		...times,
		per_second: (deliveries / (after.time - before.time)) * 1000,
		rss_mib: rss_mib(subject.pid),
	};
}

/** How somebody connects: in the clear, with a handshake or with a short one. */
type Kind = "tcp" | "tls" | "resumed";

const ways: Readonly<Record<Kind, () => Open>> = {
	tcp: () => Line.open_plainly,
	tls: () => Line.open,
	resumed,
};

function scenario(
	id: string,
	title: string,
	kind: Kind,
	login: (port: number, open: Open) => Promise<Login>,
	modules: string[] = [],
): Scenario {
	return {
		id,
		title,
		unit: "login",
		floor: false,
		...(kind === "tcp" ? {} : { entrance: "tls" }),
		accounts: { modules: ["register", ...modules], passwords: true },
		community: modules.length > 0,
		async run(subject, effort) {
			const open = ways[kind]();
			await register(subject.port, open);
			return measure_logins(subject, effort, open, await login(subject.port, open));
		},
	};
}

const nothing: Login = (line) => line.header();

/** Logs in by PLAIN, for which the server has to hash the password. */
async function log_in_plainly(line: Line): Promise<void> {
	await line.header();
	const words = base64(Buffer.from(`\0${account.username}\0${account.password}`));
	await line.ask(`<auth xmlns='${ns.sasl}' mechanism='PLAIN'>${words}</auth>`, "<success");
	await line.header();
	await line.ask(`<iq type='set' id='b'><bind xmlns='${ns.bind}'/></iq>`, "</iq>");
}

/** How often somebody logs in, and how many may be at it before the server counts as too slow for more. */
const logins_per_second = 200;
const most_at_once = 500;
/** How often somebody else asks the server whether it is there, in milliseconds. */
const question_pause = 5;
/** Logins are begun for so long at least, in milliseconds. */
const flood_ms = 5000;

/** Logins that begin at a steady rate, however long they take. */
class Flood {
	begun = 0;
	finished = 0;
	/** Some of the finished ones: a server may be too busy for more. */
	refused = 0;
	private readonly timer: NodeJS.Timeout;
	private readonly from = performance.now();

	constructor(private readonly port: number) {
		this.timer = setInterval(() => this.begin_due(), 5);
	}

	private begin_due(): void {
		const due = ((performance.now() - this.from) / 1000) * logins_per_second;
		while (this.begun < due && this.begun - this.finished < most_at_once) {
			this.begun++;
			void this.one();
		}
	}

	private async one(): Promise<void> {
		try {
			const line = await Line.open(this.port);
			await log_in_plainly(line);
			line.close();
		} catch {
			this.refused++;
		}
		this.finished++;
	}

	/** Begins no more, and waits for those that are under way. */
	async end(): Promise<void> {
		clearInterval(this.timer);
		while (this.finished < this.begun) await delay(10);
	}
}

/** How long somebody waits for answers while others log in. What this program itself keeps waiting counts, too. */
const stall: Scenario = {
	id: "login-stall",
	title: `Longest wait of somebody else while ${logins_per_second} log in each second, with TLS and PLAIN`,
	unit: "ms",
	floor: false,
	entrance: "tls",
	accounts: { modules: ["register", "ping"], passwords: true },
	async run(subject, effort) {
		await register(subject.port, Line.open);
		const line = await Line.open(subject.port);
		await log_in_plainly(line);
		const latencies = new Latencies();
		let is_over = false;
		const ask = async (): Promise<void> => {
			for (let index = 0; !is_over; index++) {
				const begun = performance.now();
				await line.ask(`<iq type='get' id='p${index}' to='${host}'><ping xmlns='${ns.ping}'/></iq>`, `p${index}`);
				latencies.add(performance.now() - begun);
				await delay(question_pause);
			}
		};
		const log_others_in = async (): Promise<Finding> => {
			const flood = new Flood(subject.port);
			await delay(effort.warm_up_ms);
			latencies.clear();
			const before = { finished: flood.finished, refused: flood.refused, time: performance.now() };
			await delay(Math.max(effort.measure_ms, flood_ms));
			const seconds = (performance.now() - before.time) / 1000;
			const { max_ms, p99_ms } = latencies.summary();
			const refused = flood.refused - before.refused;
			const per_second = (flood.finished - before.finished - refused) / seconds;
			await flood.end();
			is_over = true;
			return { value: max_ms, details: { p99_ms, logins_per_second: per_second, refused } };
		};
		const [finding] = await Promise.all([log_others_in(), ask()]);
		line.close();
		return finding;
	},
};

/** Logins and handshakes; a token is to be had of a Prosody 13 with the community's modules only. */
export const login_scenarios: readonly Scenario[] = [
	scenario("connection", "Plain TCP: connection and features", "tcp", () => Promise.resolve(nothing)),
	scenario("handshake", "TLS: full handshake and features", "tls", () => Promise.resolve(nothing)),
	scenario("handshake-resumed", "TLS: resumed handshake and features", "resumed", () => Promise.resolve(nothing)),
	scenario("login-scram", "Logins with TLS and SCRAM-SHA-1", "tls", () => Promise.resolve(log_in)),
	scenario("login-scram-tcp", "Logins with plain TCP and SCRAM-SHA-1", "tcp", () => Promise.resolve(log_in)),
	scenario("login-fast", "Logins with TLS resumed, SASL2 and a token", "resumed", by_token, [
		"sasl2",
		"sasl2_bind2",
		"sasl2_fast",
	]),
	stall,
];
