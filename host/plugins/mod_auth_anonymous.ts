// Counterpart: plugins/mod_auth_anonymous.lua

import type { StoreOpenedEvent } from "../core/storagemanager.ts";
import type { ArchiveStore, AuthProvider, KeyvalStore, MapStore, ModuleDefinition, StoreTypes } from "../core/types.ts";
import { failed, ok } from "../util/error.ts";
import { short as generate_id } from "../util/id.ts";
import { new_sasl } from "../util/sasl.ts";

const no_passwords = failed("Password based auth not supported.");
const no_changes = failed("Account creation/modification not supported.");

const done = ok(undefined);

/** The same store, but nothing that is written to it is kept. */
function forgetful(store: StoreTypes[keyof StoreTypes]): StoreTypes[keyof StoreTypes] {
	if ("append" in store) return forgetful_archive(store);
	if ("get_all" in store) {
		const map: MapStore = {
			get: (user, key) => store.get(user, key),
			get_all: (key) => store.get_all(key),
			set: () => done,
			set_keys: () => done,
			delete_all: () => done,
		};
		return map;
	}
	const keyval: KeyvalStore = {
		get: (user) => store.get(user),
		get_table: (user) => store.get_table(user),
		users: () => store.users(),
		set: () => done,
		set_table: () => done,
	};
	return keyval;
}

function forgetful_archive(store: ArchiveStore): ArchiveStore {
	return {
		caps: store.caps,
		find: (user, query) => store.find(user, query),
		find_later: (user, query) => store.find_later(user, query),
		get: (user, id) => store.get(user, id),
		summary: (user, query) => store.summary(user, query),
		users: () => store.users(),
		append: (_user, id) => ok(id ?? generate_id()),
		set: () => done,
		delete: () => ok(0),
	};
}

/** Guests under random names, who exist for as long as they are online. */
export const definition: ModuleDefinition = {
	name: "auth_anonymous",
	load(module) {
		if (!module.get_option_boolean("allow_anonymous_s2s", false)) {
			// Where no handler takes it, the router answers the guest.
			module.hook("route/remote", () => false, 300);
		}

		if (!module.get_option_boolean("allow_anonymous_storage", false)) {
			module.hook("store-opened", (event: StoreOpenedEvent) => {
				event.store = forgetful(event.store);
			});
		}

		const provider: AuthProvider = {
			name: "anonymous",
			test_password: () => no_passwords,
			set_password: () => no_passwords,
			user_exists: () => false,
			users: () => [...module.host_session().sessions.keys()],
			create_user: () => no_changes,
			delete_user: () => no_changes,
			get_sasl_handler: () => new_sasl(module.host, { anonymous: () => true }),
		};
		module.provides("auth", provider);
	},
};
