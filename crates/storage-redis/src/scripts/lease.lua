-- Returns whether there is more to settle first, the subscription, and position, attempts, head, state and body of each
-- delivery that the lease takes, or has taken.
if is_elsewhere or not is_notified then return {0} end
if settle() or (own[3] == '1' and take_up()) then return {1} end
local lease, till, limit, turn = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[10]), ARGV[12]
local share = {tonumber(ARGV[8]), tonumber(ARGV[9])}
local answer = {0, call('HGET', Z, 'record')}
local function add(pos, attempts, head, raw, body)
  for _, value in ipairs({pos, attempts, head, raw or '', body}) do answer[#answer + 1] = value end
end
call('HSET', Z, 'turn', turn)
touch()

if ARGV[11] == '1' then
  for k = 1, 2 do
    local places = {}
    for _, pos in ipairs(call('ZRANGE', RL[k], 0, -1)) do places[#places + 1] = tonumber(pos) end
    table.sort(places)
    for _, pos in ipairs(places) do
      local d = record_of(pos)
      if d and d.lease == lease then
        local head, body = read(pos)
        add(pos, d.attempts, head, call('HGET', S, pos), body)
      end
    end
  end
  if #answer > 2 then return answer end
end

local function take(pos, d, head, raw, body)
  local k = kind_of(d)
  note_broken_off(pos, d)
  unplace(pos, k)
  d.state, d.late, d.due, d.since, d.lease = LEASED, 0, till, now, lease
  keep(pos, d)
  call('ZADD', RL[k], till, pos)
  add(pos, d.attempts, head, raw, body)
  limit = limit - 1
end

-- The first of those that are due.
local function due_ones(k, most)
  if most <= 0 then return {} end
  local places = {}
  for _, pos in ipairs(call('ZRANGE', RX[k], 0, most - 1)) do places[#places + 1] = tonumber(pos) end
  if held[k] <= now then
    for _, pos in ipairs(call('ZRANGE', R[k], 0, most - 1)) do places[#places + 1] = tonumber(pos) end
  end
  table.sort(places)
  for at = #places, most + 1, -1 do places[at] = nil end
  return places
end

for k = 1, 2 do
  local free = math.min(limit, share[k] - call('ZCOUNT', RL[k], '(' .. ARGV[1], '+inf'))
  for _, pos in ipairs(due_ones(k, free)) do
    local head, body = read(pos)
    local d = record_of(pos)
    if head and d then
      take(pos, d, head, call('HGET', S, pos), body)
      free = free - 1
    elseif d then
      drop(pos, d)
    end
  end
  if k == 1 and free > 0 then
    local steps = free + 1000
    go_on(steps, function(pos, head, body, s, raw)
      -- While the others are held back, only what has expired is taken, up to the first that has not.
      if free <= 0 or (held[1] > now and s.expires > now) then return false end
      free = free - 1
      call('HINCRBY', K, pos, 1)
      take(pos, new_delivery(), head, raw, body)
    end)
  end
end
return answer
