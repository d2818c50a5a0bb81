local units = require "util.human.units"

for _, number in ipairs { 0, 1, 5, 999, 1000, 1024, 1536, 12345, 1e6, 123456789, 1e9, 1e12, 1e15, 1e18, 1e21, 1e24, 1e27, 0.5, 0.1, 0.001, 0.00025, 1e-6, 1e-9, 1e-12, 1e-20, 1e-24, -5, -5000 } do
	compare("format", nil, units.format(number, "B"), units.format(number, "B", "b"))
	if number ~= 0 then
		compare("adjust", nil, units.adjust(number))
		compare("adjust in binary", nil, units.adjust(number, "b"))
	end
end
compare("known", '"1.5 KiB" "12.3 km" "5 ms"', units.format(1536, "B", "b"), units.format(12345, "m"), units.format(0.005, "s"))
