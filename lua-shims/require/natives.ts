// No counterpart: the libraries that are the host's own functions, by the names they are required with.

import type { LuaContext } from "../context.ts";
import type { TValue } from "../vm/fengari.ts";
import { crypto_library } from "./crypto.ts";
import { datamanager_library } from "./datamanager.ts";
import { datetime_library } from "./datetime.ts";
import { dbi_library } from "./dbi.ts";
import { dns_library } from "./dns.ts";
import { encodings_library } from "./encodings.ts";
import { hashes_library, hmac_library } from "./hashes.ts";
import { jid_library } from "./jid.ts";
import { ldap_library } from "./ldap.ts";
import { lfs_library } from "./lfs.ts";
import { logger_library } from "./logger.ts";
import { lxp_library } from "./lxp.ts";
import { id_library, random_library, uuid_library } from "./random.ts";
import { rsm_library } from "./rsm.ts";
import { server_library } from "./server.ts";
import { ssl_library, x509_certificates_library } from "./ssl.ts";
import { pposix_library, signal_library } from "./system.ts";
import { time_library, timer_library } from "./time.ts";
import { udp_library } from "./udp.ts";
import { xml_library } from "./xml.ts";
import { xmppstream_library } from "./xmppstream.ts";

/** Makers of libraries, each called when its library is first required. */
export const natives: { readonly [name: string]: (host: LuaContext) => TValue } = {
	DBI: dbi_library,
	"host.dns": dns_library,
	"host.ldap": ldap_library,
	"host.udp": udp_library,
	lfs: lfs_library,
	lxp: lxp_library,
	"net.server": server_library,
	ssl: ssl_library,
	"ssl.x509": x509_certificates_library,
	"util.crand": random_library,
	"util.crypto": crypto_library,
	"util.datamanager": datamanager_library,
	"util.datetime": datetime_library,
	"util.encodings": encodings_library,
	"util.hashes": hashes_library,
	"util.hmac": hmac_library,
	"util.id": id_library,
	"util.jid": jid_library,
	"util.logger": logger_library,
	"util.pposix": pposix_library,
	"util.random": random_library,
	"util.rsm": rsm_library,
	"util.signal": signal_library,
	"util.time": time_library,
	"util.timer": timer_library,
	"util.uuid": uuid_library,
	"util.xmppstream": xmppstream_library,
	"util.xml": xml_library,
};
