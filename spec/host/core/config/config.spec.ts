import { describe, expect, it } from "vitest";
import { Config } from "../../../../host/core/config/config.ts";
import { default_config } from "../../../../host/core/config/default_config.ts";

describe("Config", () => {
	it("looks into the host's section first, then into the global one", () => {
		const config = Config.from({ "*": { a: 1, b: "global", c: true }, localhost: { b: "own", c: false } });
		expect(config.get("localhost", "a")).toBe(1);
		expect(config.get("localhost", "b")).toBe("own");
		expect(config.get("localhost", "c")).toBe(false);
		expect(config.get("*", "b")).toBe("global");
		expect(config.get("unknown.example", "b")).toBe("global");
		expect(config.get("localhost", "missing")).toBeUndefined();
	});

	it("lets components inherit as well", () => {
		const config = Config.from({ "*": { storage: "sql" }, "conference.localhost": { component_module: "muc" } });
		expect(config.get("conference.localhost", "storage")).toBe("sql");
		expect(config.raw("conference.localhost")?.has("storage")).toBe(false);
	});

	it("keeps hosts in order of definition and tells their types", () => {
		const config = Config.from({ "z.example": {}, "*": {}, "a.example": {}, "rooms.example": { component_module: "muc" } });
		expect(config.hosts()).toEqual(["z.example", "a.example", "rooms.example"]);
		expect(config.hosts().map((host) => config.host_type(host))).toEqual(["local", "local", "component"]);
		expect(config.component_module("rooms.example")).toBe("muc");
		expect(config.component_module("a.example")).toBeUndefined();
		expect(config.get("a.example", "defined")).toBe(true);
		expect(config.get("rooms.example", "load_global_modules")).toBe(false);
		expect(config.host_type("*")).toBeUndefined();
		expect(config.host_type("other.example")).toBeUndefined();
		expect(config.has_host("a.example")).toBe(true);
		expect(config.has_host("*")).toBe(false);
		expect(config.has_host("other.example")).toBe(false);
	});

	it("sets, replaces and removes options, with the place they come from", () => {
		const config = new Config();
		config.set("localhost", "name", "one", { file: "x.lua", line: 3 });
		expect(config.location("localhost", "name")).toEqual({ file: "x.lua", line: 3 });
		config.set("localhost", "name", "two");
		expect(config.get("localhost", "name")).toBe("two");
		expect(config.location("localhost", "name")).toBeUndefined();
		config.set("localhost", "name", undefined);
		expect(config.get("localhost", "name")).toBeUndefined();
		expect(config.hosts()).toEqual(["localhost"]);
	});

	it("shares nothing between two configurations", () => {
		const first = new Config();
		const second = new Config();
		first.set("*", "a", 1);
		expect(second.get("*", "a")).toBeUndefined();
	});

	it("does not take the names of Object's own members for options", () => {
		const config = Config.from({ localhost: {} });
		expect(config.get("localhost", "constructor")).toBeUndefined();
		expect(config.has_host("toString")).toBe(false);
	});
});

describe("default_config", () => {
	it("serves one host with rooms on this machine only, and says that its logins are open", () => {
		const config = default_config("/some/folder");
		expect(config.hosts()).toEqual(["localhost", "conference.localhost"]);
		expect(config.component_module("conference.localhost")).toBe("muc");
		expect(config.get("*", "interfaces")).toEqual(["127.0.0.1", "::1"]);
		expect(config.get("*", "c2s_ports")).toEqual([5222]);
		expect(config.get("localhost", "data_path")).toBe("/some/folder");
		expect(config.get("localhost", "storage")).toBe("sql");
		expect(config.get("localhost", "authentication")).toBe("insecure");
		expect(config.get("localhost", "insecure_open_authentication")).toBe("Yes please, I know what I'm doing!");
		expect(config.get("localhost", "c2s_require_encryption")).toBe(false);
		expect(config.get("localhost", "allow_unencrypted_plain_auth")).toBe(true);
	});
});
