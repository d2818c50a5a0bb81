import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { load_config } from "../../../../host/composition.ts";
import { config_to_lua } from "../../../../host/core/config/config_to_lua.ts";
import { Config, type ConfigValue, default_config } from "../../../../host/core/configmanager.ts";

let folder = "";
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "enjamb-config-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a configuration says, section by section. */
function sections(config: Config): unknown {
	return ["*", ...config.hosts()].map((host) => [host, new Map([...(config.raw(host) ?? [])].sort())]);
}

async function read_back(config: Config): Promise<Config> {
	const file = join(folder, "written.cfg.lua");
	await writeFile(file, config_to_lua(config));
	const loaded = await load_config(file);
	if (!loaded.ok) throw new Error(loaded.error.message);
	return loaded.value.config;
}

const text = fc.string({ unit: "grapheme", maxLength: 8 });
const value: fc.Arbitrary<ConfigValue> = fc.letrec<{ value: ConfigValue }>((tie) => ({
	value: fc.oneof(
		{ maxDepth: 2 },
		text,
		fc.boolean(),
		fc.integer({ min: -1_000_000, max: 1_000_000 }),
		fc.array(tie("value"), { maxLength: 3 }),
		fc.dictionary(fc.stringMatching(/^[a-z ]{1,5}$/), tie("value"), { minKeys: 1, maxKeys: 3 }).map((table) => ({ ...table })),
	),
})).value;

describe("a configuration that was written", () => {
	it("reads back as it was: the newcomer's", async () => {
		const config = default_config("/var/lib/enjamb");
		expect(sections(await read_back(config))).toEqual(sections(config));
	});

	it("reads back as it was: any values in any section", async () => {
		await fc.assert(
			fc.asyncProperty(value, value, value, async (global, own, component) => {
				const config = Config.from({
					"*": { one: global },
					"example.com": { two: own },
					"rooms.example.com": { component_module: "muc", three: component },
				});
				expect(sections(await read_back(config))).toEqual(sections(config));
			}),
			{ numRuns: 25 },
		);
	});
});
