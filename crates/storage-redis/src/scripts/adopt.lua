-- Takes in messages that are not here. Returns whether subscribers are owed them; nothing, if the queue was dropped.
if is_dropped then return false end
local destination, arrives, once = unpack(ARGV, 3, 5)
last = last or 0
local place, owed = last, 0
for n = 6, #ARGV, 2 do
  local head = ARGV[n]
  local id = head:sub(34, 49)
  if not find(id) and (once == '' or call('SET', KEYS[22 + (n - 6) / 2], 1, 'NX', 'EX', once)) then
    place = place + 1
    last = place
    call('XADD', M, '0-' .. place, 'h', head, 'b', ARGV[n + 1])
    call('HSET', F, id, place)
    local s = state(nil, head)
    call('ZADD', X, s.expires, place)
    call('ZADD', SH, 'LT', s.expires, queue)
    if s.till > now or s.count > 0 then call('HSET', S, place, packed(s)) end
    if s.till > now then
      call('ZADD', W, s.till, place)
      if s.count > 0 then call('ZADD', SC, 'LT', s.till, queue) end
    elseif s.count > 0 then
      call('ZADD', B, place, place)
      call('ZADD', E, place, place)
      call('ZADD', SC, 'LT', 0, queue)
    end
    if not has(head, UNOWED) then owed = 1 end
  end
end
if not known[1] then call('HSET', I, 'destination', destination) end
call('HSET', I, 'last', place)
if owed == 1 and call('HGET', I, 'subscribed') then
  call('ZADD', SD, 0, queue)
  return 1
end
return 0
