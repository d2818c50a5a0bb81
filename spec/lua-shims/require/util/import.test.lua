package.loaded["thing"] = { a = 1, b = 2 }
require "util.import"

compare("fields", "1 2", import("thing", "a", "b"))
compare("module", '{["a"]=1,["b"]=2}', import("thing"))
