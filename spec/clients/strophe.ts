import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { parse } from "../../host/util/xml.ts";
import { Inbox } from "./inbox.ts";

const chromium_path = "/usr/bin/chromium";
const library = join(import.meta.dirname, "../../node_modules/strophe.js/dist/strophe.umd.min.js");

/** Whether there is a browser for it. */
export const has_chromium = existsSync(chromium_path);

/** Runs in the browser: logs in, and hands on what comes; answers with the full JID, or with why it did not work. */
const login = `(jid) => new Promise((resolve) => {
	window.connection = new Strophe.Connection("/http-bind");
	const { ERROR, CONNFAIL, AUTHFAIL, DISCONNECTED, CONNECTED } = Strophe.Status;
	connection.connect(jid, "password", (status, reason) => {
		if (status === CONNECTED) {
			connection.addHandler((stanza) => (got(new XMLSerializer().serializeToString(stanza)), true));
			connection.send($pres());
			resolve(connection.jid);
		} else if ([ERROR, CONNFAIL, AUTHFAIL, DISCONNECTED].includes(status)) {
			resolve("status " + status + ": " + reason);
		}
	});
})`;

/** Runs in the browser: logs out; answers once the stream has ended. */
const logout = `new Promise((resolve) => {
	connection.connect_callback = (status) => status === Strophe.Status.DISCONNECTED && resolve();
	connection.disconnect("done");
})`;

/** Runs in the browser: sends a stanza. */
const send = `(text) => connection.send(new DOMParser().parseFromString(text, "text/xml").documentElement)`;

/** A client that uses strophe.js over BOSH, in a tab of Chromium. */
export class StropheClient {
	/** Stanzas that came, oldest first. */
	readonly stanzas = new Inbox<Stanza>();

	private constructor(
		private readonly browser: Browser,
		private readonly evaluate: (text: string) => Promise<unknown>,
		/** Full JID. */
		readonly jid: string,
	) {}

	/** Logs in as somebody of localhost, at the HTTP port of a server. Throws where that does not work. */
	static async login(name: string, http_port: number): Promise<StropheClient> {
		const browser = await chromium.launch({ executablePath: chromium_path, args: ["--no-sandbox"] });
		try {
			const page = await browser.newPage();
			await page.goto(`http://127.0.0.1:${http_port}/http-bind`);
			await page.addScriptTag({ path: library });
			const early: Stanza[] = [];
			let take = (stanza: Stanza): void => void early.push(stanza);
			await page.exposeFunction("got", (text: string) => {
				const stanza = parse(text);
				if (stanza !== undefined) take(stanza);
			});
			const jid = await page.evaluate(`(${login})("${name}@localhost/strophe")`);
			if (jid !== `${name}@localhost/strophe`) throw new Error(`strophe.js did not log in: ${jid}`);
			const client = new StropheClient(browser, (text) => page.evaluate(text), jid);
			take = (stanza) => client.stanzas.add(stanza);
			for (const stanza of early) take(stanza);
			return client;
		} catch (error) {
			await browser.close();
			throw error;
		}
	}

	async send(stanza: Stanza): Promise<void> {
		const named = st.clone(stanza);
		// As the library's own builders do; otherwise it would be in the namespace of what carries it
		named.attr["xmlns"] ??= ns.client;
		await this.evaluate(`void (${send})(${JSON.stringify(named.toString())})`);
	}

	/** Whether its stream has not ended. */
	async is_connected(): Promise<boolean> {
		return (await this.evaluate("connection.connected")) === true;
	}

	/** The name of its session. */
	async session(): Promise<string> {
		return String(await this.evaluate("connection._proto.sid"));
	}

	/** Ends without a word. */
	close(): Promise<void> {
		return this.browser.close();
	}

	/** Logs out in good order. */
	async stop(): Promise<void> {
		await this.evaluate(logout);
		await this.browser.close();
	}
}
