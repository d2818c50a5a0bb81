import { describe, expect, it } from "vitest";
import { check_options } from "../../../../host/core/config/check_options.ts";
import { Config, type ConfigValue } from "../../../../host/core/config/config.ts";
import { default_config } from "../../../../host/core/config/default_config.ts";
import { known_option, known_option_names, known_options, outdated_option } from "../../../../host/core/config/known_options.ts";
import { config_folders } from "./config_folder.ts";

type Sections = Readonly<Record<string, Readonly<Record<string, ConfigValue>>>>;

/** The warnings for sections, beside those a sound configuration has none of. */
function warnings_for(sections: Sections) {
	return check_options(Config.from({ localhost: {}, ...sections, "*": { admins: [], ...sections["*"] } }));
}

describe("known options", () => {
	it("have types and readers, and name those given up apart", () => {
		expect(Object.keys(known_options).length).toBeGreaterThan(400);
		for (const [name, option] of Object.entries(known_options)) {
			expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
			expect(option.readers).not.toBe("");
		}
		expect(known_option("muc_room_cache_size")).toEqual({ type: "integer", default: 100, readers: "mod_muc" });
		expect(known_option("muc_log_expires_after")).toMatchObject({ type: "period", default: "1w" });
		expect(known_option("c2s_ports")).toMatchObject({ type: "list", global: true });
		expect(known_option("prefer_lua_modules")).toBeDefined();
		expect(known_option("toString")).toBeUndefined();
		expect(outdated_option("bosh_port")).toBe("use http_ports");
		expect(outdated_option("legacy_ssl_ssl")).toBe("use c2s_direct_tls_ssl");
		expect(outdated_option("http_ports")).toBeUndefined();
	});

	it("hold what the room service, its archive and the stores read", () => {
		const read = `muc_vcard component_admins_as_room_owners muc_max_rooms muc_room_default_public muc_room_default_persistent
			muc_room_default_members_only muc_room_default_allow_member_invites muc_room_default_moderated muc_room_default_public_jids
			muc_room_default_change_subject muc_room_default_history_length muc_room_default_language
			muc_room_default_presence_broadcast muc_room_default_allow_pm muc_room_default_always_allow_moderator_pms muc_tombstones
			muc_tombstone_expiry restrict_room_creation muc_room_allow_public muc_room_allow_persistent muc_room_locking
			muc_room_lock_timeout max_history_messages muc_occupant_id muc_hats_compat allow_unaffiliated_register
			enforce_registered_nickname muc_registration_include_form muc_avatar_advertise_hashes new_muc_storage_format
			vcard_store_name max_archive_query_results muc_log_all_rooms muc_log_by_default muc_log_include_total mam_include_total
			muc_log_presences muc_log_cleanup_date_cache_size storage_archive_item_limit muc_mam_remove_expired_messages_period
			muc_log_cleanup_interval storage default_storage data_path storage_archive_item_limit_cache_size
			storage_archive_experimental_fast_delete sql sql_manage_tables sqlite_tune cron_initial_delay cron_check_delay
			cron_spread_factor admins authorization name`.split(/\s+/);
		expect(read.filter((name) => known_option(name) === undefined)).toEqual([]);
	});

	it("are suggested only while they are of use", () => {
		const names = known_option_names();
		expect(new Set(names).size).toBe(names.length);
		expect(names).toContain("https_ports");
		expect(names).not.toContain("setuid");
	});
});

