-- Counterpart: util/mathcompat.lua
-- Defines math.type where it is missing, which is nowhere here.

return true
