import { describe, expect, it } from "vitest";
import type { DiscoEvent, Session } from "../../../../host/core/types.ts";
import { new_command } from "../../../../host/plugins/adhoc/adhoc.lib.ts";
import { definition } from "../../../../host/plugins/adhoc/mod_adhoc.ts";
import type { AdhocAnswer, AdhocCommand, AdhocHandler } from "../../../../host/util/adhoc.ts";
import { new_initial_data_form, new_simple_form } from "../../../../host/util/adhoc.ts";
import { new_form } from "../../../../host/util/dataforms.ts";
import { failed, ok, stanza_error } from "../../../../host/util/error.ts";
import { ns } from "../../../../host/util/ns.ts";
import type { Stanza } from "../../../../host/util/stanza.ts";
import * as st from "../../../../host/util/stanza.ts";
import { FakeSession } from "../../../muc/fake_session.ts";
import { type RecordedModule, recorded_module } from "../../../muc/recorded_module.ts";
import { parsed } from "../../../muc/rig.ts";

const host = "muc.example.org";
const user = "user@example.org/x";

class Host {
	readonly asked: [permission: string, who: string][] = [];
	readonly module: RecordedModule;

	constructor(permitted = true) {
		this.module = recorded_module({
			host,
			name: "adhoc",
			may: (permission, who) => {
				this.asked.push([permission, who]);
				return permitted;
			},
		});
		definition.load(this.module);
	}

	readonly offer = (command: AdhocCommand<Session>): void => {
		this.module.add_item("adhoc-provider", command);
	};

	readonly withdraw = (command: AdhocCommand<Session>): void => {
		this.module.remove_item("adhoc-provider", command);
	};

	/** Executes a command; answers with the reply, undefined where nobody took the request. */
	readonly execute = (node: string, attr: st.Attributes = {}, form?: Stanza, from = user): Stanza | undefined => {
		const iq = st.iq({ from, to: host, type: "set", id: "c" }).tag("command", { xmlns: ns.commands, node, ...attr });
		if (form) iq.add_child(form);
		const origin = new FakeSession(from);
		const stanza = parsed(iq.reset());
		this.module.fire_event(`iq-set/host/${ns.commands}:command`, { origin, stanza });
		return origin.take()[0];
	};

	readonly disco = (kind: "info" | "items", node: string, from = user): { reply: Stanza; exists: boolean; errors: Stanza[] } => {
		const origin = new FakeSession(from);
		const stanza = st.iq({ from, to: host, type: "get", id: "d" }).tag("query", { xmlns: ns.disco_info, node });
		const reply = st.reply(stanza).query(ns.disco_info);
		const event: DiscoEvent = { origin, stanza, reply, node, exists: false };
		this.module.fire_event(kind === "info" ? "host-disco-info-node" : "host-disco-items-node", event);
		return { reply, exists: event.exists ?? false, errors: origin.take() };
	};
}

function answering(answer: AdhocAnswer, permission: AdhocCommand<Session>["permission"] = "any"): AdhocCommand<Session> {
	return new_command("Do it", "urn:do", () => [answer], permission);
}

function command_of(reply: Stanza | undefined): Stanza | undefined {
	return reply?.get_child("command", ns.commands);
}

function notes(reply: Stanza | undefined): (string | undefined)[][] {
	return [...(command_of(reply)?.childtags("note") ?? [])].map((note) => [note.attr["type"], note.get_text()]);
}

