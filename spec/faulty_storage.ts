// A storage driver whose calls can be made to fail, one after the other.

import type { ModuleDefinition, StorageDriver, StoreTypes } from "../host/core/types.ts";
import { failed, ok } from "../host/util/error.ts";

/** What fails in a storage, and what was called. */
export class Faults {
	/** Calls so far, as `STORE.METHOD`, since the last `arm`. */
	readonly calls: string[] = [];
	private nth: number | undefined;
	private concerns: (call: string) => boolean = () => true;

	/** Has one of the calls to come fail, counted from 0 among those that the condition holds for; none where there is no number. */
	arm(nth: number | undefined, concerns: (call: string) => boolean = () => true): void {
		this.calls.length = 0;
		this.nth = nth;
		this.concerns = concerns;
	}

	/** What happens in place of the failure: the call works, and something else goes wrong later. */
	instead: (() => void) | undefined;

	/** Notes a call; says whether it fails. */
	fails(call: string): boolean {
		if (!this.concerns(call)) return false;
		this.calls.push(call);
		if (this.calls.length - 1 !== this.nth) return false;
		this.instead?.();
		return this.instead === undefined;
	}
}

function wrap<Store extends object>(store: Store, name: string, faults: Faults): Store {
	return new Proxy(store, {
		get(target, key) {
			const value: unknown = Reflect.get(target, key);
			if (typeof value !== "function") return value;
			return (...given: unknown[]): unknown => {
				if (!faults.fails(`${name}.${String(key)}`)) return Reflect.apply(value, target, given);
				const answer = failed({ text: "the disk does not answer" });
				return key === "find_later" ? Promise.resolve(answer) : answer;
			};
		},
	});
}

/** The driver `faulty`, in front of another one. */
export function faulty_storage(inner: string, faults: Faults): ModuleDefinition {
	return {
		name: "storage_faulty",
		load(module) {
			const { modulemanager } = module.server;
			const loaded = modulemanager.load(module.host, `storage_${inner}`);
			if (!loaded.ok) throw new Error(loaded.error);
			const driver = modulemanager.get_items(module.host, "storage-provider").find(({ name }) => name === inner);
			if (driver === undefined) throw new Error(`no driver ${inner}`);
			const faulty: StorageDriver = {
				...driver,
				name: "faulty",
				open<Kind extends keyof StoreTypes>(store: string, kind: Kind) {
					const opened = driver.open(store, kind);
					return opened.ok ? ok(wrap(opened.value, store, faults)) : opened;
				},
				purge: (user) => driver.purge(user),
				close: () => driver.close?.(),
			};
			module.provides("storage", faulty);
		},
	};
}
