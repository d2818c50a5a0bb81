// A directory (LDAP) for specs: Debian's slapd, in a temporary folder and on a free port of the loopback interface.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { free_port } from "../../../tools/reference.ts";
import { eventually } from "../../helper.ts";
import { not_installed } from "../../needs.ts";

const slapd = "/usr/sbin/slapd";

/** Whether there is none to be started; says so. */
export function without_slapd(): boolean {
	return not_installed(existsSync(slapd), "slapd", "accounts in a directory are not tried");
}

/** A running directory. */
export interface Directory {
	readonly port: number;
	/** Below which its people are. */
	readonly base: string;
	readonly admin: { readonly dn: string; readonly password: string };
	stop(): Promise<void>;
}

function answers(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, "127.0.0.1");
		socket.once("connect", () => resolve(true));
		socket.once("error", () => resolve(false));
		socket.once("connect", () => socket.destroy());
	});
}

/** Starts one with some people, each with a password. */
export async function start_directory(people: { readonly [name: string]: string }): Promise<Directory> {
	const folder = await mkdtemp(join(tmpdir(), "enjamb-slapd-"));
	await mkdir(join(folder, "data"));
	const base = "dc=example";
	const admin = { dn: `cn=admin,${base}`, password: "secret" };
	const config = join(folder, "slapd.conf");
	await writeFile(
		config,
		`${["core", "cosine", "inetorgperson"].map((name) => `include /etc/ldap/schema/${name}.schema`).join("\n")}
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${join(folder, "slapd.pid")}
database mdb
suffix "${base}"
rootdn "${admin.dn}"
rootpw ${admin.password}
directory ${join(folder, "data")}
`,
	);
	const entries = Object.entries(people).map(
		([name, password]) =>
			`dn: uid=${name},${base}\nobjectClass: inetOrgPerson\nuid: ${name}\ncn: ${name}\nsn: ${name}\nuserPassword: ${password}\n`,
	);
	const root = `dn: ${base}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n`;
	const ldif = join(folder, "people.ldif");
	await writeFile(ldif, [root, ...entries].join("\n"));
	const added = spawnSync("/usr/sbin/slapadd", ["-f", config, "-l", ldif], { encoding: "utf8" });
	if (added.status !== 0) throw new Error(`slapadd failed: ${added.stderr}`);
	const port = await free_port();
	const child: ChildProcess = spawn(slapd, ["-h", `ldap://127.0.0.1:${port}`, "-f", config, "-d", "0"], { stdio: "ignore" });
	await eventually(async () => {
		if (!(await answers(port))) throw new Error("slapd does not answer yet");
	});
	return {
		port,
		base,
		admin,
		async stop() {
			const ended = new Promise((resolve) => child.once("exit", resolve));
			child.kill("SIGTERM");
			await ended;
			await rm(folder, { recursive: true, force: true });
		},
	};
}