describe("who may execute a command", () => {
	it.each([
		["any", user, false, true],
		["local_user", user, true, false],
		["local_user", `admin@${host}/x`, false, true],
		["check", user, true, true],
		["check", user, false, false],
		["admin", user, true, true],
		["global_admin", user, false, false],
	] as const)("%s: %s (permitted: %s)", (permission, from, permitted, executes) => {
		const { execute, disco, offer } = new Host(permitted);
		offer(answering({ status: "completed", info: "done" }, permission));
		const reply = execute("urn:do", {}, undefined, from);
		expect(reply?.get_error()?.condition).toBe(executes ? undefined : "forbidden");
		expect(command_of(reply)?.attr["status"]).toBe(executes ? "completed" : "canceled");
		expect(disco("info", "urn:do", from).errors.map((error) => error.get_error()?.condition)).toEqual(
			executes ? [] : ["forbidden"],
		);
		expect(disco("items", ns.commands, from).reply.find("{http://jabber.org/protocol/disco#info}query/item@node")).toBe(
			executes ? "urn:do" : undefined,
		);
	});

	it("is granted to admins when the command comes", () => {
		const { module, offer } = new Host();
		offer(answering({ status: "completed" }, "admin"));
		offer({ ...answering({ status: "completed" }, "global_admin"), node: "urn:global" });
		expect(module.permissions).toEqual([
			{ role: "prosody:admin", permission: "adhoc:urn:do" },
			{ role: "prosody:operator", permission: "adhoc:urn:global" },
		]);
	});

	it("has to be said", () => {
		expect(() => Reflect.apply(new_command, undefined, ["Do it", "urn:do", () => [], "user"])).toThrow(
			/command urn:do: expected a permission \(one of .*\), got user/,
		);
	});
});

describe("service discovery", () => {
	it("knows the list and each command", () => {
		const { disco, offer } = new Host();
		offer({ ...answering({ status: "completed" }), node: "urn:b", name: "B" });
		offer({ ...answering({ status: "completed" }), node: "urn:a", name: "A" });
		expect(disco("info", ns.commands).exists).toBe(true);
		expect(disco("info", "urn:a").reply.toString()).toContain("<identity name='A' category='automation' type='command-node'/>");
		expect(disco("info", "urn:unknown").exists).toBe(false);
		const { reply } = disco("items", ns.commands);
		expect(reply.first_tag?.tags.map(({ attr }) => [attr["node"], attr["name"], attr["jid"]])).toEqual([
			["urn:a", "A", host],
			["urn:b", "B", host],
		]);
	});

	it("forgets commands that go", () => {
		const { disco, execute, offer, withdraw } = new Host();
		const command = answering({ status: "completed" });
		offer(command);
		withdraw(command);
		expect(disco("info", "urn:do").exists).toBe(false);
		expect(execute("urn:do")).toBeUndefined();
	});
});

describe("answers", () => {
	it("carries notes, actions, forms and elements", () => {
		const { execute, offer } = new Host();
		const form = new_form({ fields: [{ name: "f", type: "text-single", value: "v", label: "L", required: true }] });
		offer(
			answering({
				status: "executing",
				info: "i",
				warn: "w",
				error: { message: "e" },
				actions: { allowed: ["prev", "complete"], default: "complete" },
				form,
				result: { layout: form, values: { f: "r" } },
				other: st.stanza("thing", { xmlns: "urn:x" }),
			}),
		);
		const reply = execute("urn:do", { sessionid: "s" });
		expect(notes(reply)).toEqual([
			["info", "i"],
			["warn", "w"],
			["error", "e"],
		]);
		const command = command_of(reply);
		expect(command?.attr).toMatchObject({ node: "urn:do", status: "executing", sessionid: "s" });
		expect(command?.get_child("actions")?.attr["execute"]).toBe("complete");
		expect(command?.get_child("actions")?.tags.map(({ name }) => name)).toEqual(["prev", "complete"]);
		const forms = [...(command?.childtags("x", ns.data) ?? [])].map((x) => [x.attr["type"], x.find("field/value#")]);
		expect(forms).toEqual([
			["form", "v"],
			["result", "r"],
		]);
		expect(command?.get_child("thing", "urn:x")).toBeDefined();
	});

	it("lets an executing command be completed where it does not say", () => {
		const { execute, offer } = new Host();
		offer(answering({ status: "executing" }));
		expect(
			command_of(execute("urn:do"))
				?.get_child("actions")
				?.tags.map(({ name }) => name),
		).toEqual(["complete"]);
	});

	it("may be an error", () => {
		const { execute, offer } = new Host();
		offer(answering({ status: "error", error: stanza_error("wait", "internal-server-error", "Later") }));
		expect(execute("urn:do")?.get_error()).toMatchObject({ type: "wait", condition: "internal-server-error", text: "Later" });
	});
});

