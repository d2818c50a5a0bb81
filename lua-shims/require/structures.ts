// No counterpart: the libraries of Prosody that are plain Lua, in Lua of our own, by the names they are required with.

import array from "./util/array.lua";
import async from "./util/async.lua";
import cache from "./util/cache.lua";
import datetime from "./util/datetime.lua";
import debug from "./util/debug.lua";
import envload from "./util/envload.lua";
import error from "./util/error.lua";
import events from "./util/events.lua";
import format from "./util/format.lua";
import helpers from "./util/helpers.lua";
import hex from "./util/hex.lua";
import human_io from "./util/human/io.lua";
import human_units from "./util/human/units.lua";
import import_ from "./util/import.lua";
import interpolation from "./util/interpolation.lua";
import iterators from "./util/iterators.lua";
import json from "./util/json.lua";
import multitable from "./util/multitable.lua";
import promise from "./util/promise.lua";
import queue from "./util/queue.lua";
import serialization from "./util/serialization.lua";
import set from "./util/set.lua";
import table from "./util/table.lua";
import termcolours from "./util/termcolours.lua";
import throttle from "./util/throttle.lua";
import xpcall from "./util/xpcall.lua";

/**
 * Their code by name. Besides one another they require `util.encodings` (utf8.valid), `util.id` (short), `util.logger` (init) and
 * `util.time` (now), which the host gives, and of Lua's own libraries `string.format` as {@link create_string_format} makes it.
 */
export const structures: { readonly [name: string]: string } = {
	"util.array": array,
	"util.async": async,
	"util.cache": cache,
	"util.datetime": datetime,
	"util.debug": debug,
	"util.envload": envload,
	"util.error": error,
	"util.events": events,
	"util.format": format,
	"util.helpers": helpers,
	"util.hex": hex,
	"util.human.io": human_io,
	"util.human.units": human_units,
	"util.import": import_,
	"util.interpolation": interpolation,
	"util.iterators": iterators,
	"util.json": json,
	"util.multitable": multitable,
	"util.promise": promise,
	"util.queue": queue,
	"util.serialization": serialization,
	"util.set": set,
	"util.table": table,
	"util.termcolours": termcolours,
	"util.throttle": throttle,
	"util.xpcall": xpcall,
};
