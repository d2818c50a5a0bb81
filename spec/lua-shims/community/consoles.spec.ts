// The console by ways of their own: Prosody's mod_admin_telnet, and mod_admin_message, which builds on it.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import * as st from "../../../host/util/stanza.ts";
import { free_port } from "../../../tools/reference.ts";
import { expect_stanza, patience } from "../../helper.ts";
import { missing, missing_here, on_both, type Stage, start_ours, type Troupe, without_prosody } from "./community.ts";

const no_prosody = without_prosody();

/** A telnet that waits for the answer to each line. */
class Telnet {
	private text = "";
	private constructor(private readonly socket: Socket) {}

	static async open(port: number): Promise<Telnet> {
		const socket = connect(port, "127.0.0.1").setEncoding("utf8");
		socket.setTimeout(patience, () => socket.destroy());
		await once(socket, "connect");
		return new Telnet(socket);
	}

	/** All until the end of an answer, which is a zero byte, or until the connection ends. */
	async answer(): Promise<string> {
		for await (const chunk of this.socket.iterator({ destroyOnReturn: false })) {
			this.text += String(chunk);
			if (this.text.includes("\0")) break;
		}
		const [first = "", ...rest] = this.text.split("\0");
		this.text = rest.join("\0");
		return first;
	}

	ask(line: string): Promise<string> {
		this.socket.write(`${line}\n`);
		return this.answer();
	}

	close(): void {
		this.socket.destroy();
	}
}

const troupe = (port: number, more: Troupe = {}): Troupe => ({
	...more,
	options: `modules_enabled = { "disco", "roster", "saslauth", "admin_telnet", "stage_shell" }
		console_ports = { ${port} }
		console_interfaces = { "127.0.0.1" }`,
});

describe.skipIf(missing("admin_telnet"))("mod_admin_telnet", () => {
	it("answers what is typed, as the console does", async () => {
		const port = await free_port();
		const [ours, prosodys] = await on_both(troupe(port), no_prosody, async (stage) => {
			const mira = await stage.client("mira", "a");
			mira.send(st.presence());
			await expect_stanza(mira, ({ name }) => name === "presence");
			const telnet = await Telnet.open(port);
			const said = [await telnet.answer()];
			for (const line of [
				"host:list()",
				"c2s:count()",
				"> 1 + 1",
				"> nil, 'no'",
				"server:version('x')",
				'stage:shout("words")',
				'stage:refuse("words")',
				"quit",
			]) {
				said.push(await telnet.ask(line));
			}
			telnet.close();
			return said.map((text) => text.replace(/\d+\.\d+\.\d+\S*|Enjamb \S+/, "VERSION"));
		});
		const known = (lines: readonly string[]): readonly string[] => lines.filter((line) => !line.includes("VERSION"));
		expect(known(ours)).toEqual(known(prosodys));
		expect(ours[1]).toContain("| OK: 2 hosts\r\n");
		expect(ours[6]).toBe("| words, said by a module\r\n| OK: WORDS\r\n");
		expect(ours[7]).toBe("| Error: not words\r\n");
		expect(ours.at(-1)).toBe("| See you!\r\n");
	});

	it("lets go of what somebody watches who is gone", async () => {
		const port = await free_port();
		const stage = await start_ours(troupe(port));
		try {
			const telnet = await Telnet.open(port);
			await telnet.answer();
			const watching = telnet.ask("watch:log()");
			telnet.close();
			await watching.catch(() => undefined);
			const again = await Telnet.open(port);
			await again.answer();
			expect(await again.ask("host:list()")).toContain("localhost");
			again.close();
			expect(await stage.log()).not.toMatch(/Traceback|Error in/);
		} finally {
			await stage.stop();
		}
	});
});

describe.skipIf(missing("admin_telnet") || missing_here("admin_message"))("mod_admin_message", () => {
	const converse = async (stage: Stage): Promise<string[]> => {
		const [admin, mira] = [await stage.client("admin", "a"), await stage.client("mira", "b")];
		for (const client of [mira, admin]) {
			client.send(st.message({ to: "x@console.localhost", type: "chat" }, "host:list()"));
			client.send(st.presence({ to: "x@console.localhost", type: "probe" }));
		}
		const answer = await expect_stanza(admin, ({ name }) => name === "message");
		const present = await expect_stanza(admin, ({ name }) => name === "presence");
		await mira.settle(true);
		return [answer.get_child_text("body") ?? "", present.attr["from"] ?? "", String(mira.queue.length)];
	};

	it("answers an administrator, and nobody else", async () => {
		const port = await free_port();
		const hosts = 'Component "console.localhost" "admin_message"';
		const [ours, prosodys] = await on_both(troupe(port, { hosts }), no_prosody, converse);
		// where it has no connection, Prosody's console has nowhere to print to since 0.12
		expect(ours[0]).toContain("OK: 3 hosts");
		expect(ours.slice(1)).toEqual(prosodys.slice(1));
	});
});
