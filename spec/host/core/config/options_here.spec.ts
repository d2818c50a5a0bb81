import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { dependencies_by_module, readers_by_option } from "../../../option_reads.ts";

const root = resolve(import.meta.dirname, "../../../..");

function rows(table: { readonly [name: string]: string }): string {
	const key = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : JSON.stringify(name));
	return Object.entries(table)
		.map(([name, value]) => `\t${key(name)}: ${JSON.stringify(value)},\n`)
		.join("");
}

const tables = `// No counterpart: who reads which option here, and which modules of ours load which others with them. Taken from the sources:
// \`npx vitest run spec/host/core/config/options_here.spec.ts -u\` writes it anew.

/** Modules, or \`core\` for what every server has, separated by blanks, by the option that they read; \`*\` stands for a name. */
export const readers_here: Readonly<Record<string, string>> = {
${rows(readers_by_option(root))}};

/** Modules that each of ours has loaded with it. */
export const dependencies_here: Readonly<Record<string, string>> = {
${rows(dependencies_by_module(root))}};
`;

describe("the tables of what is read here", () => {
	it("are what the sources say; the update option of vitest writes them", async () => {
		await expect(tables).toMatchFileSnapshot(resolve(root, "host/core/config/options_here.ts"));
	});
});
