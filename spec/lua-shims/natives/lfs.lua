local lfs = require "lfs"
local base = os.tmpname()
os.remove(base)
show(lfs.mkdir(base), lfs.mkdir(base))
show(lfs.mkdir(base .. "/a/b"))
local file = io.open(base .. "/file", "w")
file:write("12345")
file:close()
show(lfs.attributes(base, "mode"), lfs.attributes(base .. "/file", "mode"), lfs.attributes(base .. "/file", "size"))
local found = lfs.attributes(base .. "/file")
local names = {}
for name in pairs(found) do names[#names + 1] = name .. ":" .. type(found[name]) end
table.sort(names)
show(table.concat(names, " "))
show(math.type(found.size), math.type(found.modification), math.abs(found.modification - os.time()) < 5, found.permissions:match("^rw%-") ~= nil)
local given = { kept = true }
show(lfs.attributes(base, given) == given, given.mode, given.kept)
show((select(2, lfs.attributes(base .. "/none")):gsub("lua_%w+", "NAME")), select(3, lfs.attributes(base .. "/none")), (lfs.attributes(base .. "/none", "mode")))
show(problem(lfs.attributes, base, "nonsense") ~= "no error", problem(lfs.attributes))
show(lfs.touch(base .. "/file", 1000, 2000), lfs.attributes(base .. "/file", "access"), lfs.attributes(base .. "/file", "modification"))
show(lfs.touch(base .. "/none"))
show(lfs.link("file", base .. "/soft", true), lfs.symlinkattributes(base .. "/soft", "mode"), lfs.symlinkattributes(base .. "/soft", "target"))
show(lfs.attributes(base .. "/soft", "mode"), lfs.symlinkattributes(base .. "/soft").target, lfs.link(base .. "/file", base .. "/hard"), lfs.attributes(base .. "/file", "nlink"))
names = {}
for name in lfs.dir(base) do names[#names + 1] = name end
table.sort(names)
show(table.concat(names, " "))
local next_name, folder = lfs.dir(base)
show(type(next_name), next_name(folder) ~= nil, folder:next() ~= nil, folder:close())
show(problem(lfs.dir, base .. "/none") ~= "no error", type(lfs.currentdir()))
show(lfs.rmdir(base))
show(os.remove(base .. "/soft"), os.remove(base .. "/hard"), os.remove(base .. "/file"), lfs.rmdir(base), lfs.rmdir(base))
