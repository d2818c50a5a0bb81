import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { split } from "../../../host/util/jid.ts";
import { ns } from "../../../host/util/ns.ts";
import { is_alive } from "../../../host/util/processes.ts";
import * as st from "../../../host/util/stanza.ts";
import { free_port, Running } from "../../../tools/running.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { expect_stanza } from "../../helper.ts";
import { not_installed } from "../../needs.ts";
import { say_until_heard } from "../core/cluster/talking.ts";
import { find_postgresql, start_postgresql } from "../databases/postgresql.ts";
import { program, service, until, WorkerServer } from "./worker_server.ts";

const no_postgresql = not_installed(find_postgresql(), "PostgreSQL", "several processes with it are not tried");

const servers: WorkerServer[] = [];
afterEach(async () => {
	for (const server of servers.splice(0)) await server.remove();
});

async function configured(general?: string, rooms?: string): Promise<WorkerServer> {
	if (!existsSync(program)) throw new Error(`${program} is missing: npm run build makes it`);
	const server = new WorkerServer();
	servers.push(server);
	await server.configure(general, rooms);
	return server;
}

const upload = "urn:xmpp:http:upload:0";
const room = `hall@${service}`;

async function enter(server: WorkerServer, name: string): Promise<Client> {
	const client = await server.login(name);
	client.send(
		st
			.presence({ to: `${room}/${name}` })
			.tag("x", { xmlns: ns.muc })
			.reset(),
	);
	await expect_stanza(client, (stanza) => stanza.name === "message" && stanza.get_child("subject") !== undefined);
	return client;
}

/** Another command of this program, for the same server. */
function command(server: WorkerServer, ...words: [string, ...string[]]): Running {
	const [name, ...rest] = words;
	const folder = mkdtempSync(join(server.folder, "command-"));
	return new Running(process.execPath, [program, name, "--config", server.config, ...rest], folder);
}

const says = (text: string) => (stanza: st.Stanza) =>
	stanza.get_child_text("body") === text && stanza.attr["type"] === "groupchat";
/** Whether it says that one of these is gone. */
const is_gone =
	(clients: readonly Client[]) =>
	({ name, attr }: st.Stanza): boolean =>
		name === "presence" &&
		attr["type"] === "unavailable" &&
		clients.some(({ full_jid }) => attr["from"] === `${room}/${split(full_jid).node}`);

/** Says something in the room until it is heard. */
const say = (speaker: Client, text: string): Promise<void> => say_until_heard(speaker, room, text);

