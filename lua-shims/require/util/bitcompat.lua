-- Counterpart: util/bitcompat.lua

return require "util.bit53"
