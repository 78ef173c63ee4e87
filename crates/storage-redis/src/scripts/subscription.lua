-- One subscription, and what is owed to it. A delivery that was taken up has a record, and its position stands in one of
-- these by its kind (1 first attempts, 2 retries) until it is recorded as done:
--
-- R  due, by position                          RX due since the message has expired, whatever holds the others back
-- RW waiting, by when it is due                RL under lease, by when that ends
-- RE those in R and RW, by when the message expires
-- LATE waiting though the message has expired, by when it is due
-- V  those that have expired, by when they are owed no more
-- GF failed, by position                       GE failed, by when that is forgotten
-- A  attempts, the newest first
-- RH waiting no longer: they are still to be put where they belong
local Z, N = KEYS[22], KEYS[23]
local R, RX, RW = {KEYS[24], KEYS[25]}, {KEYS[26], KEYS[27]}, {KEYS[28], KEYS[29]}
local RL, RE = {KEYS[30], KEYS[31]}, {KEYS[32], KEYS[33]}
local LATE, V, GF, GE, A = unpack(KEYS, 34, 38)
local RH = {KEYS[39], KEYS[40]}
local U, VS, NE = unpack(KEYS, 41, 43)
local id, member, unknown = ARGV[3], queue .. ARGV[4], ARGV[5]
local OPEN, LEASED, FAILED = 0, 1, 2
local NEVER, DAY, SOME = 9007199254740991, 86400000, 200
local DELIVERED, RETRY, EXHAUSTED, UNKNOWN = 0, 1, 2, 3

local own = call('HMGET', Z, 'ends', 'notified', 'delay', 'suspended', 'paused', 'retries', 'hastens')
local is_live = last and own[1] and tonumber(own[1]) > now
local is_notified = is_live and own[2] == '1'
local held = {tonumber(own[5]) or 0, tonumber(own[6]) or 0}
if own[4] == '1' then held = {NEVER, NEVER} end
local reached = tonumber(call('ZSCORE', O, id)) or last or 0

if exported then
  local SUBSCRIPTION, DELIVERY, ATTEMPT = '1', '3', '4'
  watched[Z] = function(command, field)
    if command == 'HSET' and (field == 'record' or field == 'ends') then exported.note(SUBSCRIPTION .. id) end
  end
  if exported[2] and not is_behind(id, exported[2]) then
    watched[N] = function(command, pos)
      if command == 'HSET' or command == 'HDEL' then exported.note(DELIVERY .. id .. pk('>I8', tonumber(pos))) end
    end
    watched[A] = function(command, raw)
      if command == 'LPUSH' then exported.note(ATTEMPT .. id .. pk('>I8', (upk('<d', raw)))) end
    end
  end
end

local function delivery(raw)
  if not raw then return end
  local d, at = {}, nil
  d.state, d.late, d.due, d.attempts, d.since, d.lease, at = upk('<BBdI4dc16', raw)
  d.reason = raw:sub(at)
  return d
end

local function keep(pos, d)
  call('HSET', N, pos, pk('<BBdI4dc16', d.state, d.late, d.due, d.attempts, d.since, d.lease) .. d.reason)
end

local function new_delivery()
  return {state = OPEN, late = 0, due = now, attempts = 0, since = 0, lease = NONE, reason = ''}
end

local function kind_of(d) return d.attempts > 0 and 2 or 1 end

-- When the message expires, as claims have left it.
local function expiry(pos)
  local raw = call('HGET', S, pos)
  if raw then return (select(2, upk('<Bd', raw))) end
  local head = read(pos)
  return head and upk('<d', head) or 0
end

local function unplace(pos, k)
  for _, set in ipairs({R, RX, RW, RL, RE, RH}) do call('ZREM', set[k], pos) end
  call('ZREM', LATE, pos)
  call('ZREM', V, pos)
end

-- Puts an open delivery, or one whose lease has ended, where it belongs.
local function place(pos, d)
  local k, expires = kind_of(d), expiry(pos)
  local is_due = d.due <= now
  if expires <= now then
    call('ZADD', V, expires + DAY, pos)
    if is_due or d.late == 0 then call('ZADD', RX[k], pos, pos) else call('ZADD', LATE, d.due, pos) end
  else
    call('ZADD', RE[k], expires, pos)
    if is_due then call('ZADD', R[k], pos, pos) else call('ZADD', RW[k], d.due, pos) end
  end
end

