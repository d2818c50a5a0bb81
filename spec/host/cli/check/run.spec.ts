import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CheckContext, run } from "../../../../host/cli/check/run.ts";

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

const built_in = new Set(["presence", "message", "iq", "offline", "c2s", "muc", "s2s", "s2s_auth_certs", "storage_sql"]);

const fine = `
data_path = "data"
interfaces = { "127.0.0.1" }
c2s_ports = { 0 }; s2s_ports = { 0 }
storage = "sql"
VirtualHost "example.com"
`;

async function check(text: string, json = false, more: Partial<CheckContext> = {}) {
	const path = join(folder, "prosody.cfg.lua");
	writeFileSync(path, text);
	let out = "";
	const status = await run(
		path,
		{ built_in, surface: undefined, prosody_folders: [], ...more },
		{ json, write: (more) => (out += more) },
	);
	return { status, out, path };
}

describe("enjamb check", () => {
	it("ends well where there is nothing worse than a warning, and leaves nothing behind", async () => {
		const { status, out } = await check(fine);
		expect(out).toContain("warning: certificate: there is no certificate for example.com");
		expect(out).toContain("8 modules: 8 built in, 0 in TypeScript, 0 in Lua (of which 0 run here), 0 not there");
		expect(status).toBe(0);
		expect(readdirSync(folder)).toEqual(["prosody.cfg.lua"]);
	});

	it("names file, line and what was expected", async () => {
		const { status, out, path } = await check(`${fine}Component "rooms.example.com" "chat"\nmax_history_mesages = 3\n`);
		expect(out).toContain(`${path}:7: error: module: mod_chat is neither built in nor in plugin_paths`);
		expect(out).toContain(`${path}:8: warning: option: option 'max_history_mesages' is not known; did you mean`);
		expect(out).toMatch(/: 1 error, \d+ warnings, \d+ remarks?\n/);
		expect(status).toBe(1);
	});

	it("shows what each server makes of it", async () => {
		const { out } = await check(`${fine}Component "rooms.example.com" "muc"\n`);
		expect(out).toContain("admins are no longer owners of every room\n    0.12: true | 13: false | Enjamb: false\n");
	});

	it("ends with 2 where the file cannot be read", async () => {
		const { status, out, path } = await check("VirtualHost {");
		expect(status).toBe(2);
		expect(out).toContain(`${path}:1: error: syntax: `);
		expect((await check("\n\nerror('no')")).status).toBe(2);
	});

	it("looks at the ports of what a module brings along", async () => {
		mkdirSync(join(folder, "modules"));
		writeFileSync(join(folder, "modules", "mod_pages.lua"), 'module:depends "http"');
		const text = `plugin_paths = { "modules" }\nhttp_ports = { "many" }\nmodules_enabled = { "pages" }\n${fine}`;
		const surface = {
			libraries: new Set<string>(),
			library_source: () => undefined,
			module_methods: new Set(["depends"]),
			syntax_error: () => undefined,
		};
		const { out } = await check(text, false, { surface, built_in: new Set([...built_in, "http"]) });
		expect(out).toContain('error: port: http_ports: "many" is no port number');
	});

	it("speaks JSON", async () => {
		const { out, path } = await check(fine, true);
		const report: unknown = JSON.parse(out);
		expect(report).toMatchObject({ config: path, status: 0, summary: { errors: 0 }, files: [path] });
		expect(report).toHaveProperty("modules.0.found", "built in");
	});
});
