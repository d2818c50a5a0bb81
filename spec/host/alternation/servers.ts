// The same configuration and the same data in the hands of a real Prosody and of ours, in turn.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose_server, load_config } from "../../../host/composition.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import { start_reference } from "../../../tools/reference.ts";
import { Client } from "../../../tools/scansion/client.ts";
import { patience } from "../../helper.ts";
import { RawStream } from "../raw_stream.ts";

/** A server that runs on the data, either of the two. */
export interface Running {
	readonly port: number;
	stop(): Promise<void>;
}

/** A folder of data that servers take turns with. */
export class Stage {
	readonly folder = mkdtempSync(join(tmpdir(), "enjamb-alternation-"));
	readonly data = join(this.folder, "data");
	private running: Running | undefined;

	constructor(
		private readonly config: string,
		private readonly reference: string | undefined,
	) {
		mkdirSync(this.data);
	}

	/** Starts Prosody on the data. */
	async prosody(): Promise<Running> {
		const started = await start_reference({
			prosody: this.reference,
			config: this.config,
			data_folder: this.data,
			plugin_paths: ["vcard_muc", "cloud_notify"].map((name) => `/usr/lib/prosody/modules/mod_${name}`),
		});
		if (!started.ok) throw new Error(started.error);
		this.running = started.value;
		return this.running;
	}

	/** Starts our server on the data, with the same configuration. */
	async ours(): Promise<Running> {
		const path = join(this.folder, "prosody.cfg.lua");
		const head = `data_path = "${this.data}"\ninterfaces = { "127.0.0.1" }\nc2s_ports = { 0 }\nhttp_ports = {}\nhttps_ports = {}\n`;
		writeFileSync(path, head + this.config);
		const loaded = await load_config(path);
		if (!loaded.ok) throw new Error(loaded.error.message);
		const composed = compose_server(loaded.value.config, { log: [], config_path: path });
		if (!composed.ok) throw new Error(composed.error);
		const server = composed.value;
		const listening = await server.start();
		if (!listening.ok) throw new Error(listening.error);
		this.running = { port: listening.value[0]?.port ?? 0, stop: () => server.stop("Prosody's turn") };
		return this.running;
	}

	/** Ends whoever runs. */
	async curtain(): Promise<void> {
		await this.running?.stop();
		this.running = undefined;
	}

	async end(): Promise<void> {
		await this.curtain();
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** Makes an account, as a client that has none yet. */
export async function register(port: number, username: string, password: string, host = "localhost"): Promise<void> {
	const stream = new RawStream(port);
	const header = `<stream:stream to='${host}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`;
	stream.write(header);
	await stream.take(/<\/stream:features>/);
	stream.write(
		`<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>${username}</username><password>${password}</password></query></iq>`,
	);
	const answer = await stream.take(/<iq[^>]*\/>|<\/iq>/);
	stream.close();
	if (!answer?.includes("type='result'")) throw new Error(`${username} could not be registered: ${answer}`);
}

/** Logs in; throws where the password is not the account's. */
export async function login(port: number, username: string, password: string, host = "localhost"): Promise<Client> {
	const jid = `${username}@${host}`;
	const client = await Client.connect({ host: "127.0.0.1", port, jid, password, resource: "stage", timeout: patience });
	if (!client.ok) throw new Error(client.error);
	return client.value;
}

/** Takes the next stanza that is accepted. */
export async function expect_from(client: Client, accepts: (stanza: Stanza) => boolean): Promise<Stanza> {
	const stanza = await client.take(accepts, patience);
	if (stanza === undefined)
		throw new Error(`${client.full_jid}: ${client.ended ?? "nothing came"}; waiting: ${client.queue.join("\n")}`);
	return stanza;
}

let questions = 0;

/** Asks something; answers with the answer, which may be an error. */
export async function question(
	client: Client,
	type: "get" | "set",
	to: string | undefined,
	build: (iq: Stanza) => Stanza,
): Promise<Stanza> {
	questions++;
	const id = `q${questions}`;
	client.send(build(st.iq({ type, to, id })).reset());
	return expect_from(client, (stanza) => stanza.name === "iq" && stanza.attr["id"] === id);
}

/** {@link question} that must not be refused. */
export async function done(
	client: Client,
	type: "get" | "set",
	to: string | undefined,
	build: (iq: Stanza) => Stanza,
): Promise<Stanza> {
	const answer = await question(client, type, to, build);
	if (answer.attr["type"] !== "result") throw new Error(`${client.full_jid} was refused: ${answer}`);
	return answer;
}
