-- What a module in Lua sees of invitations.
local invites = module:depends("invites");

module:hook("invite-created", function (invite)
	if invite.additional_data and invite.additional_data.page then
		invite.landing_page = invite.additional_data.page;
	end
end, -10);

local file = assert(io.open(prosody.paths.data.."/seen.txt", "w"));
local function note(...)
	local parts = {};
	for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))); end
	file:write(table.concat(parts, " "), "\n");
end

local made = assert(invites.create_account(nil, { source = "lua" }));
note(made.type, made.jid, made.allow_registration);
local valid = assert(invites.get(made.token));
note(valid.type, valid.username);
note(valid:use());
note(invites.get(made.token));
local kept = assert(invites.create_account("x", { page = "page of Lua" }));
local count = 0;
for token, invite in invites.pending_account_invites() do
	if token == invite.token then count = count + 1; end
end
note(count);
note(kept.landing_page);
invites.delete_account_invite(kept.token);
file:close();
