-- Owes deliveries once more: that of one message, or those that have failed since. Returns how many it could, and behind
-- which position there may be more.
if not is_notified then return {0, 0} end
if settle() or (own[3] == '1' and take_up()) then return {0, tonumber(ARGV[8]) or 0, 1} end

local function find_any(message)
  local pos, found = upk('>I8', message), nil
  if pos > 0 and pos <= last then
    local head = read(pos)
    if head and not has(head, FOREIGN) and head:sub(42, 49) == message:sub(9) then found = pos end
  end
  return math.max(found or 0, tonumber(call('HGET', F, message)) or 0)
end

local function owe_again(pos)
  local head = read(pos)
  if not head or has(head, UNOWED) then return false end
  local s = state(call('HGET', S, pos), head)
  if s.expires <= now then return false end
  local is_here = s.kind == DEAD or (s.kind == 0 and pos > purged)
  if not is_here and not needed({pos}, {[pos] = head})[1] then return false end
  local d = record_of(pos)
  if not d then
    -- What was not taken up is owed already.
    if pos > reached then return true end
    d = new_delivery()
    call('HINCRBY', K, pos, 1)
  elseif d.state == LEASED and d.due > now then
    return true
  else
    note_broken_off(pos, d)
    unplace(pos, kind_of(d))
    call('ZREM', GF, pos)
    call('ZREM', GE, pos)
    d.state, d.attempts, d.due, d.late, d.reason, d.lease = OPEN, 0, now, 0, '', NONE
  end
  keep(pos, d)
  place(pos, d)
  return true
end

local owed, behind = 0, 0
if ARGV[6] == 'message' then
  if owe_again(find_any(ARGV[7])) then owed = 1 end
else
  local since = tonumber(ARGV[7])
  local places = call('ZRANGEBYSCORE', GF, '(' .. ARGV[8], '+inf', 'LIMIT', 0, SOME)
  for _, pos in ipairs(places) do
    local d = record_of(tonumber(pos))
    if d and d.state == FAILED and d.due >= since and owe_again(tonumber(pos)) then owed = owed + 1 end
  end
  if #places == SOME then behind = tonumber(places[SOME]) end
end
touch()
return {owed, behind, 0}
