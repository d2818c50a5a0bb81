-- Never comes to an end.
while true do end
