import { defineConfig } from "vitest/config";

export default defineConfig({
	plugins: [
		{
			// As the build does (`--loader:.lua=text`): our own Lua libraries are imported as text.
			name: "lua-as-text",
			transform: (code, id) => (id.endsWith(".lua") ? { code: `export default ${JSON.stringify(code)};`, map: null } : undefined),
		},
	],
	test: {
		include: ["spec/**/*.spec.ts"],
		// Long, since they only cost time where something is broken: a machine that does much else makes everything ten times as slow
		testTimeout: 300_000,
		hookTimeout: 300_000,
		// Vitest leaves one of the cores alone, which is half of a machine with two; much of what is tested waits for other programs
		maxWorkers: "100%",
		expect: { poll: { timeout: 60_000 } },
	},
});