describe("a server of several processes", () => {
	it("has one room for the clients of all of them, which outlives each", async () => {
		const server = await configured();
		const running = await server.start(3);
		// Connections go to one worker after the other
		const people = [await enter(server, "a"), await enter(server, "b"), await enter(server, "c")] as const;
		const [a, b, c] = people;
		await say(a, "before");
		for (const client of [b, c]) await expect_stanza(client, says("before"));
		let here: readonly Client[] = people;
		for (const node of ["worker-1", "worker-2", "worker-3"]) {
			const pid = server.worker(node);
			process.kill(pid, "SIGKILL");
			// One of them was connected there
			const before = here.length;
			await until(
				() => here.filter(({ ended }) => ended === undefined).length === before - 1,
				() => running.log(),
			);
			here = here.filter(({ ended }) => ended === undefined);
			await until(
				() => server.worker(node) !== pid,
				() => running.log(),
			);
			const [speaker, ...others] = here;
			if (speaker !== undefined) await say(speaker, node);
			for (const client of others) await expect_stanza(client, says(node));
			for (const client of here) expect(client.queue.filter(is_gone(here))).toEqual([]);
		}
		const again = await enter(server, "again");
		await say(again, "at last");
		await server.end("SIGTERM");
		expect(running.ended).toBe("exit status 0");
		expect(running.log()).not.toMatch(/\terror\t(?!.*has ended by SIGKILL)/);
	});

	it("kills a worker that hangs, and goes on with its room elsewhere", async () => {
		const server = await configured("worker_timeout = 2");
		const running = await server.start(2);
		const [a, b] = [await enter(server, "a"), await enter(server, "b")];
		await say(a, "before");
		await expect_stanza(b, says("before"));
		// The room is where the first one who needed it is connected
		const pid = server.worker("worker-1");
		process.kill(pid, "SIGSTOP");
		await until(
			() => a.ended !== undefined || b.ended !== undefined,
			() => running.log(),
		);
		const left = a.ended === undefined ? a : b;
		await say(left, "after");
		await until(
			() => server.worker("worker-1") !== pid,
			() => running.log(),
		);
		expect(running.log()).toContain(`worker-1 (process ${pid}) has not answered for 2 s, and is killed`);
		expect(is_alive(pid)).toBe(false);
	});

	it("says once that it cannot listen, and ends", async () => {
		const server = await configured();
		const other = createServer();
		await new Promise<void>((resolve) => other.listen(server.port, "127.0.0.1", resolve));
		const running = server.run("--workers", "3");
		await until(
			() => running.ended !== undefined,
			() => running.log(),
		);
		other.close();
		expect(running.ended).toBe("exit status 1");
		expect(running.log().match(/cannot listen/g)).toHaveLength(1);
		expect(running.log()).toContain(
			`enjamb: c2s cannot listen on [127.0.0.1]:${server.port}: the port is in use by another program`,
		);
		// What it had for itself is free again
		const again = await server.start(2);
		expect(again.ended).toBeUndefined();
	});

	it("ends with the process that has started it, and begins again also where one of its processes hangs", async () => {
		const server = await configured();
		const running = await server.start(3);
		const pids = ["worker-1", "worker-2", "worker-3"].map((node) => server.worker(node));
		const [hangs = 0, ...others] = pids;
		process.kill(hangs, "SIGSTOP");
		await server.end("SIGKILL");
		await until(
			() => !others.some(is_alive),
			() => running.log(),
		);
		expect(is_alive(hangs)).toBe(true);
		const again = await server.start(2);
		expect(is_alive(hangs)).toBe(false);
		expect(again.log()).toContain(`Workers of an earlier start were still there, and were ended: ${hangs}`);
		await enter(server, "a");
		// Nobody else may start beside it
		const second = server.run("--workers", "2");
		await until(
			() => second.ended !== undefined,
			() => second.log(),
		);
		expect(second.log()).toContain(`another server runs already (process ${again.pid})`);
		await again.stop();
	});

	it("reads its configuration in all workers, and lets one of them be restarted alone", async () => {
		const server = await configured();
		const running = await server.start(3);
		const readings = (): number => running.log().match(/Reloading configuration file/g)?.length ?? 0;
		process.kill(running.pid, "SIGHUP");
		await until(
			() => readings() === 3,
			() => running.log(),
		);
		// By the socket one of them is told, and the others read it, too
		const reload = command(server, "reload");
		await until(
			() => reload.ended !== undefined && readings() === 6,
			() => reload.log() + running.log(),
		);
		expect(reload.ended).toBe("exit status 0");
		const pid = server.worker("worker-2");
		process.kill(pid, "SIGTERM");
		await until(
			() => server.worker("worker-2") !== pid,
			() => running.log(),
		);
		expect(running.log()).toContain(`worker-2 (process ${pid}) has ended with status 0; another one begins now`);
		const status = command(server, "status");
		await until(
			() => status.ended !== undefined,
			() => status.log(),
		);
		expect(status.log()).toContain(`Enjamb is running with PID ${running.pid}`);
		const stop = command(server, "stop");
		await until(
			() => stop.ended !== undefined,
			() => stop.log() + running.log(),
		);
		expect(stop.log()).toContain("Stopped");
		expect(running.ended).toBe("exit status 0");
	});

	it("ends also while one of its workers begins", async () => {
		const server = await configured();
		const running = await server.start(2);
		process.kill(server.worker("worker-2"), "SIGKILL");
		await until(
			() => running.log().includes("another one begins now"),
			() => running.log(),
		);
		await server.end("SIGTERM");
		expect(running.ended).toBe("exit status 0");
	});

	it("kills a worker that hangs before it serves, and ends although one hangs", async () => {
		const server = await configured();
		const running = await server.start(2);
		const numbers = (): number[] => server.file(".enjamb.workers").trim().split("\n").map(Number);
		const before = server.worker("worker-2");
		process.kill(before, "SIGKILL");
		let begun: number | undefined;
		await until(
			() => {
				begun = numbers().find((pid) => pid !== server.worker("worker-1") && pid !== before && pid > 0);
				return begun !== undefined;
			},
			() => running.log(),
		);
		if (begun === undefined) throw new Error("it has not begun");
		process.kill(begun, "SIGSTOP");
		// 30 s where it was faster than this
		const killed = new RegExp(`worker-2 \\(process ${begun}\\) has not answered for [36]0 s, and is killed`);
		await until(
			() => killed.test(running.log()),
			() => running.log(),
		);
		await until(
			() => ![before, begun].includes(server.worker("worker-2")),
			() => running.log(),
		);
		process.kill(server.worker("worker-1"), "SIGSTOP");
		await server.end("SIGTERM");
		expect(running.ended).toBe("exit status 0");
	});

	it("ends as a whole where an administrator ends it at one of its workers", async () => {
		const server = await configured();
		const running = await server.start(2);
		const pids = [server.worker("worker-1"), server.worker("worker-2")];
		const shell = command(server, "shell", "server:shutdown()");
		await until(
			() => shell.ended !== undefined && running.ended !== undefined,
			() => shell.log() + running.log(),
		);
		expect(running.ended).toBe("exit status 0");
		expect(pids.filter(is_alive)).toEqual([]);
	});

	it("has administrators at all processes after it was killed as a whole, which leaves a socket behind", async () => {
		const server = await configured();
		await server.start(2);
		await server.end("SIGKILL");
		expect(existsSync(join(server.folder, "data/prosody.sock"))).toBe(true);
		const running = await server.start(2);
		const found = (): number => new Set(running.log().match(/\d(?=\/admin\w+\s+info\s+Admin client connected)/g)).size;
		await until(
			() => {
				if (found() === 2) return true;
				const socket = connect({ path: join(server.folder, "data/prosody.sock") }, () => socket.destroy());
				socket.on("error", () => {});
				return false;
			},
			() => running.log(),
		);
		expect(running.log()).not.toContain("Unable to listen");
	});

	it("has clients at the process of their account that send all at once, without waiting for answers", async () => {
		const server = await configured();
		await server.start(3);
		const header =
			"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";
		const login = Buffer.from("\0eager\0any").toString("base64");
		const auth = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${login}</auth>`;
		const bind = "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
		const sockets = [];
		// Connections go to one process after the other
		for (let count = 0; count < 3; count++) {
			let answers = "";
			const socket = connect(server.port, "127.0.0.1", () => socket.write(header + auth + header + bind));
			socket.on("data", (chunk: Buffer) => (answers += chunk.toString()));
			sockets.push(socket);
			await until(
				() => /<iq [^>]*id='bind'.*<\/iq>/.test(answers),
				() => answers,
			);
			expect(answers).toContain("<jid>eager@localhost/");
		}
		for (const socket of sockets) socket.destroy();
	});

	it("says in its log why a process does not come back, and has it back once the configuration is right again", async () => {
		const server = await configured();
		const running = await server.start(2);
		const pid = server.worker("worker-2");
		const right = readFileSync(server.config);
		appendFileSync(server.config, 'VirtualHost "broken\n');
		process.kill(pid, "SIGKILL");
		await until(
			() => /worker-2 cannot serve: .*prosody\.cfg\.lua:\d+: unfinished string/.test(running.log()),
			() => running.log(),
		);
		writeFileSync(server.config, right);
		process.kill(running.pid, "SIGHUP");
		await until(
			() => server.worker("worker-2") !== pid,
			() => running.log(),
		);
	});

	it("does not begin with an absurd number of workers, or with files that several processes cannot share", async () => {
		const server = await configured('storage = "internal"');
		for (const [given, problem] of [
			["0", '--workers is "0": expected a number from 1 to 256'],
			["2", "stores in internal, which processes cannot share"],
		] as const) {
			const running = server.run("--workers", given);
			await until(
				() => running.ended !== undefined,
				() => running.log(),
			);
			expect(running.ended).toBe("exit status 1");
			expect(running.log()).toContain(problem);
		}
	});

	it("takes an upload in one process that another one has allowed", async () => {
		const http = await free_port();
		const server = await configured(
			`http_ports = { ${http} }\nhttps_ports = {}\nhttp_default_host = "localhost"`,
			`	muc_room_locking = false\nComponent "upload.localhost" "http_file_share"\n	http_host = "localhost"`,
		);
		await server.start(3);
		// Connections go to one process after the other
		await server.login("idle");
		for (const name of ["b", "c", "a"]) {
			const client = await server.login(name);
			const wish = st.iq({ type: "get", to: "upload.localhost", id: "slot" });
			wish.tag("request", { xmlns: upload, filename: `${name}.txt`, size: "5", "content-type": "text/plain" });
			client.send(wish.reset());
			const answer = await expect_stanza(client, ({ attr }) => attr["id"] === "slot");
			const put_to = answer.get_child("slot", upload)?.get_child("put", upload);
			const url = put_to?.attr["url"] ?? "";
			const token = put_to?.get_child_text("header", upload) ?? "";
			const here = url.replace("//localhost:", "//127.0.0.1:");
			const headers = { authorization: token, "content-type": "text/plain" };
			const put = await fetch(here, { method: "PUT", body: `${name} is`.padEnd(5), headers });
			expect([put.status, url]).toEqual([201, url]);
			expect(await (await fetch(here)).text()).toBe(`${name} is`.padEnd(5));
		}
	});

	it.skipIf(no_postgresql)("stores in PostgreSQL, which takes nothing more of a process that is gone", async () => {
		const database = await start_postgresql();
		try {
			const sql = Object.entries(database.sql).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
			const server = await configured(`sql = { ${sql.join("; ")} }`);
			const running = await server.start(2);
			const [a, b] = [await enter(server, "a"), await enter(server, "b")];
			await say(a, "before");
			await expect_stanza(b, says("before"));
			process.kill(server.worker("worker-1"), "SIGKILL");
			await until(
				() => a.ended !== undefined || b.ended !== undefined,
				() => running.log(),
			);
			await say(a.ended === undefined ? a : b, "after");
			await server.end("SIGTERM");
			// A next start has lives of its own
			await server.start(2);
			await say(await enter(server, "c"), "again");
			await server.remove();
		} finally {
			await database.remove();
		}
	});
});