describe("sessions", () => {
	const counting: AdhocHandler<Session> = (request, state) => {
		const count = typeof state === "number" ? state + 1 : 1;
		if (request.action === "complete") return [{ status: "completed", info: String(count) }];
		return [{ status: "executing", info: String(count) }, count];
	};

	it("keep state from step to step, until the end, and each for who began it", () => {
		const { execute, offer } = new Host();
		offer(new_command("Count", "urn:count", counting, "any"));
		const sessionid = command_of(execute("urn:count"))?.attr["sessionid"] ?? "";
		expect(sessionid).toMatch(/^[0-9a-f-]{36}$/);
		expect(notes(execute("urn:count", { sessionid }))).toEqual([["info", "2"]]);
		expect(notes(execute("urn:count", { sessionid }, undefined, "other@example.org/y"))).toEqual([["info", "1"]]);
		expect(notes(execute("urn:count", { sessionid, action: "complete" }))).toEqual([["info", "3"]]);
		expect(notes(execute("urn:count", { sessionid }))).toEqual([["info", "1"]]);
	});
});

describe("forms", () => {
	const form = new_form({ fields: [{ name: "f", type: "text-single", required: true }] });
	const submit = (value: string): Stanza => form.form({ f: value }, "submit");
	const echo = new_simple_form<Session>(form, ({ f }, errors) => [
		errors ? { status: "completed", error: { message: errors["f"] ?? "" } } : { status: "completed", info: `got ${String(f)}` },
	]);

	it("are shown, then taken", () => {
		const { execute, offer } = new Host();
		offer(new_command("Echo", "urn:echo", echo, "any"));
		const shown = command_of(execute("urn:echo"));
		expect(shown?.attr["status"]).toBe("executing");
		expect(shown?.get_child("actions")?.attr["execute"]).toBe("complete");
		expect(shown?.get_child("x", ns.data)).toBeDefined();
		const { sessionid } = shown?.attr ?? {};
		expect(notes(execute("urn:echo", { sessionid }, submit("hello")))).toEqual([["info", "got hello"]]);
		expect(notes(execute("urn:echo", {}, submit("at once")))).toEqual([["info", "got at once"]]);
		expect(notes(execute("urn:echo", {}, submit("")))).toEqual([["error", "Required value missing"]]);
	});

	it("may be given up, and take being sent without a form for missing values", () => {
		const { execute, offer } = new Host();
		offer(new_command("Echo", "urn:echo", echo, "any"));
		const begin = (): string | undefined => command_of(execute("urn:echo"))?.attr["sessionid"];
		expect(command_of(execute("urn:echo", { sessionid: begin(), action: "cancel" }))?.attr["status"]).toBe("canceled");
		expect(notes(execute("urn:echo", { sessionid: begin(), action: "next" }))).toEqual([["error", "Required value missing"]]);
	});

	it("begin with values, or fail to", () => {
		const { execute, offer } = new Host();
		const handler = (initial: Parameters<typeof new_initial_data_form<Session>>[1]) =>
			new_initial_data_form<Session>(form, initial, () => [{ status: "completed" }]);
		offer(
			new_command(
				"Good",
				"urn:good",
				handler(() => ok({ f: "before" })),
				"any",
			),
		);
		offer(
			new_command(
				"Bad",
				"urn:bad",
				handler(() => failed(stanza_error("cancel", "internal-server-error"))),
				"any",
			),
		);
		expect(command_of(execute("urn:good"))?.get_child("x", ns.data)?.find("field/value#")).toBe("before");
		expect(execute("urn:bad")?.get_error()?.condition).toBe("internal-server-error");
	});
});
