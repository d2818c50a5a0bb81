local id, uuid, random, time = require "util.id", require "util.uuid", require "util.random", require "util.time"
show(#id.tiny(), #id.short(), #id.medium(), #id.long(), #id.custom(6)(), id.tiny():match("^[%w_-]+$") ~= nil, id.short() ~= id.short())
show((uuid.generate():gsub("%x", "x")), uuid.generate():sub(15, 15), uuid.generate():sub(20, 20):match("[89ab]") ~= nil)
show(#random.bytes(0), #random.bytes(5), #random.bytes(1000), random.bytes(8) ~= random.bytes(8), problem(random.bytes, -1) ~= "no error")
show(math.type(time.now()), time.now() - os.time() < 2, time.monotonic() <= time.monotonic(), math.type(time.monotonic()))
