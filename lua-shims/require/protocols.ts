// Counterpart: the pure libraries of Prosody's util/ that know XMPP, and small libraries of Lua's world that modules ask for

import lom from "./lxp/lom.lua";
import url from "./socket/url.lua";
import adhoc from "./util/adhoc.lua";
import caps from "./util/caps.lua";
import dataforms from "./util/dataforms.lua";
import datamapper from "./util/datamapper.lua";
import dependencies from "./util/dependencies.lua";
import filters from "./util/filters.lua";
import jsonpointer from "./util/jsonpointer.lua";
import jwt from "./util/jwt.lua";
import presence from "./util/presence.lua";
import pubsub from "./util/pubsub.lua";
import roles from "./util/roles.lua";
import rsm from "./util/rsm.lua";
import session from "./util/session.lua";
import vcard from "./util/vcard.lua";

/** Source text of each library, by the name that modules `require` it by. They require `util.stanza` and the like themselves. */
export const protocols: { readonly [name: string]: string } = {
	"lxp.lom": lom,
	"socket.url": url,
	"util.adhoc": adhoc,
	"util.caps": caps,
	"util.dataforms": dataforms,
	"util.datamapper": datamapper,
	"util.dependencies": dependencies,
	"util.filters": filters,
	"util.jsonpointer": jsonpointer,
	"util.jwt": jwt,
	"util.presence": presence,
	"util.pubsub": pubsub,
	"util.roles": roles,
	"util.rsm": rsm,
	"util.session": session,
	"util.vcard": vcard,
};
