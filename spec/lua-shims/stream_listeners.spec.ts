// Streams with other servers whose connections a module in Lua makes.

import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import type { ConfigValue } from "../../host/core/configmanager.ts";
import * as st from "../../host/util/stanza.ts";
import { free_port } from "../../tools/reference.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { expect_stanza } from "../helper.ts";
import { log_in_to, Neighbourhood, start_neighbour } from "../host/servers.ts";

const neighbours: Neighbourhood[] = [];
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
	for (const one of neighbours.splice(0)) one.remove();
});

async function start(
	place: Neighbourhood,
	address: string,
	domain: string,
	port: number,
	modules: readonly string[],
	options: Readonly<Record<string, ConfigValue>> = {},
): Promise<Client> {
	const pair = place.certify(domain, [domain]);
	const server = await start_neighbour(place, { address, domain, port, pair, modules: ["dialback", ...modules], options });
	ends.push(() => server.stop("The test is over"));
	const client = await log_in_to(server, `somebody@${domain}`);
	ends.push(() => client.disconnect());
	return client;
}

const chat = (to: string, body: string): st.Stanza => st.message({ to, type: "chat", id: body }, body);
const plugin_paths = [join(import.meta.dirname, "own_ways")];

it("carry what the module kept, and then the rest, in order", async () => {
	const place = new Neighbourhood();
	neighbours.push(place);
	const port = await free_port();
	const juliet = await start(place, "127.0.0.64", "mantua.example", port, []);
	const romeo = await start(place, "127.0.0.63", "verona.example", 5269, ["own_way"], { plugin_paths, own_way_port: port });
	for (const body of ["one", "two", "three"]) romeo.send(chat(juliet.full_jid, body));
	for (const body of ["one", "two", "three"]) expect((await expect_stanza(juliet)).get_child_text("body")).toBe(body);
});

it("return what waits to its senders where no connection comes", async () => {
	const place = new Neighbourhood();
	neighbours.push(place);
	const options = { plugin_paths, s2s_timeout: 1 };
	const romeo = await start(place, "127.0.0.63", "verona.example", 5269, ["own_way"], options);
	for (const body of ["one", "two"]) romeo.send(chat("juliet@mantua.example", body));
	for (const body of ["one", "two"]) {
		const error = await expect_stanza(romeo);
		expect([error.attr["id"], error.attr["type"]]).toEqual([body, "error"]);
		expect(error.get_child("error")?.first_tag?.name).toBe("remote-server-not-found");
	}
});
