import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Config } from "../../../host/core/config/config.ts";
import { read_umask } from "../../../host/core/umask.ts";

describe("the option umask", () => {
	it.each([
		[undefined, 0o027],
		["027", 0o027],
		["22", 0o022],
		["0002", 0o002],
		[77, 0o077],
	])("%s", (value, expected) => {
		const config = Config.from({ "*": value === undefined ? {} : { umask: value } });
		expect(read_umask(config)).toEqual({ ok: true, value: expected });
	});

	it.each(["", "8", "u=rwx", "-1", "00000", true])("%j is none", (value) => {
		expect(read_umask(Config.from({ "*": { umask: value } }))).toMatchObject({
			ok: false,
			error: expect.stringMatching(/^umask is .*: expected an octal number/),
		});
	});
});

const folders: string[] = [];

afterEach(() => {
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** The rights of all that a server makes. */
async function rights_of(storage: string, umask: string | undefined): Promise<{ [path: string]: string }> {
	const folder = mkdtempSync(join(tmpdir(), "enjamb-umask-"));
	folders.push(folder);
	const path = join(folder, "prosody.cfg.lua");
	writeFileSync(
		path,
		`data_path = "data"; pidfile = "prosody.pid"; interfaces = { "127.0.0.1" }; c2s_ports = { 0 }; s2s_ports = { 0 }; storage = "${storage}"
		log = { info = "server.log" }; authentication = "internal_hashed"; modules_enabled = { "roster" }
		${umask === undefined ? "" : `umask = "${umask}"`}
		VirtualHost "localhost"\n`,
	);
	const command = ["dist/enjamb.js", "start", "--config", path];
	execFileSync("node", ["dist/enjamb.js", "adduser", "ada@localhost", "--config", path], { input: "secret\nsecret\n" });
	const server = spawn("sh", ["-c", `umask 000; exec node ${command.join(" ")}`], { stdio: ["ignore", "pipe", "inherit"] });
	await once(server.stdout, "data");
	const rights: { [path: string]: string } = {};
	for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
		if (name !== "prosody.cfg.lua") rights[name] = (statSync(join(folder, name)).mode & 0o777).toString(8);
	}
	server.kill("SIGTERM");
	await once(server, "exit");
	return rights;
}

describe("what a server makes", () => {
	it.each([
		[undefined, "640", "750"],
		["022", "644", "755"],
		["077", "600", "700"],
	])("has the rights that umask %s leaves", async (umask, file, folder) => {
		expect(await rights_of("internal", umask)).toMatchObject({
			"server.log": file,
			data: folder,
			"data/prosody.pid": file,
			"data/localhost": folder,
			"data/localhost/accounts": folder,
			"data/localhost/accounts/ada.dat": file,
		});
		const sqlite = await rights_of("sql", umask);
		expect(sqlite).toMatchObject({ data: folder, "data/prosody.sqlite": file, "data/prosody.pid": file });
		for (const [name, mode] of Object.entries(sqlite)) if (/-wal$|-shm$/.test(name)) expect([name, mode]).toEqual([name, file]);
	});
});
