// Archives in a database over the network: clients read them, and nobody waits meanwhile.

import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { Link } from "../../../host/core/network_sql/link.ts";
import { ns } from "../../../host/util/ns.ts";
import * as rsm from "../../../host/util/rsm.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { ask, expect_stanza } from "../../helper.ts";
import { find_postgresql, start_postgresql } from "../../host/databases/postgresql.ts";
import { not_installed } from "../../needs.ts";
import { create, outcome, room_of, type Service, start_service } from "../service.ts";

const is_left_out = not_installed(find_postgresql(), "PostgreSQL", "archives in it are not read by clients");
const database = is_left_out ? undefined : await start_postgresql();
let service: Service | undefined;

afterAll(() => database?.remove());
afterEach(async () => {
	vi.restoreAllMocks();
	await service?.stop();
	service = undefined;
});

async function page(client: Client, set: rsm.ResultSet, ids: readonly string[] = []) {
	const iq = st.iq({ to: room_of("tea"), type: "set", id: "query" }).tag("query", { xmlns: ns.mam, queryid: "q" });
	if (ids.length > 0) {
		iq.tag("x", { xmlns: ns.data, type: "submit" }).tag("field", { var: "FORM_TYPE" }).text_tag("value", ns.mam).up();
		iq.tag("field", { var: "ids" });
		for (const id of ids) iq.text_tag("value", id);
		iq.up().up();
	}
	const reply = await ask(client, iq.add_child(rsm.generate(set)).reset());
	const is_result = (stanza: Stanza): boolean => stanza.get_child("result", ns.mam) !== undefined;
	const found: { id: string; body: string }[] = [];
	while (client.queue.some(is_result)) {
		const result = (await expect_stanza(client, is_result)).get_child("result", ns.mam);
		const body = result?.get_child("forwarded", ns.forward)?.get_child("message", ns.client)?.get_child_text("body") ?? "";
		found.push({ id: result?.attr["id"] ?? "", body });
	}
	return { outcome: outcome(reply), found, complete: reply.get_child("fin", ns.mam)?.attr["complete"] };
}

describe.skipIf(is_left_out)("an archive in PostgreSQL", () => {
	it("is read page by page while everybody else goes on", async () => {
		service = await start_service(
			{ modules_enabled: ["spec_probe", "muc_mam"] },
			{ storage: "sql", sql: database?.sql ?? {}, cron_initial_delay: 86_400 },
		);
		const romeo = await service.test.client("romeo");
		await create(romeo, "tea");
		const said = ["one", "two", "three", "four", "five"];
		for (const body of said) {
			romeo.send(st.message({ to: room_of("tea"), type: "groupchat", id: body }, body));
			await expect_stanza(romeo, (stanza) => stanza.attr["id"] === body);
		}
		const asked_at_once = vi.spyOn(Link.prototype, "wait_for");
		const first = await page(romeo, { max: 2 });
		expect(first).toMatchObject({ outcome: "ok", found: [{ body: "one" }, { body: "two" }] });
		expect(first.complete).toBeUndefined();
		const rest = await page(romeo, { max: 10, after: first.found[1]?.id ?? "" });
		expect(rest).toMatchObject({ outcome: "ok", complete: "true" });
		expect(rest.found.map(({ body }) => body)).toEqual(["three", "four", "five"]);
		const chosen = await page(romeo, { max: 10 }, [rest.found[0]?.id ?? "", first.found[0]?.id ?? ""]);
		expect(chosen.found.map(({ body }) => body)).toEqual(["one", "three"]);
		expect((await page(romeo, { max: 10 }, ["no such id"])).outcome).toBe("modify/item-not-found");
		expect((await page(romeo, { max: 10, after: "no such id" })).outcome).toBe("modify/item-not-found");
		// None of all this had the server wait for an answer
		expect(asked_at_once).not.toHaveBeenCalled();
	});
});