local function note_attempt(message, at, ending, account)
  local number = call('HINCRBY', Z, 'attempts', 1)
  call('LPUSH', A, pk('<dc16dB', number, message, at, ending) .. account)
  call('LTRIM', A, 0, 999)
  call('EXPIRE', A, 15 * 86400)
end

-- Of an attempt that nobody told of it is known when it began.
local function note_broken_off(pos, d)
  local head = read(pos)
  if d.state == LEASED and head then note_attempt(id_of(pos, head), d.since, UNKNOWN, unknown) end
end

-- Nothing is owed of this message any more; it goes, if it stayed only for that.
local function drop(pos, d)
  unplace(pos, kind_of(d))
  call('HDEL', N, pos)
  call('ZREM', GF, pos)
  call('ZREM', GE, pos)
  if call('HINCRBY', K, pos, -1) > 0 then return end
  call('HDEL', K, pos)
  local raw = call('HGET', S, pos)
  if raw and raw:byte(1) == RETAINED and not needed({pos}, {})[1] then
    remove({pos}, {})
    call('ZREM', T, pos)
  end
end

local function record_of(pos) return delivery(call('HGET', N, pos)) end

-- Nothing of a subscription that goes on waits any more, but for the delay of its message if that is respected.
local function hasten(pos, d)
  local head = own[3] == '1' and read(pos)
  local till = head and math.min(upk('<d', head, 9), expiry(pos)) or 0
  d.due = math.min(d.due, till)
end

-- Moves what time has moved. Returns whether there is more of it.
local function settle()
  local more = false
  if own[7] then
    for k = 1, 2 do
      local places = call('ZRANGE', RH[k], 0, SOME - 1)
      more = more or #places == SOME
      for _, pos in ipairs(places) do
        pos = tonumber(pos)
        local d = record_of(pos)
        unplace(pos, k)
        if d then
          hasten(pos, d)
          keep(pos, d)
          place(pos, d)
        end
      end
    end
    if more then return true end
    call('HDEL', Z, 'hastens')
  end
  local function each(key, action)
    local places = call('ZRANGEBYSCORE', key, '-inf', now, 'LIMIT', 0, SOME)
    more = more or #places == SOME
    for _, pos in ipairs(places) do
      call('ZREM', key, pos)
      pos = tonumber(pos)
      local d = record_of(pos)
      if d then action(pos, d) end
    end
  end
  for k = 1, 2 do
    each(RL[k], place)
    each(RW[k], function(pos, d)
      call('ZREM', RE[k], pos)
      place(pos, d)
    end)
    each(RE[k], function(pos, d)
      -- A claim may have made it live longer.
      call('ZREM', R[k], pos)
      call('ZREM', RW[k], pos)
      place(pos, d)
    end)
  end
  each(LATE, place)
  each(V, function(pos, d)
    note_broken_off(pos, d)
    drop(pos, d)
  end)
  each(GE, function(pos, d)
    local till = math.max(expiry(pos), d.due + DAY)
    if till > now then call('ZADD', GE, till, pos) else drop(pos, d) end
  end)
  return more
end

-- Goes over messages that were not taken up. `visit` says false to stop before one.
local function go_on(most, visit)
  local from, left = reached, most
  while left > 0 do
    local entries = call('XRANGE', M, '(0-' .. reached, '+', 'COUNT', math.min(left, 50))
    local places = {}
    for n, entry in ipairs(entries) do places[n] = position(entry) end
    local raws, records = values('HMGET', S, places), values('HMGET', N, places)
    for n, entry in ipairs(entries) do
      local pos, head, body = places[n], entry[2][2], entry[2][4]
      local s = state(raws[n], head)
      local is_owed = not has(head, UNOWED) and not records[n] and s.expires + DAY > now
      if is_owed and visit(pos, head, body, s, raws[n]) == false then
        left = 0
        break
      end
      reached, left = pos, left - 1
    end
    if #entries == 0 then
      if last > reached then reached = last end
      break
    end
  end
  if reached > from then call('ZADD', O, 'XX', reached, id) end
  return left
end

-- Where delays are respected, everything is taken up at once, so that a delayed message holds up none behind it.
local function take_up()
  local left = go_on(SOME, function(pos, head, _, s)
    local d = new_delivery()
    d.due = math.max(now, math.min(upk('<d', head, 9), s.expires))
    keep(pos, d)
    call('HINCRBY', K, pos, 1)
    place(pos, d)
  end)
  return reached < last and left <= 0
end

-- When this is to be looked at is to be found out.
local function touch()
  if is_notified then call('ZADD', SD, 0, member) end
end
