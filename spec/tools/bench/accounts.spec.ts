import { describe, expect, it } from "vitest";
import { account_scenarios } from "../../../tools/bench/accounts.ts";
import { single_scenarios } from "../../../tools/bench/single.ts";
import { managed_messages, resumptions } from "../../../tools/bench/smacks.ts";
import type { Subject } from "../../../tools/bench/types.ts";
import { start_test_server } from "../../helper.ts";

describe("loads of what people do with their accounts", () => {
	it.each([...account_scenarios(5), ...single_scenarios, managed_messages(5), resumptions])(
		"$title get what they count",
		async ({ accounts, run }) => {
			const server = await start_test_server({
				config: {
					"*": { modules_enabled: ["disco", "saslauth", ...(accounts?.modules ?? [])], max_archive_query_results: 50 },
					"conference.localhost": { muc_room_locking: false },
				},
			});
			const subject: Subject = {
				name: "enjamb",
				port: server.port,
				carrier: "tcp",
				pid: process.pid,
				start_ms: 0,
				stop: () => server.stop(),
			};
			try {
				const finding = await run(subject, { warm_up_ms: 0, measure_ms: 20, storms: 1 });
				expect(finding).toMatchObject({ deliveries: expect.any(Number), cpu_micros: expect.any(Number) });
			} finally {
				await server.stop();
			}
		},
	);
});
