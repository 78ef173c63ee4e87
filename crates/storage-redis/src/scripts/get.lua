-- Returns position, head, state and body of those of the messages that exist.
local found = {}
if not last then return found end
for n = 3, #ARGV do
  local pos, head, body, _, raw = find(ARGV[n])
  if pos then
    found[#found + 1] = pos
    found[#found + 1] = head
    found[#found + 1] = raw or ''
    found[#found + 1] = body
  end
end
return found
