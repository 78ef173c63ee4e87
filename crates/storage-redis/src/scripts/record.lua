-- Records how deliveries ended: position, kind, time, reason and the account of the attempt, if there was one. Returns
-- whether there is more to settle first; -1 if the queue lives elsewhere.
if is_elsewhere then return -1 end
if not is_notified then return 0 end
if settle() then return 1 end
local lease = ARGV[6]
for n = 7, #ARGV, 6 do
  local pos, kind, due, reason = tonumber(ARGV[n]), tonumber(ARGV[n + 1]), tonumber(ARGV[n + 2]), ARGV[n + 3]
  local at, account = tonumber(ARGV[n + 4]), ARGV[n + 5]
  local d = record_of(pos)
  if d and d.state == LEASED and d.lease == lease then
    unplace(pos, kind_of(d))
    local expires = expiry(pos)
    if kind <= EXHAUSTED then
      local head = read(pos)
      if head then note_attempt(id_of(pos, head), at, kind, account) end
    end
    d.lease = NONE
    if kind == DELIVERED then
      drop(pos, d)
    elseif kind == RETRY or kind == 4 then
      d.state, d.due, d.late = OPEN, due, expires <= now and 1 or 0
      if kind == RETRY then
        d.attempts = d.attempts + 1
        if d.late == 1 then d.due = math.min(due, now) end
      end
      keep(pos, d)
      place(pos, d)
    else
      if kind == EXHAUSTED then d.attempts = d.attempts + 1 end
      d.state, d.due, d.reason = FAILED, now, reason
      keep(pos, d)
      call('ZADD', GF, pos, pos)
      call('ZADD', GE, math.max(expires, now + DAY), pos)
      if call('ZCARD', GF) > 10000 then
        local first = tonumber(call('ZRANGE', GF, 0, 0)[1])
        drop(first, record_of(first) or new_delivery())
      end
    end
  end
end
touch()
return 0
