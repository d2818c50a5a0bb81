import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { find_prosody } from "../../../../../tools/reference.ts";
import { not_installed } from "../../../../needs.ts";

const program = resolve(import.meta.dirname, "../../../../../dist/enjamb.js");
let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
	writeFileSync(join(folder, `mod_${name}.lua`), text);
}

/** The lines that are printed, and the exit status. */
async function load(...more: readonly string[]): Promise<{ lines: string[]; status: number | null }> {
	const child = spawn(process.execPath, [program, "check", "--modules", folder, ...more], { stdio: ["ignore", "pipe", "pipe"] });
	let text = "";
	for (const output of [child.stdout, child.stderr]) {
		output.setEncoding("utf8").on("data", (chunk: string) => {
			text += chunk;
		});
	}
	const [status]: (number | null)[] = await once(child, "close");
	return { lines: text.replaceAll(folder, "").trimEnd().split("\n"), status: status ?? null };
}

describe("check --modules", () => {
	it("says what loads, what fails, and where, and goes on after modules that end their process or never come back", async () => {
		write("a_fine", 'module:hook("x", function () end);');
		write("b_lacks", 'require "no.such.thing";');
		write("c_refuses", 'error("no password is set", 0);');
		write("d_rooms", 'if not rawget(hosts[module.host], "muc") and not module:depends("muc") then error("for rooms", 0); end');
		write("e_loops", "while true do end");
		write("f_fine", "");
		const { lines, status } = await load();
		expect(lines.filter((line) => !line.startsWith("\t"))).toEqual([
			"loads\tmod_a_fine\t/mod_a_fine.lua",
			"LACKS\tmod_b_lacks\t/mod_b_lacks.lua",
			"fails\tmod_c_refuses\t/mod_c_refuses.lua",
			expect.stringContaining("mod_d_rooms"),
			"fails\tmod_e_loops\t/mod_e_loops.lua",
			"loads\tmod_f_fine\t/mod_f_fine.lua",
			"6 modules: 3 load here",
			"not loaded for want of something: b_lacks",
			"check is right about 6 of 6",
		]);
		expect(lines).toContain("\there\thost, rooms, component: no password is set");
		expect(lines.find((line) => line.includes("no.such.thing"))).toContain(
			"/mod_b_lacks.lua:1: module 'no.such.thing' not found",
		);
		expect(status).toBe(1);
	});

	it("says so where there is nothing to try", async () => {
		expect(await load()).toEqual({ lines: ["there is no module in Lua in"], status: 2 });
	});

	it.skipIf(not_installed(find_prosody(), "Prosody", "modules are not loaded in a real one"))(
		"loads them in a real Prosody, too",
		async () => {
			write("a_fine", 'module:hook("x", function () end);');
			write("b_lacks", 'require "no.such.thing";');
			// check cannot see what is asked for
			write("c_behind", 'local name = "util.startup"; require(name);');
			const { lines, status } = await load("--reference");
			expect(lines.slice(-4)).toEqual([
				"3 modules: 1 load here",
				"2 load in the reference, 1 of them here (50.0 %)",
				"loaded in the reference and not here, on some host: c_behind",
				"check is right about 2 of 3, and not of c_behind",
			]);
			expect(status).toBe(1);
		},
	);
});
