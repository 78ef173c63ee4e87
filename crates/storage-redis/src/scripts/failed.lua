-- Returns position, head, state and body of the message, when it failed, attempts and reason of deliveries that failed.
local found, behind, limit = {}, ARGV[6], tonumber(ARGV[7])
if not is_live then return found end
while limit > 0 do
  local places = call('ZRANGEBYSCORE', GF, '(' .. behind, '+inf', 'LIMIT', 0, math.min(limit, 100))
  if #places == 0 then break end
  for _, pos in ipairs(places) do
    behind = pos
    local head, body = read(pos)
    local d, raw = record_of(pos), call('HGET', S, pos)
    if head and d and math.max(state(raw, head).expires, d.due + DAY) > now then
      for _, value in ipairs({tonumber(pos), head, raw or '', body, d.due, d.attempts, d.reason}) do
        found[#found + 1] = value
      end
      limit = limit - 1
    end
  end
end
return found
