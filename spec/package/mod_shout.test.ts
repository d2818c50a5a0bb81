import { strictEqual } from "node:assert";
import { test } from "node:test";
import { st } from "enjamb";
import { expect_stanza, start_test_server } from "enjamb/testing";

test("what is said in the room is loud", async () => {
	const test_server = await start_test_server({
		config: {
			"*": { plugin_paths: [import.meta.dirname] },
			"conference.localhost": { modules_enabled: ["shout"] },
		},
	});
	const romeo = await test_server.client("romeo");
	romeo.send(st.presence({ to: "balcony@conference.localhost/Romeo" }).tag("x", { xmlns: "http://jabber.org/protocol/muc" }));
	romeo.send(st.message({ to: "balcony@conference.localhost", type: "groupchat" }, "but soft"));
	const heard = await expect_stanza(romeo, (stanza) => stanza.get_child("body") !== undefined);
	strictEqual(heard.get_child_text("body"), "BUT SOFT");
	await test_server.stop();
});