describe("check_options", () => {
	it("is content with the default configuration", () => {
		expect(check_options(default_config("/data"))).toEqual([]);
	});

	it.each([
		["modules_enbled", "modules_enabled"],
		["muc_room_defualt_public", "muc_room_default_public"],
		["c2s_prots", "c2s_ports"],
		["authentification", "authentication"],
		["c2s_require_encyption", "c2s_require_encryption"],
	])("suggests the nearest known name for %s", (option, suggestion) => {
		expect(warnings_for({ localhost: { [option]: true } })).toEqual([
			expect.objectContaining({ host: "localhost", option, suggestion, message: expect.stringContaining(suggestion) }),
		]);
	});

	it("leaves options of other modules alone when they bear the module's name", () => {
		const sections = { "*": { modules_enabled: ["greeter", "http_api"], greeter_text: "Hi", http_api_keys: [], greeter: true } };
		expect(warnings_for(sections)).toEqual([]);
		expect(warnings_for({ "bot.example": { component_module: "oracle", oracle_depth: 3 } })).toEqual([]);
	});

	it("says of other unknown options that a module may read them", () => {
		expect(warnings_for({ "*": { greeting_words: "Hi" } })).toEqual([
			expect.objectContaining({ option: "greeting_words", message: expect.stringContaining("module of yours") }),
		]);
	});

	it("takes the names that the caller knows", () => {
		const config = Config.from({ "*": { greeting_words: "Hi", greeting_wrods: "Hi" }, localhost: {} });
		expect(check_options(config, { known: ["greeting_words"] })).toEqual([
			expect.objectContaining({ option: "greeting_wrods", suggestion: "greeting_words" }),
		]);
	});

	it("finds options of the global section under hosts", () => {
		const misplaced = warnings_for({
			localhost: { log: "x.log", c2s_ports: [5222], limits: {}, storage: "memory", c2s_ssl: {} },
		});
		expect(misplaced.map((warning) => warning.option)).toEqual(["log", "c2s_ports", "limits"]);
		expect(misplaced[0]?.message).toContain("global section");
	});

	it("tells what came in place of outdated options", () => {
		const outdated = warnings_for({ "*": { require_encryption: true, daemonize: true, bosh_ports: [5280] } });
		expect(outdated.map((warning) => warning.message)).toEqual([
			expect.stringContaining("c2s_require_encryption"),
			expect.stringContaining("command line"),
			expect.stringContaining("http_ports"),
		]);
	});

	it("looks at the type of values", () => {
		const wrong = warnings_for({
			"*": { allow_registration: "yes", c2s_timeout: "soon", muc_room_cache_size: "many", cron_check_delay: "x" },
		});
		expect(wrong.map((warning) => warning.option)).toEqual([
			"allow_registration",
			"c2s_timeout",
			"muc_room_cache_size",
			"cron_check_delay",
		]);
		const right = {
			allow_registration: "true",
			c2s_timeout: "5 minutes",
			muc_room_cache_size: "5",
			max_history_messages: Infinity,
		};
		expect(warnings_for({ "*": right })).toEqual([]);
	});

	it("looks at lists of modules", () => {
		expect(warnings_for({ "*": { modules_enabled: ["mod_ping", "auth_insecure", "storage_sql"] } })).toEqual([
			expect.objectContaining({ suggestion: "ping" }),
			expect.objectContaining({ message: expect.stringContaining('authentication = "insecure"') }),
			expect.objectContaining({ message: expect.stringContaining('storage = "sql"') }),
		]);
		expect(warnings_for({ "*": { modules_enabled: "ping" } })).toEqual([
			expect.objectContaining({ option: "modules_enabled", message: expect.stringContaining("list") }),
		]);
		expect(warnings_for({ localhost: { modules_disabled: [5] } })).toEqual([
			expect.objectContaining({ option: "modules_disabled" }),
		]);
	});

	it("looks at components", () => {
		expect(warnings_for({ "gateway.localhost": { component_module: "component" } })).toEqual([
			expect.objectContaining({ host: "gateway.localhost", message: expect.stringContaining("component_secret") }),
		]);
		const secret = { "*": { component_secret: "s" }, "gateway.localhost": { component_module: "component" } };
		expect(warnings_for(secret)).toEqual([]);
		expect(warnings_for({ "*": { modules_enabled: ["muc"] }, "rooms.localhost": { component_module: "muc" } })).toEqual([
			expect.objectContaining({ host: "*", option: "modules_enabled", message: expect.stringContaining("rooms.localhost") }),
		]);
	});

	it("looks at the sections as a whole", () => {
		const messages = (sections: Sections) => check_options(Config.from(sections)).map((warning) => warning.message);
		expect(messages({ "*": { admins: [] } })).toEqual([]);
		expect(messages({ localhost: { storage: "memory" } })).toEqual([expect.stringContaining("global section is empty")]);
		expect(messages({ "*": { enabled: false }, localhost: { enabled: true } })).toEqual([]);
	});
});

describe("check_options after reading a file", () => {
	const folder = config_folders();

	it("says where the option was written", async () => {
		const place = folder({
			"prosody.cfg.lua": `admins = {}\nInclude "part.cfg.lua"`,
			"part.cfg.lua": `VirtualHost "localhost"\n\nstorag = "sql"\nComponent "gateway.localhost"`,
		});
		const { config } = await place.load();
		expect(check_options(config)).toEqual([
			expect.objectContaining({ file: place.file("part.cfg.lua"), line: 3, host: "localhost", suggestion: "storage" }),
			expect.objectContaining({ file: place.file("part.cfg.lua"), line: 4, host: "gateway.localhost" }),
		]);
	});
});
