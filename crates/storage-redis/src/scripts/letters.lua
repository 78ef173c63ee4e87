-- Returns position, head, state and body of the first dead letters.
local limit, found, behind = tonumber(ARGV[3]), {}, 0
if not last then return found end
while limit > 0 do
  local places = call('ZRANGEBYSCORE', D, '(' .. behind, '+inf', 'LIMIT', 0, math.min(limit, 100))
  if #places == 0 then break end
  for _, pos in ipairs(places) do
    behind = pos
    local head, body = read(pos)
    local raw = call('HGET', S, pos)
    if head and state(raw, head).expires > now then
      found[#found + 1] = tonumber(pos)
      found[#found + 1] = head
      found[#found + 1] = raw or ''
      found[#found + 1] = body
      limit = limit - 1
    end
  end
end
return found
