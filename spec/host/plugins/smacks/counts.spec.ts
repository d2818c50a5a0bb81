// What clients are told to have been handled (XEP-0198) is stored by then.

import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../../host/util/ns.ts";
import { type ModuleDefinition, start_test_server, type TestServer } from "../../../helper.ts";
import { Crew } from "./crew.ts";

const crew = new Crew();
let running: TestServer | undefined;

afterEach(async () => {
	crew.vanish();
	await running?.stop();
	running = undefined;
});

describe("a count of stanzas", () => {
	it("is told once the last of them is stored", async () => {
		let is_stored = false;
		let store: () => void = () => {};
		const slow: ModuleDefinition = {
			name: "slow",
			load(module) {
				module.hook("pre-message/bare", () => {
					const commit = (): Promise<void> =>
						new Promise((resolve) => {
							store = (): void => {
								is_stored = true;
								resolve();
							};
						});
					module.server.turn.join({ commit, rollback() {} });
					return true;
				});
				// Time enough for an answer that does not wait
				module.hook(`stanza/${ns.sm3}:r`, () => void setTimeout(() => store(), 300), 100);
			},
		};
		running = await start_test_server({
			modules: [slow],
			config: { "*": { modules_enabled: ["roster", "saslauth", "smacks", "slow"] } },
		});
		const { client } = await crew.managed(running.port, "grace");
		client.send("<message to='ada@localhost'><body>kept</body></message>");
		client.send(`<r xmlns='${ns.sm3}'/>`);
		await client.until(() => /<a [^>]*h='1'/.test(client.said));
		expect(is_stored).toBe(true);
	});
});
