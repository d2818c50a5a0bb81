// No counterpart: the libraries of Prosody that are plain Lua, in Lua of our own, by the names they are required with.

import argparse from "./util/argparse.lua";
import array from "./util/array.lua";
import async from "./util/async.lua";
import bit53 from "./util/bit53.lua";
import bitcompat from "./util/bitcompat.lua";
import cache from "./util/cache.lua";
import dbuffer from "./util/dbuffer.lua";
import debug from "./util/debug.lua";
import envload from "./util/envload.lua";
import error from "./util/error.lua";
import events from "./util/events.lua";
import format from "./util/format.lua";
import fsm from "./util/fsm.lua";
import gc from "./util/gc.lua";
import hashring from "./util/hashring.lua";
import helpers from "./util/helpers.lua";
import hex from "./util/hex.lua";
import human_io from "./util/human/io.lua";
import human_units from "./util/human/units.lua";
import import_library from "./util/import.lua";
import indexedbheap from "./util/indexedbheap.lua";
import interpolation from "./util/interpolation.lua";
import ip from "./util/ip.lua";
import iterators from "./util/iterators.lua";
import json from "./util/json.lua";
import jsonschema from "./util/jsonschema.lua";
import mathcompat from "./util/mathcompat.lua";
import multitable from "./util/multitable.lua";
import net from "./util/net.lua";
import openmetrics from "./util/openmetrics.lua";
import paths from "./util/paths.lua";
import promise from "./util/promise.lua";
import queue from "./util/queue.lua";
import ringbuffer from "./util/ringbuffer.lua";
import serialization from "./util/serialization.lua";
import set from "./util/set.lua";
import smqueue from "./util/smqueue.lua";
import sslconfig from "./util/sslconfig.lua";
import statistics from "./util/statistics.lua";
import strbitop from "./util/strbitop.lua";
import struct from "./util/struct.lua";
import table from "./util/table.lua";
import template from "./util/template.lua";
import termcolours from "./util/termcolours.lua";
import throttle from "./util/throttle.lua";
import watchdog from "./util/watchdog.lua";
import xpcall from "./util/xpcall.lua";
import xtemplate from "./util/xtemplate.lua";

/**
 * Their code by name. Besides one another they require `util.encodings` (utf8.valid), `util.id` (short), `util.logger` (init),
 * `util.stanza`, `util.time` (now), `util.timer` (add_task…) and `util.xml`, which the host gives, and `util.jsonpointer`; and of Lua's own
 * libraries `string.format` as {@link create_string_format} makes it.
 */
export const structures: { readonly [name: string]: string } = {
	"util.argparse": argparse,
	"util.array": array,
	"util.async": async,
	"util.bit53": bit53,
	"util.bitcompat": bitcompat,
	"util.cache": cache,
	"util.dbuffer": dbuffer,
	"util.debug": debug,
	"util.envload": envload,
	"util.error": error,
	"util.events": events,
	"util.format": format,
	"util.fsm": fsm,
	"util.gc": gc,
	"util.hashring": hashring,
	"util.helpers": helpers,
	"util.hex": hex,
	"util.human.io": human_io,
	"util.human.units": human_units,
	"util.import": import_library,
	"util.indexedbheap": indexedbheap,
	"util.interpolation": interpolation,
	"util.ip": ip,
	"util.iterators": iterators,
	"util.json": json,
	"util.jsonschema": jsonschema,
	"util.mathcompat": mathcompat,
	"util.multitable": multitable,
	"util.net": net,
	"util.openmetrics": openmetrics,
	"util.paths": paths,
	"util.promise": promise,
	"util.queue": queue,
	"util.ringbuffer": ringbuffer,
	"util.serialization": serialization,
	"util.set": set,
	"util.smqueue": smqueue,
	"util.sslconfig": sslconfig,
	"util.statistics": statistics,
	"util.strbitop": strbitop,
	"util.struct": struct,
	"util.table": table,
	"util.template": template,
	"util.termcolours": termcolours,
	"util.throttle": throttle,
	"util.watchdog": watchdog,
	"util.xpcall": xpcall,
	"util.xtemplate": xtemplate,
};
