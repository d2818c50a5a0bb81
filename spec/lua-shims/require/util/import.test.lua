require "util.import"

compare("fields", '"6162" "ab"', import("util.hex", "encode")("ab"), select(2, import("util.hex", "encode", "decode"))("6162"))
compare("module", "true", import("util.hex") == require "util.hex")
