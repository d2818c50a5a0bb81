// The day on which an administrator moves a service: from Debian's Prosody to this server, as a Debian has them, and back.

import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";
import { Client } from "../tools/scansion/client.ts";
import { is_debootstrap_missing, Machine, why_no_machine } from "./day/machine.ts";
import { build_enjamb, build_node } from "./day/packages.ts";
import { eventually, patience } from "./helper.ts";
import { not_installed, not_packaged } from "./needs.ts";

const consequence = "nobody moves a whole machine from Prosody to Enjamb and back";
const no_machine =
	not_packaged(why_no_machine(), consequence) || not_installed(!is_debootstrap_missing(), "debootstrap", consequence);

/** What administrators are told. */
const administration = readFileSync(join(import.meta.dirname, "../host/ADMINISTRATION.md"), "utf8");
const room = "tea@rooms.chat.test";

/** What the administrator has added to Debian's configuration. */
const service = `
VirtualHost "chat.test"
Component "rooms.chat.test" "muc"
	modules_enabled = { "muc_mam" }
	muc_room_locking = false
	muc_room_default_persistent = true
`;

describe.skipIf(no_machine)("an administrator's day", () => {
	let machine: Machine;
	let packages: string;
	let port = 0;
	let http_port = 0;
	/** What was said in the room so far. */
	const said: string[] = [];

	const make_certificate = (host: string, name: string): Promise<string> =>
		machine.must(
			`cd /etc/prosody/certs && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj "/O=${name}/CN=${host}" \
			-addext "subjectAltName=DNS:${host}" -keyout ${host}.key -out ${host}.crt && chown root:prosody ${host}.* && chmod 640 ${host}.key`,
		);

	async function log_in(jid: string, password: string): Promise<Client> {
		const client = await Client.connect({ host: "127.0.0.1", port, jid, password, timeout: patience });
		if (!client.ok) throw new Error(`${jid} cannot log in: ${client.error}`);
		return client.value;
	}

	/** Somebody enters the room, hears all that was said there, and says something more. */
	async function talk(name: string, password: string, text: string): Promise<void> {
		const client = await log_in(`${name}@chat.test`, password);
		client.send(
			st
				.presence({ to: `${room}/${name}` })
				.tag("x", { xmlns: ns.muc })
				.reset(),
		);
		const heard: string[] = [];
		await client.take((stanza) => {
			const body = stanza.name === "message" ? stanza.get_child_text("body") : undefined;
			if (body !== undefined) heard.push(body);
			return stanza.name === "message" && stanza.get_child("subject") !== undefined;
		}, patience);
		expect(heard).toEqual(said);
		client.send(st.message({ to: room, type: "groupchat" }).text_tag("body", text));
		await client.take((stanza) => stanza.get_child_text("body") === text, patience);
		said.push(text);
		await client.disconnect();
	}

	/** Whose certificate a client is shown. */
	async function certificate_of(host: string): Promise<string> {
		const asked = `openssl s_client -connect 127.0.0.1:5222 -starttls xmpp -xmpphost ${host} </dev/null 2>/dev/null`;
		return machine.must(`${asked} | openssl x509 -noout -subject`);
	}

	async function page(path: string): Promise<{ status: number; body: string }> {
		const answer = await fetch(`http://127.0.0.1:${http_port}${path}`);
		return { status: answer.status, body: await answer.text() };
	}

	/** Prosody is active for systemd before it listens. */
	const until_prosody_listens = (): Promise<void> =>
		eventually(async () => expect(await certificate_of("chat.test")).toContain("CN = chat.test"));

	const state_of = async (unit: string): Promise<string> => (await machine.run(`systemctl is-active ${unit}`)).out.trim();

	beforeAll(async () => {
		packages = mkdtempSync(join(tmpdir(), "enjamb-packages-"));
		machine = await Machine.make(["systemd", "prosody", "procps", "logrotate", "openssl"]);
		machine.write("etc/prosody/conf.d/chat.cfg.lua", service);
		const config = machine
			.read("etc/prosody/prosody.cfg.lua")
			.replace('--"http_openmetrics"', '"http_openmetrics"; "http_health"')
			.replace("modules_enabled = {", 'statistics = "internal"\nstatistics_interval = "manual"\nmodules_enabled = {');
		// Prosody has no such module, and nothing else is missing there
		machine.write("etc/prosody/prosody.cfg.lua", config.replace('; "http_health"', ""));
		await machine.boot();
		port = await machine.forward(5222);
		http_port = await machine.forward(5280);
		await make_certificate("chat.test", "Old");
		await machine.must("systemctl restart prosody");
		await until_prosody_listens();
	}, 900_000);
	afterAll(async () => {
		await machine?.stop();
		if (packages !== undefined) rmSync(packages, { recursive: true, force: true });
	}, 120_000);

	it("begins with a service of Prosody's", async () => {
		await machine.must("prosodyctl adduser romeo@chat.test", "wherefore\nwherefore\n");
		await talk("romeo", "wherefore", "Said on Prosody");
		expect(await certificate_of("chat.test")).toContain("O = Old");
	}, 120_000);

	it("goes on with the package, which starts nothing", async () => {
		for (const file of [build_node(packages), build_enjamb(packages)]) {
			copyFileSync(file, join(machine.root, "root", basename(file)));
		}
		expect(await machine.must("cd /root && apt-get install -y -q ./nodejs.deb ./enjamb_*.deb 2>&1")).toContain(
			"systemctl enable --now enjamb",
		);
		expect(await state_of("enjamb")).toBe("inactive");
		expect(await state_of("prosody")).toBe("active");
	}, 300_000);

	it("has the configuration checked", async () => {
		const checked = await machine.run("enjamb check --config /etc/prosody/prosody.cfg.lua");
		expect(checked.out).toMatch(/ 0 errors/);
		expect(checked.status).toBe(0);
	}, 120_000);

	it("has both servers compared", async () => {
		const script = join(import.meta.dirname, "scansion/muc_groupchat.scs");
		copyFileSync(script, join(machine.root, "root/muc_groupchat.scs"));
		const compared = await machine.run("enjamb compare --reference /usr/bin/prosody /root/muc_groupchat.scs");
		expect(compared.status, compared.out).toBe(0);
	}, 300_000);

	it("stops the one and starts the other, as systemd does it", async () => {
		const documented = /```ini\n(.*?)```/s.exec(administration)?.[1];
		machine.write("etc/systemd/system/enjamb.service.d/override.conf", documented ?? "");
		const config = machine.read("etc/prosody/prosody.cfg.lua");
		machine.write("etc/prosody/prosody.cfg.lua", config.replace('"http_openmetrics"', '"http_openmetrics"; "http_health"'));
		await machine.must("systemctl daemon-reload && systemctl disable --now prosody && systemctl enable --now enjamb");
		// Type=notify: it is active once it listens
		expect(await state_of("enjamb")).toBe("active");
		expect(await state_of("prosody")).toBe("inactive");
		expect(await machine.must("ps -o user= -p $(systemctl show -p MainPID --value enjamb)")).toContain("prosody");
		expect(await page("/health")).toEqual({ status: 200, body: "ok\n" });
	}, 120_000);

	it("finds everything where it was", async () => {
		await talk("romeo", "wherefore", "Said on Enjamb");
	}, 120_000);

	it("has prosodyctl at hand", async () => {
		const pid = (await machine.must("systemctl show -p MainPID --value enjamb")).trim();
		expect(await machine.must("prosodyctl status")).toContain(`Prosody is running with PID ${pid}`);
		await machine.must("prosodyctl adduser juliet@chat.test", "rose\nrose\n");
		await talk("juliet", "rose", "Said by a new account");
		expect(await machine.must("enjamb status --config /etc/prosody/prosody.cfg.lua")).toContain(pid);
		expect(await machine.must(`prosodyctl shell "muc:room('${room}'):get_persistent()"`)).toContain("Result: true");
	}, 120_000);

	it("reloads with a new certificate and a new host", async () => {
		await make_certificate("chat.test", "New");
		await make_certificate("second.test", "Second");
		machine.write("etc/prosody/conf.d/second.cfg.lua", 'VirtualHost "second.test"\n');
		await machine.must("systemctl reload enjamb");
		await eventually(async () => expect(await certificate_of("chat.test")).toContain("O = New"));
		expect(await certificate_of("second.test")).toContain("O = Second");
		await machine.must("prosodyctl adduser nurse@second.test", "angelica\nangelica\n");
		const nurse = await log_in("nurse@second.test", "angelica");
		await nurse.disconnect();
		expect(await state_of("enjamb")).toBe("active");
	}, 120_000);

	it("rotates logs, by Debian's rules and by copies", async () => {
		const count = async (file: string): Promise<number> => Number(await machine.must(`grep -c . ${file} || true`));
		expect(await count("/var/log/prosody/prosody.log")).toBeGreaterThan(0);
		const documented = /^sed .* \/etc\/logrotate\.d\/prosody$/m.exec(administration)?.[0];
		await machine.must(documented ?? "false");
		await machine.must("logrotate --force /etc/logrotate.d/prosody");
		const come_and_go = async (): Promise<void> => (await log_in("romeo@chat.test", "wherefore")).disconnect();
		await come_and_go();
		await eventually(async () => expect(await count("/var/log/prosody/prosody.log")).toBeGreaterThan(0));
		expect(await count("/var/log/prosody/prosody.log.1")).toBeGreaterThan(0);
		machine.write("root/copies", "/var/log/prosody/prosody.log {\n\tsu prosody adm\n\tcopytruncate\n\trotate 2\n}\n");
		await machine.must("chmod 644 /root/copies && logrotate --force --state /root/state /root/copies");
		await come_and_go();
		const log = "/var/log/prosody/prosody.log";
		await eventually(async () => expect(await machine.must(`cat ${log}`)).toContain("Client connected"));
		// Nothing stands before it: the file was cut off, and what came then begins at its start
		expect((await machine.must(`head -c 1 ${log} | od -An -tx1`)).trim()).not.toBe("00");
	}, 120_000);

	it("looks at metrics and at the journal", async () => {
		const { status, body } = await page("/metrics");
		expect(status).toBe(200);
		expect(body).toMatch(/^prosody_mod_muc__live_room\{host="rooms.chat.test"\} 1$/m);
		expect(body).toMatch(/^enjamb_commits_total [1-9]/m);
		expect(await machine.must("prosodyctl shell 'stats:show(\"live_room\")'")).toContain("host=rooms.chat.test");
		machine.write("etc/prosody/conf.d/broken.cfg.lua", "this is no Lua\n");
		await machine.must("systemctl reload enjamb");
		rmSync(join(machine.root, "etc/prosody/conf.d/broken.cfg.lua"));
		// By way of syslog, where Debian's configuration sends errors
		await eventually(async () =>
			expect(await machine.must("journalctl --no-pager -p err -t prosody")).toContain("conf.d/broken.cfg.lua"),
		);
		expect(await state_of("enjamb")).toBe("active");
	}, 120_000);

	it("is not lost when the server hangs or is killed", async () => {
		const impatient = "etc/systemd/system/enjamb.service.d/impatient.conf";
		machine.write(impatient, "[Service]\nWatchdogSec=5s\nTimeoutAbortSec=1s\n");
		await machine.must("systemctl daemon-reload && systemctl restart enjamb");
		const pid_now = async (): Promise<string> => (await machine.must("systemctl show -p MainPID --value enjamb")).trim();
		for (const signal of ["STOP", "KILL"]) {
			const before = await pid_now();
			// A machine that is busy otherwise may have made systemd impatient already
			await machine.run(`kill -${signal} ${before}`);
			await eventually(async () => {
				expect([before, "0"]).not.toContain(await pid_now());
				expect(await state_of("enjamb")).toBe("active");
			});
		}
		rmSync(join(machine.root, impatient));
		await machine.must("systemctl daemon-reload && systemctl restart enjamb");
		await talk("juliet", "rose", "Said after it was killed");
	}, 300_000);

	it("ends with Prosody again, and with all that was said", async () => {
		await machine.must("systemctl disable --now enjamb && systemctl enable --now prosody");
		expect(await state_of("enjamb")).toBe("inactive");
		await until_prosody_listens();
		await talk("juliet", "rose", "Said on Prosody again");
		await talk("romeo", "wherefore", "And at the end");
		const nurse = await log_in("nurse@second.test", "angelica");
		await nurse.disconnect();
		expect(await machine.must("apt-get purge -y -q enjamb 2>&1")).toContain("Purging configuration files for enjamb");
		expect(await state_of("prosody")).toBe("active");
	}, 180_000);
});
