import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { dependencies_here, readers_here } from "../../../../host/core/config/options_here.ts";
import { dependencies_by_module, readers_by_option } from "../../../option_reads.ts";

const root = resolve(import.meta.dirname, "../../../..");

// A row that is missing or too much is shown by the difference: put it into host/core/config/options_here.ts.
describe("the tables of what is read here", () => {
	it("name who reads each option", () => expect(readers_here).toEqual(readers_by_option(root)));
	it("name the modules that others load with them", () => expect(dependencies_here).toEqual(dependencies_by_module(root)));
});
