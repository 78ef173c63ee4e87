-- Returns whether there is more to settle first, and when a lease with this share takes something, when it was last leased
-- from, and the destination. Notes when it is to be looked at again, leaving aside what is under lease.
if is_elsewhere or not is_notified then
  call('ZREM', SD, member)
  return {0}
end
if settle() or (own[3] == '1' and take_up()) then return {1} end
local share = {tonumber(ARGV[6]), tonumber(ARGV[7])}
local bare, due = NEVER, NEVER
local function lowest(key) return tonumber(call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]) or NEVER end
local function soonest_expiry(k)
  for _ = 1, 100 do
    local first = call('ZRANGE', RE[k], 0, 0, 'WITHSCORES')
    if not first[1] then return NEVER end
    local expires = expiry(first[1])
    if expires <= tonumber(first[2]) then return expires end
    -- A claim has made it live longer.
    call('ZADD', RE[k], expires, first[1])
  end
  return lowest(RE[k])
end
for k = 1, 2 do
  local moment = soonest_expiry(k)
  if call('EXISTS', RX[k]) == 1 then moment = now end
  if call('EXISTS', R[k]) == 1 then moment = math.min(moment, math.max(now, held[k])) end
  local waiting = lowest(RW[k])
  if waiting < NEVER then moment = math.min(moment, math.max(waiting, held[k])) end
  for _, pos in ipairs(call('ZRANGE', RL[k], 0, 999)) do
    local ends = tonumber(call('ZSCORE', RL[k], pos))
    if ends >= moment then break end
    if held[k] <= ends then
      moment = ends
    else
      moment = math.min(moment, held[k], math.max(expiry(pos), ends))
    end
  end
  if k == 1 then
    go_on(1000, function(pos, _, _, s)
      moment = math.min(moment, math.max(now, math.min(held[1], s.expires)))
      return false
    end)
  end
  bare = math.min(bare, moment)
  local live = call('ZCOUNT', RL[k], '(' .. ARGV[1], '+inf')
  if live >= share[k] then
    local slot = call('ZRANGEBYSCORE', RL[k], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', live - share[k], 1)[2]
    moment = math.max(moment, tonumber(slot) or NEVER)
  end
  due = math.min(due, moment)
end
local late = lowest(LATE)
bare, due = math.min(bare, late), math.min(due, late)
if bare >= NEVER then
  call('ZREM', SD, member)
elseif bare > now then
  call('ZADD', SD, bare, member)
end
if due >= NEVER then return {0} end
return {0, due, tonumber(call('HGET', Z, 'turn')) or 0, call('HGET', I, 'destination')}
