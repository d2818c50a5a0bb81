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
		testTimeout: 20_000,
		hookTimeout: 30_000,
	},
});
