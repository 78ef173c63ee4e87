-- Takes in how deliveries of a subscription stand, its attempts, and how far it has come.
local refused = not_arriving(ARGV[6])
if refused then return refused end
if not own[1] then return 0 end
local DONE = 3

local function take_in(pos, d)
  local before = record_of(pos)
  if d.state == DONE then
    if before then drop(pos, before) end
    return
  end
  if call('HEXISTS', S, pos) == 0 and not read(pos) then return end
  if before then
    unplace(pos, kind_of(before))
    call('ZREM', GF, pos)
    call('ZREM', GE, pos)
  else
    call('HINCRBY', K, pos, 1)
  end
  local expires = expiry(pos)
  d.late = d.state == OPEN and expires <= now and 1 or 0
  keep(pos, d)
  if d.state == OPEN then
    place(pos, d)
  elseif d.state == LEASED then
    call('ZADD', RL[kind_of(d)], d.due, pos)
  else
    call('ZADD', GF, pos, pos)
    call('ZADD', GE, math.max(expires, d.due + DAY), pos)
  end
end

-- Those that are known, and these, the newest first.
local function put_attempts(new)
  local of, numbers = {}, {}
  local function add(raw)
    local number = upk('<d', raw)
    if not of[number] then numbers[#numbers + 1] = number end
    of[number] = raw
  end
  for _, raw in ipairs(call('LRANGE', A, 0, -1)) do add(raw) end
  for _, raw in ipairs(new) do add(raw) end
  table.sort(numbers, function(one, other) return one > other end)
  local all = {}
  for at = 1, math.min(#numbers, 1000) do all[at] = of[numbers[at]] end
  call('DEL', A)
  call('RPUSH', A, unpack(all))
  call('EXPIRE', A, 15 * 86400)
  call('HSET', Z, 'attempts', math.max(numbers[1], tonumber(call('HGET', Z, 'attempts')) or 0))
end

local attempts, at = {}, 7
while at <= #ARGV do
  local what = ARGV[at]
  if what == 'd' then
    local pos, state, due, count, since = unpack(ARGV, at + 1, at + 5)
    take_in(tonumber(pos), {
      state = tonumber(state), due = tonumber(due), attempts = tonumber(count), since = tonumber(since),
      lease = ARGV[at + 6], reason = ARGV[at + 7],
    })
    at = at + 8
  elseif what == 'a' then
    attempts[#attempts + 1] = ARGV[at + 1]
    at = at + 2
  else
    if own[2] == '1' then
      call('ZADD', O, 'XX', ARGV[at + 1], id)
      call('HSET', Z, 'paused', ARGV[at + 2], 'retries', ARGV[at + 3])
    end
    at = at + 4
  end
end
if #attempts > 0 then put_attempts(attempts) end
return 0
