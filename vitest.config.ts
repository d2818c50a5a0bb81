import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Specs that replace parts of the server by parts of their own (`vi.mock`), which nobody else may get. */
const alone = ["spec/work.spec.ts"];

export default defineConfig({
	plugins: [
		{
			// As the build does (`--loader:.lua=text`): our own Lua libraries are imported as text.
			name: "lua-as-text",
			transform: (code, id) => (id.endsWith(".lua") ? { code: `export default ${JSON.stringify(code)};`, map: null } : undefined),
		},
	],
	test: {
		// Long, since they only cost time where something is broken: a machine that does much else makes everything ten times as slow
		testTimeout: 300_000,
		hookTimeout: 300_000,
		// More than there are cores: much of what is tested waits for other programs, and for answers that must not come
		maxWorkers: Math.ceil(availableParallelism() * 1.5),
		expect: { poll: { timeout: 60_000 } },
		// Nothing has state of the process, so that specs share what they import: each file on its own would load the server anew
		projects: [
			{ extends: true, test: { name: "together", include: ["spec/**/*.spec.ts"], exclude: alone, isolate: false } },
			{ extends: true, test: { name: "alone", include: alone } },
		],
	},
});
