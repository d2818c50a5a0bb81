// Counterpart: util/roles.lua

import { failed, ok, type Result } from "./error.ts";
import { short as new_short_id } from "./id.ts";

/** What a role is made from. */
export interface RoleConfig {
	readonly name?: string;
	/** For people. */
	readonly description?: string;
	readonly default?: boolean;
	/** Among several roles that somebody has, the one with the highest priority counts. */
	readonly priority?: number;
	/** Parents, asked in this order where the role itself has no policy. */
	readonly inherits?: readonly Role[];
	/** Policies by permission: true allows, false denies. */
	readonly permissions?: Readonly<Record<string, boolean>> | ReadonlyMap<string, boolean>;
}

/** A set of permissions under a name, which inherits those of other roles as they are at the time of asking. */
export class Role {
	readonly id = new_short_id();
	readonly name: string;
	readonly description: string | undefined;
	readonly default: boolean | undefined;
	readonly priority: number | undefined;
	readonly inherits: readonly Role[];
	private readonly permissions: Map<string, boolean>;

	constructor(config: RoleConfig = {}) {
		this.name = config.name ?? "";
		this.description = config.description;
		this.default = config.default;
		this.priority = config.priority;
		this.inherits = config.inherits ?? [];
		const { permissions = {} } = config;
		this.permissions = new Map(permissions instanceof Map ? permissions : Object.entries(permissions));
	}

	/** What this role or the first of those it inherits from says about a permission; undefined where none does. */
	policy(permission: string): boolean | undefined {
		const own = this.permissions.get(permission);
		if (own !== undefined) return own;
		for (const parent of this.inherits) {
			const inherited = parent.policy(permission);
			if (inherited !== undefined) return inherited;
		}
		return undefined;
	}

	/** Whether a permission is granted; anything that no policy allows is denied. */
	may(permission: string): boolean {
		return this.policy(permission) === true;
	}

	/** This role's own policy, without what it inherits. */
	own_policy(permission: string): boolean | undefined {
		return this.permissions.get(permission);
	}

	/**
	 * Sets a policy; undefined removes it.
	 * An existing different policy is only replaced with `overwrite`; otherwise the error is `policy-already-exists`.
	 */
	set_permission(permission: string, policy: boolean | undefined, overwrite = false): Result<true, "policy-already-exists"> {
		const present = this.permissions.get(permission);
		if (!overwrite && present !== undefined && present !== policy) return failed("policy-already-exists");
		if (policy === undefined) this.permissions.delete(permission);
		else this.permissions.set(permission, policy);
		return ok(true);
	}

	/** All policies, the role's own first, then those of the roles it inherits from; a permission may come more than once. */
	*policies(): Generator<[permission: string, policy: boolean], void, undefined> {
		yield* this.permissions;
		for (const parent of this.inherits) yield* parent.policies();
	}

	/** A role with the same policies and parents, and its own id; later changes to one do not affect the other. */
	clone(overrides: RoleConfig = {}): Role {
		const { name, description, default: is_default, priority, inherits, permissions } = this;
		return new Role({ name, description, default: is_default, priority, inherits, permissions, ...overrides });
	}

	/** For logs. */
	[Symbol.toPrimitive](): string {
		return `role<[${this.id}] ${this.name === "" ? "[no name]" : this.name}>`;
	}
}

/** Whether something is a role. */
export function is_role(value: unknown): value is Role {
	return value instanceof Role;
}
