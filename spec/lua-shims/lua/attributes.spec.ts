import { describe, expect, it } from "vitest";
import { without_attributes } from "../../../lua-shims/vm/attributes.ts";

describe("attributes of Lua 5.4", () => {
	it.each([
		["local x <const> = 1", "local x         = 1"],
		["local a<const>, b <const>, c = 1, 2, 3", "local a       , b        , c = 1, 2, 3"],
		["local x\n<\nconst\n> = 1", "local x\n \n     \n  = 1"],
	])("takes const out of %j", (code, plain) => {
		expect(without_attributes(code)).toEqual({ ok: true, value: plain });
	});

	it.each([
		"return '<const>', \"local x <const>\", [[local x <const> = 1]], [==[ ]] local y <close> ]==]",
		"-- local x <const> = 1\nreturn a <const> b",
		"--[[ local x <close> = 1 ]] return 1",
		"local x = y <const",
		"localx <const> = 1",
	])("leaves %j alone", (code) => {
		expect(without_attributes(code)).toEqual({ ok: true, value: code });
	});

	it("refuses close, and says where", () => {
		expect(without_attributes("local a <const> = 1\nlocal f <close> = open()")).toEqual({
			ok: false,
			error: "2: <close> is not offered here: close 'f' where it is no longer used",
		});
	});
});
