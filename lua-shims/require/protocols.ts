// Counterpart: the pure libraries of Prosody's util/ that know XMPP, and small libraries of Lua's world that modules ask for

import basexx from "./basexx.lua";
import bit from "./bit.lua";
import bit32 from "./bit32.lua";
import cjson_safe from "./cjson/safe.lua";
import cjson from "./cjson.lua";
import ltn12 from "./ltn12.lua";
import lom from "./lxp/lom.lua";
import mime from "./mime.lua";
import codes from "./net/http/codes.lua";
import frames from "./net/websocket/frames.lua";
import url from "./socket/url.lua";
import socket from "./socket.lua";
import stringy from "./stringy.lua";
import adhoc from "./util/adhoc.lua";
import caps from "./util/caps.lua";
import dataforms from "./util/dataforms.lua";
import datamapper from "./util/datamapper.lua";
import dependencies from "./util/dependencies.lua";
import filters from "./util/filters.lua";
import http from "./util/http.lua";
import jsonpointer from "./util/jsonpointer.lua";
import jwt from "./util/jwt.lua";
import presence from "./util/presence.lua";
import pubsub from "./util/pubsub.lua";
import roles from "./util/roles.lua";
import anonymous from "./util/sasl/anonymous.lua";
import external from "./util/sasl/external.lua";
import oauthbearer from "./util/sasl/oauthbearer.lua";
import plain from "./util/sasl/plain.lua";
import scram from "./util/sasl/scram.lua";
import sasl from "./util/sasl.lua";
import session from "./util/session.lua";
import vcard from "./util/vcard.lua";

/** Source text of each library, by the name that modules `require` it by. They require `util.stanza` and the like themselves. */
export const protocols: { readonly [name: string]: string } = {
	basexx,
	bit,
	bit32,
	cjson,
	"cjson.safe": cjson_safe,
	ltn12,
	"lxp.lom": lom,
	mime,
	"net.http.codes": codes,
	"net.websocket.frames": frames,
	socket,
	"socket.url": url,
	stringy,
	"util.adhoc": adhoc,
	"util.caps": caps,
	"util.dataforms": dataforms,
	"util.datamapper": datamapper,
	"util.dependencies": dependencies,
	"util.filters": filters,
	"util.http": http,
	"util.jsonpointer": jsonpointer,
	"util.jwt": jwt,
	"util.presence": presence,
	"util.pubsub": pubsub,
	"util.roles": roles,
	"util.sasl": sasl,
	"util.sasl.anonymous": anonymous,
	"util.sasl.external": external,
	"util.sasl.oauthbearer": oauthbearer,
	"util.sasl.plain": plain,
	"util.sasl.scram": scram,
	"util.session": session,
	"util.vcard": vcard,
};
