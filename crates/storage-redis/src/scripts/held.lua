-- Returns position, head, state and body of what a live claim holds.
local found = {}
if not last then return found end
local places, states = held(KEYS[22], ARGV[3])
for at, pos in ipairs(places) do
  local head, body = read(pos)
  found[#found + 1] = pos
  found[#found + 1] = head
  found[#found + 1] = packed(states[at])
  found[#found + 1] = body
end
return found
