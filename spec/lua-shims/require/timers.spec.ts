// Promises and runners wait by the timers of the host.

import { expect, it } from "vitest";
import { eventually } from "../../helper.ts";
import { create_lua } from "../lua.ts";

it("lets promises and sleeping runners go on later", async () => {
	const lua = await create_lua();
	try {
		lua.run(`
			local promise, async, log = require "util.promise", require "util.async", require "util.logger".init("seen")
			promise.new(function(resolve)
				log("info", "promise made")
				resolve(5)
			end):next(function(value)
				log("info", "promise %d", value)
			end)
			async.runner():run(function()
				async.sleep(0.01)
				log("info", "slept")
				log("info", "waited for %d", async.wait_for(promise.resolve(7)))
			end)
			log("info", "at once")`);
		const logged = (): string[] =>
			lua.log.filter((line) => line.includes(" seen: ")).map((line) => line.replace(/^.* seen: /, ""));
		expect(logged()).toEqual(["at once"]);
		await eventually(() => expect(logged()).toHaveLength(5));
		expect(logged()).toEqual(["at once", "promise made", "promise 5", "slept", "waited for 7"]);
	} finally {
		await lua.stop();
	}
});
