import { describe, expect, it } from "vitest";
import type { Affiliation, Role } from "../../../muc/types.ts";
import { open_room, type Rig } from "../rig.ts";

const affiliations: Affiliation[] = ["none", "member", "admin", "owner"];
const ranks: Affiliation[] = ["outcast", ...affiliations];
const roles: Role[] = ["none", "visitor", "participant", "moderator"];
const actor = "actor@example.org/x";
const target = "target@example.org/x";
const refused = { ok: false, error: { type: "cancel", condition: "not-allowed" } };

interface Case {
	actor_affiliation: Affiliation;
	actor_role: Role;
	target_affiliation: Affiliation;
	target_role: Role;
	role: Role;
}

/** XEP-0045 §5.1.2, §8 and §9, in words of our own: see the three conditions. */
function is_allowed(one: Case): boolean {
	const is_above_or_equal = ranks.indexOf(one.actor_affiliation) >= ranks.indexOf(one.target_affiliation);
	const concerns_moderator = one.target_role === "moderator" || one.role === "moderator";
	const is_admin = one.actor_affiliation === "admin" || one.actor_affiliation === "owner";
	return one.actor_role === "moderator" && is_above_or_equal && (!concerns_moderator || is_admin);
}

function* all_cases(): IterableIterator<Case> {
	for (const actor_affiliation of affiliations) {
		for (const actor_role of roles) {
			for (const target_affiliation of affiliations) {
				for (const target_role of roles) {
					if (target_role === "none") continue;
					for (const role of roles) yield { actor_affiliation, actor_role, target_affiliation, target_role, role };
				}
			}
		}
	}
}

function in_room(one: Case): Rig {
	const test = open_room();
	const { room } = test;
	room.set_affiliation(true, "actor@example.org", one.actor_affiliation);
	room.set_affiliation(true, "target@example.org", one.target_affiliation);
	room.set_affiliation(true, "first@example.org", "owner");
	test.fill(["first@example.org/x", "first"], [actor, "actor"], [target, "target"]);
	room.set_role(true, `${room.jid}/actor`, one.actor_role);
	room.set_role(true, `${room.jid}/target`, one.target_role);
	test.forget();
	return test;
}

describe("may_set_role", () => {
	it("follows its truth table", () => {
		let count = 0;
		for (const one of all_cases()) {
			count++;
			const { room } = in_room(one);
			const occupant = room.get_occupant_by_nick(`${room.jid}/target`);
			if (!occupant) throw new Error("the target is not in the room");
			const verdict = room.may_set_role(actor, occupant, one.role === "none" ? undefined : one.role);
			expect(verdict.ok, JSON.stringify(one)).toBe(is_allowed(one));
			if (!verdict.ok) expect(verdict).toEqual(refused);
		}
		expect(count).toBe(4 * 4 * 4 * 3 * 4);
	});

	it("leaves the decision to handlers that take it", () => {
		const { room, module } = in_room({
			actor_affiliation: "none",
			actor_role: "visitor",
			target_affiliation: "owner",
			target_role: "moderator",
			role: "none",
		});
		module.hook("muc-pre-set-role", (event) => {
			event.allowed = event.role === undefined;
			if (event.role === "visitor") Object.assign(event, { error: "auth", condition: "forbidden" });
		});
		const nick = `${room.jid}/target`;
		expect(room.set_role(actor, nick, "participant")).toEqual(refused);
		expect(room.set_role(actor, nick, "visitor")).toMatchObject({ error: { type: "auth", condition: "forbidden" } });
		expect(room.set_role(actor, nick, "none").ok).toBe(true);
	});
});

describe("set_role", () => {
	const as_admin: Case = {
		actor_affiliation: "admin",
		actor_role: "moderator",
		target_affiliation: "none",
		target_role: "participant",
		role: "visitor",
	};

	it("shows the new role, and by whom", () => {
		const test = in_room(as_admin);
		test.room.set_role(actor, `${test.room.jid}/target`, "visitor", "calm down");
		expect(test.got(actor)).toEqual([
			"presence /target none,visitor,target@example.org/x by=actor(actor@example.org/x) because=calm down",
		]);
		expect(test.got(target)).toEqual(["presence /target none,visitor,target@example.org/x by=actor because=calm down 110"]);
	});

	it("kicks", () => {
		const test = in_room(as_admin);
		const left: string[] = [];
		test.module.hook("muc-occupant-left", ({ nick }) => void left.push(nick));
		expect(test.room.set_role(actor, `${test.room.jid}/target`, "none").ok).toBe(true);
		expect(test.got(target)).toEqual(["presence unavailable /target none,none,target@example.org/x by=actor 307+110"]);
		expect(left).toEqual([`${test.room.jid}/target`]);
		expect(test.room.get_occupant_jid(target)).toBe(undefined);
	});

	it("refuses invalid roles, occupants and actors", () => {
		const { room } = in_room(as_admin);
		const nick = `${room.jid}/target`;
		expect(room.set_role(true, nick, "king")).toEqual({ ok: false, error: { type: "modify", condition: "not-acceptable" } });
		expect(room.set_role(undefined, nick, "visitor")).toEqual({
			ok: false,
			error: { type: "modify", condition: "not-acceptable" },
		});
		expect(room.set_role(true, `${room.jid}/nobody`, "visitor")).toEqual({
			ok: false,
			error: { type: "modify", condition: "item-not-found" },
		});
	});
});
