// Counterpart: the pure libraries of Prosody's util/ that know XMPP, and small libraries of Lua's world that modules ask for

import adhoc from "./util/adhoc.lua";
import caps from "./util/caps.lua";
import dataforms from "./util/dataforms.lua";
import pubsub from "./util/pubsub.lua";
import rsm from "./util/rsm.lua";

/** Source text of each library, by the name that modules `require` it by. They require `util.stanza` and the like themselves. */
export const protocols: { readonly [name: string]: string } = {
	"util.adhoc": adhoc,
	"util.caps": caps,
	"util.dataforms": dataforms,
	"util.pubsub": pubsub,
	"util.rsm": rsm,
};
