-- Replaces what all modules share.
module:hook("vandal-own", function () return 1; end);
string.rep = function () return "gone"; end
