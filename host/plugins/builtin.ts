// No counterpart: the modules of host/plugins, for the composition root.

import type { ModuleDefinition } from "../core/types.ts";
import { definition as adhoc } from "./adhoc/mod_adhoc.ts";
import { definition as account_activity } from "./mod_account_activity.ts";
import { definition as admin_adhoc } from "./mod_admin_adhoc.ts";
import { definition as admin_shell } from "./mod_admin_shell.ts";
import { definition as admin_socket } from "./mod_admin_socket.ts";
import { definition as announce } from "./mod_announce.ts";
import { definition as auth_anonymous } from "./mod_auth_anonymous.ts";
import { definition as auth_insecure } from "./mod_auth_insecure.ts";
import { definition as auth_internal_hashed } from "./mod_auth_internal_hashed.ts";
import { definition as auth_internal_plain } from "./mod_auth_internal_plain.ts";
import { definition as authz_internal } from "./mod_authz_internal.ts";
import { definition as blocklist } from "./mod_blocklist.ts";
import { definition as bookmarks } from "./mod_bookmarks.ts";
import { definition as bosh } from "./mod_bosh.ts";
import { definition as c2s } from "./mod_c2s.ts";
import { definition as carbons } from "./mod_carbons.ts";
import { definition as cloud_notify } from "./mod_cloud_notify.ts";
import { definition as component } from "./mod_component.ts";
import { definition as component_uplink } from "./mod_component_uplink.ts";
import { definition as conversejs } from "./mod_conversejs.ts";
import { definition as cron } from "./mod_cron.ts";
import { definition as csi } from "./mod_csi.ts";
import { definition as csi_simple } from "./mod_csi_simple.ts";
import { definition as debug_reset } from "./mod_debug_reset.ts";
import { definition as dialback } from "./mod_dialback.ts";
import { definition as disco } from "./mod_disco.ts";
import { definition as external_services } from "./mod_external_services.ts";
import { definition as http } from "./mod_http.ts";
import { definition as http_altconnect } from "./mod_http_altconnect.ts";
import { definition as http_api } from "./mod_http_api.ts";
import { definition as http_errors } from "./mod_http_errors.ts";
import { definition as http_file_share } from "./mod_http_file_share.ts";
import { definition as http_files } from "./mod_http_files.ts";
import { definition as http_health } from "./mod_http_health.ts";
import { definition as http_openmetrics } from "./mod_http_openmetrics.ts";
import { definition as invites } from "./mod_invites.ts";
import { definition as invites_adhoc } from "./mod_invites_adhoc.ts";
import { definition as invites_page } from "./mod_invites_page.ts";
import { definition as invites_register } from "./mod_invites_register.ts";
import { definition as invites_register_web } from "./mod_invites_register_web.ts";
import { definition as iq } from "./mod_iq.ts";
import { definition as lastactivity } from "./mod_lastactivity.ts";
import { definition as limits } from "./mod_limits.ts";
import { definition as mam } from "./mod_mam.ts";
import { definition as message } from "./mod_message.ts";
import { definition as motd } from "./mod_motd.ts";
import { definition as net_multiplex } from "./mod_net_multiplex.ts";
import { definition as offline } from "./mod_offline.ts";
import { definition as pep } from "./mod_pep.ts";
import { definition as ping } from "./mod_ping.ts";
import { definition as posix } from "./mod_posix.ts";
import { definition as presence } from "./mod_presence.ts";
import { definition as private_data } from "./mod_private.ts";
import { definition as pubsub } from "./mod_pubsub.ts";
import { definition as register } from "./mod_register.ts";
import { definition as register_ibr } from "./mod_register_ibr.ts";
import { definition as register_limits } from "./mod_register_limits.ts";
import { definition as roster } from "./mod_roster.ts";
import { definition as s2s } from "./mod_s2s.ts";
import { definition as s2s_auth_certs } from "./mod_s2s_auth_certs.ts";
import { definition as s2s_bidi } from "./mod_s2s_bidi.ts";
import { definition as sasl_ssdp } from "./mod_sasl_ssdp.ts";
import { definition as sasl2 } from "./mod_sasl2.ts";
import { definition as sasl2_bind2 } from "./mod_sasl2_bind2.ts";
import { definition as sasl2_fast } from "./mod_sasl2_fast.ts";
import { definition as sasl2_sm } from "./mod_sasl2_sm.ts";
import { definition as saslauth } from "./mod_saslauth.ts";
import { definition as server_contact_info } from "./mod_server_contact_info.ts";
import { definition as server_info } from "./mod_server_info.ts";
import { definition as smacks } from "./mod_smacks.ts";
import { definition as storage_internal } from "./mod_storage_internal.ts";
import { definition as storage_memory } from "./mod_storage_memory.ts";
import { definition as storage_none } from "./mod_storage_none.ts";
import { definition as storage_sql } from "./mod_storage_sql.ts";
import { definition as time } from "./mod_time.ts";
import { definition as tls } from "./mod_tls.ts";
import { definition as tombstones } from "./mod_tombstones.ts";
import { definition as turn_external } from "./mod_turn_external.ts";
import { definition as uptime } from "./mod_uptime.ts";
import { definition as user_account_management } from "./mod_user_account_management.ts";
import { definition as vcard } from "./mod_vcard.ts";
import { definition as vcard_legacy } from "./mod_vcard_legacy.ts";
import { definition as vcard4 } from "./mod_vcard4.ts";
import { definition as version } from "./mod_version.ts";
import { definition as watchregistrations } from "./mod_watchregistrations.ts";
import { definition as web_console } from "./mod_web_console.ts";
import { definition as websocket } from "./mod_websocket.ts";
import { definition as welcome } from "./mod_welcome.ts";

/** Every module of host/plugins. */
export const host_modules: readonly ModuleDefinition[] = [
	adhoc,
	account_activity,
	admin_adhoc,
	admin_shell,
	admin_socket,
	announce,
	auth_anonymous,
	auth_insecure,
	auth_internal_hashed,
	auth_internal_plain,
	authz_internal,
	blocklist,
	bookmarks,
	bosh,
	c2s,
	carbons,
	cloud_notify,
	component,
	component_uplink,
	conversejs,
	cron,
	csi,
	csi_simple,
	debug_reset,
	dialback,
	s2s,
	s2s_auth_certs,
	s2s_bidi,
	disco,
	external_services,
	http,
	http_altconnect,
	http_api,
	http_errors,
	http_file_share,
	http_files,
	http_health,
	http_openmetrics,
	invites,
	invites_adhoc,
	invites_page,
	invites_register,
	invites_register_web,
	iq,
	lastactivity,
	limits,
	mam,
	message,
	motd,
	net_multiplex,
	offline,
	pep,
	ping,
	posix,
	presence,
	private_data,
	pubsub,
	register,
	register_ibr,
	register_limits,
	roster,
	saslauth,
	sasl2,
	sasl2_bind2,
	sasl2_fast,
	sasl2_sm,
	sasl_ssdp,
	smacks,
	server_contact_info,
	server_info,
	storage_internal,
	storage_memory,
	storage_none,
	storage_sql,
	time,
	tls,
	tombstones,
	turn_external,
	uptime,
	user_account_management,
	vcard,
	vcard4,
	vcard_legacy,
	version,
	watchregistrations,
	web_console,
	websocket,
	welcome,
];
