// The metrics of a real Prosody and of ours: the same names, kinds, units and descriptions.

import { afterEach, describe, expect, it } from "vitest";
import { find_prosody, free_port, start_reference } from "../../../tools/reference.ts";
import { Client } from "../../../tools/scansion/client.ts";
import { eventually, patience, start_test_server } from "../../helper.ts";
import { not_installed } from "../../needs.ts";

const modules = [
	...["roster", "saslauth", "disco", "smacks", "bosh", "http_openmetrics", "s2s_bidi", "user_account_management"],
	...["csi", "csi_simple", "mam"],
];
const statistics = { statistics: "internal", statistics_interval: "manual", registration_delete_grace_period: "1 day" };

const ends: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

/** A family as the text shows it. */
interface Family {
	readonly kind: string | undefined;
	readonly unit: string;
	readonly help: string;
	/** Names of labels. */
	readonly labels: string[];
}

function families_in(text: string): Map<string, Family> {
	const families = new Map<string, Family>();
	const about = (word: string, name: string): string => new RegExp(`^# ${word} ${name} ?(.*)$`, "m").exec(text)?.[1] ?? "";
	for (const [, name = "", kind] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
		const sample = new RegExp(`^${name}(?:_[a-z]+)?\\{(.*)\\} `, "m").exec(text)?.[1] ?? "";
		const labels = [...sample.matchAll(/(\w+)="/g)].map(([, label = ""]) => label).filter((label) => label !== "le");
		families.set(name, { kind, unit: about("UNIT", name), help: about("HELP", name), labels });
	}
	return families;
}

async function metrics_at(port: number): Promise<Map<string, Family>> {
	const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
	expect(answer.status).toBe(200);
	return families_in(await answer.text());
}

async function log_in(port: number): Promise<void> {
	const client = await Client.connect({ host: "127.0.0.1", port, jid: "romeo@localhost", password: "x", timeout: patience });
	if (!client.ok) throw new Error(client.error);
	ends.push(() => client.value.disconnect());
}

async function theirs(prosody: string): Promise<Map<string, Family>> {
	const http_port = await free_port();
	const list = modules.map((name) => `"${name}"`).join(", ");
	const started = await start_reference({
		prosody,
		config: `
http_ports = { ${http_port} }
http_interfaces = { "127.0.0.1" }
modules_enabled = { ${list} }
modules_disabled = { "tls" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
storage = { muc_log = "memory", smacks_h = "memory" }
default_storage = "memory"
statistics = "internal"
statistics_interval = "manual"
registration_delete_grace_period = "1 day"
VirtualHost "localhost"
Component "conference.localhost" "muc"
	modules_enabled = { "muc_mam" }
Component "upload.localhost" "http_file_share"
	http_file_share_global_quota = 1000000
`,
	});
	if (!started.ok) throw new Error(started.error);
	ends.push(() => started.value.stop());
	await log_in(started.value.port);
	return eventually(() => metrics_at(http_port));
}

/** Ours, with the built-in module, or with Prosody's own. */
async function ours(prefer_lua_modules: string[] = []): Promise<Map<string, Family>> {
	const test = await start_test_server({
		config: {
			"*": {
				...statistics,
				prefer_lua_modules,
				http_ports: [0],
				https_ports: [],
				http_interfaces: ["127.0.0.1"],
				modules_enabled: modules,
				modules_disabled: ["tls"],
				s2s_ports: [],
			},
			"conference.localhost": { modules_enabled: ["muc_mam"] },
			"upload.localhost": { component_module: "http_file_share", http_file_share_global_quota: 1_000_000 },
		},
	});
	ends.push(() => test.stop());
	await log_in(test.port);
	return metrics_at(test.server.addresses().find(({ service }) => service === "http")?.port ?? 0);
}

function compare_with(name: string, prosody: string): void {
	it(`are those of Prosody ${name}, and more`, async () => {
		const [mine, other] = [await ours(), await theirs(prosody)];
		expect(other.size).toBeGreaterThan(20);
		const same = new Map([...other.keys()].map((key) => [key, mine.get(key)]));
		expect(Object.fromEntries(same)).toEqual(Object.fromEntries(other));
	});
}

describe("metrics", () => {
	const debian = find_prosody();
	if (!not_installed(debian, "Prosody", "its metrics are not compared with ours") && debian !== undefined) {
		compare_with("as installed", debian);
		it("are shown by Prosody's own module, too", async () => {
			const by_theirs = await ours(["http_openmetrics"]);
			// Only where there is Lua
			for (const name of ["enjamb_lua_calls", "enjamb_lua_seconds"]) expect(by_theirs.delete(name)).toBe(true);
			expect(by_theirs).toEqual(await ours());
		});
	}
	const named = process.env["ENJAMB_REFERENCE"];
	const thirteen = named === undefined ? undefined : find_prosody(named);
	if (thirteen !== undefined) compare_with("13", thirteen);
	else console.warn("ENJAMB_REFERENCE names no Prosody 13: its metrics are not compared with ours");
});
