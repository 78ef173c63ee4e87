-- Forgets subscriptions of a queue that was dropped, each with the keys that are given: so many, and the ids.
if not is_dropped then return 0 end
local HS, each = KEYS[22], tonumber(ARGV[3])
for n = 4, #ARGV do
  if call('ZREM', HS, ARGV[n]) == 1 then
    local first = 23 + (n - 4) * each
    call('UNLINK', unpack(KEYS, first, first + each - 1))
  end
end
if call('EXISTS', HS) == 0 then call('ZREM', SH, queue) end
return 0
