// A feature of rooms is its file and its lines in muc/features.ts: without them, all else is as it was.

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { create_features, feature } from "../../muc/feature.ts";
import { text } from "../../muc/kinds.ts";
import { no_rooms, recorded_module } from "./recorded_module.ts";

const root = join(import.meta.dirname, "../..");
const list_file = "muc/features.ts";
const list = readFileSync(join(root, list_file), "utf8");
const names = [...list.matchAll(/^import \{ (\w+) \} from "\.\/\1\.lib\.ts";$/gm)].map(([, name = ""]) => name);

let folder: string;

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-features-"));
	for (const part of ["host", "muc", "lua-shims", "tools", "spec/muc", "spec/helper.ts", "tsconfig.json", "package.json"]) {
		cpSync(join(root, part), join(folder, part), { recursive: true });
	}
	symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Does something with a copy of the sources that lack some features. */
function without<Result>(left_out: readonly string[], run: () => Result): Result {
	for (const name of left_out) rmSync(join(folder, `muc/${name}.lib.ts`));
	const left = list.split("\n").filter((line) => {
		return !left_out.some((name) => line === `\t${name},` || line.includes(`from "./${name}.lib.ts"`));
	});
	writeFileSync(join(folder, list_file), left.join("\n"));
	try {
		return run();
	} finally {
		for (const name of left_out) cpSync(join(root, `muc/${name}.lib.ts`), join(folder, `muc/${name}.lib.ts`));
	}
}

/** What the compiler says about some of the sources. */
function compile(...include: string[]): string {
	writeFileSync(join(folder, "tsconfig.part.json"), JSON.stringify({ extends: "./tsconfig.json", include }));
	const compiler = join(root, "node_modules/typescript/bin/tsc");
	const { stdout, stderr } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.part.json"], {
		cwd: folder,
		encoding: "utf8",
	});
	return stdout + stderr;
}

/** The rig for rooms, made of the copy. */
async function rig_of_copy(name: string): Promise<typeof import("./rig.ts")> {
	const outfile = join(folder, `${name}.mjs`);
	const entry_points = [join(folder, "spec/muc/rig.ts")];
	buildSync({
		entryPoints: entry_points,
		outfile,
		bundle: true,
		format: "esm",
		platform: "node",
		logLevel: "error",
		// It is no JavaScript, and only asked for where systemd waits for a word
		external: ["node-unix-socket"],
		absWorkingDir: folder,
	});
	return import(outfile);
}

describe("rooms without a feature", () => {
	it("are tried for all that are listed", () => {
		expect(names).toContain("password");
		expect(names.length).toBe(list.match(/^\t\w+,$/gm)?.length);
	});

	it.each(["whois", "register", "history", "password"])("compile without %s, and let people talk", async (name) => {
		const [problems, building] = without([name], () => [compile("muc", "host/plugins", "host/types"), rig_of_copy(name)]);
		expect(problems).toBe("");
		const { Rig, owner } = await building;
		const rig = new Rig({ options: { muc_room_locking: false } });
		expect(rig.join(owner, "owner")).toBe(undefined);
		expect(rig.join("guest@example.org/x", "guest")).toBe(undefined);
		rig.module.take();
		expect(rig.say("guest@example.org/x", (message) => message.body("hello"))).toBe(undefined);
		expect(rig.module.take(owner).map((message) => message.get_child_text("body"))).toEqual(["hello"]);
		expect(rig.fields().size).toBeGreaterThan(1);
		expect(rig.disco().features).toContain("http://jabber.org/protocol/muc");
	});

	it("compile without any, with all that stands on them", async () => {
		const [problems, building] = without(names, () => [compile("host", "muc", "lua-shims"), rig_of_copy("none")]);
		expect(problems).toBe("");
		const { Rig, owner } = await building;
		const rig = new Rig({}, { password: "secret", members_only: true, moderated: true });
		expect([rig.join(owner, "owner"), rig.join("guest@example.org/x", "guest")]).toEqual([undefined, undefined]);
		expect([...rig.fields().keys()]).toEqual(["FORM_TYPE"]);
		const nick = `${rig.room.jid}/guest`;
		expect([rig.room.get_role(nick), rig.room.get_whois(), rig.room.get_persistent()]).toEqual([
			"participant",
			"moderators",
			undefined,
		]);
	});
});

describe("a new feature", () => {
	it("is two files, as CONTRIBUTING.md says", async () => {
		const page = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
		const example = /^## A new feature of rooms$.*?^```ts\n(.*?)^```$/ms.exec(page)?.[1] ?? "";
		writeFileSync(join(folder, "muc/night.lib.ts"), example);
		const added = list.replace(/^const features = \[$/m, "$&\n\tnight,");
		writeFileSync(join(folder, list_file), `import { night } from "./night.lib.ts";\n${added}`);
		writeFileSync(
			join(folder, "muc/use.ts"),
			'import type { Room } from "./types.ts";\nexport const is_open = (room: Room): boolean => !room.get_closed_at_night();\n',
		);
		expect(compile("muc", "host/plugins", "host/types")).toBe("");
		const { Rig, owner } = await rig_of_copy("night");
		const rig = new Rig({ options: { muc_room_locking: false } });
		const hours = vi.spyOn(Date.prototype, "getUTCHours").mockReturnValue(3);
		expect(rig.join(owner, "owner")).toBe(undefined);
		expect(rig.submit({ "{urn:example:rooms}night": "1" })).toEqual(["104"]);
		expect(rig.disco().features).toContain("urn:example:rooms:closed-at-night");
		expect(rig.join("guest@example.org/x", "guest")).toBe("wait/not-allowed");
		hours.mockReturnValue(6);
		expect(rig.join("guest@example.org/x", "guest")).toBe(undefined);
		hours.mockRestore();
	});
});

describe("features", () => {
	it("cannot both have a method, or a key of what is stored", () => {
		const get_x = (): number => 1;
		const both = (parts: object) => [feature("one", () => parts), feature("two", () => parts)];
		const create = (parts: object) => create_features(recorded_module(), both(parts), no_rooms);
		expect(() => create({ methods: { get_x } })).toThrow("The room features one and two both have get_x in their methods");
		expect(() => create({ data: { x: text } })).toThrow("The room features one and two both have x in their data");
	});
});
