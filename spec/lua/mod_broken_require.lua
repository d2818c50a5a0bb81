-- Fails while it is loaded, after it hooked something.
module:hook("half-done", function () return true; end);
local missing = require "util.no_such_library";
