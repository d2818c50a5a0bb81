-- Puts commands into the console as modules for Prosody 0.12 do.
module:set_global();

local env = module:shared("/*/admin_shell/env");
env.stage = {};

function env.stage:shout(words)
	self.session.print(words .. ", said by a module");
	return true, words:upper();
end

function env.stage:refuse(words)
	return false, "not " .. words;
end
