-- Takes in messages, what is gone of them, batches, and where the queue ends.
local refused = not_arriving(ARGV[3])
if refused then return refused end
local P = KEYS[22]

local function take_out(pos, head)
  for _, key in ipairs({X, B, C, W, E, D, Y, T}) do call('ZREM', key, pos) end
  if head then call('HDEL', J, id_of(pos, head)) end
end

-- Notes what a claim holds.
local function note_held(key, keep, pos)
  local places = {}
  for place in (call('GET', key) or ''):gmatch('%d+') do
    if tonumber(place) == pos then return end
    places[#places + 1] = tonumber(place)
  end
  places[#places + 1] = pos
  table.sort(places)
  call('SET', key, table.concat(places, ' '), 'EX', keep)
end

local function message(pos, head, body, raw, is_plain)
  local is_known = pos <= last
  if is_known then
    if not read(pos) then return OUT_OF_ORDER end
    take_out(pos, head)
  else
    call('XADD', M, '0-' .. pos, 'h', head, 'b', body)
    last = pos
  end
  if has(head, FOREIGN) then call('HSET', F, head:sub(34, 49), pos) end
  local s = state(raw)
  if is_plain and is_known then is_plain = call('HEXISTS', S, pos) == 0 end
  if not is_plain then call('HSET', S, pos, raw) end
  if s.kind == RETAINED then
    call('ZADD', T, pos, pos)
  elseif s.kind == DEAD then
    call('ZADD', D, pos, pos)
    call('HSET', J, id_of(pos, head), pos)
    call('ZADD', Y, s.expires, pos)
  else
    call('ZADD', X, s.expires, pos)
    if s.claim ~= NONE then
      call('ZADD', C, s.till, pos)
    elseif s.till > now then
      call('ZADD', W, s.till, pos)
    elseif not is_plain then
      call('ZADD', B, pos, pos)
      if s.count > 0 then call('ZADD', E, pos, pos) end
    end
  end
end

local at = 4
while at <= #ARGV do
  local what = ARGV[at]
  if what == 'm' then
    local pos = tonumber(ARGV[at + 1])
    refused = message(pos, ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5] == '1')
    if refused then break end
    local claim = tonumber(ARGV[at + 6])
    if claim > 0 then note_held(KEYS[22 + claim], ARGV[at + 7], pos) end
    at = at + 8
  elseif what == 'g' then
    local pos = tonumber(ARGV[at + 1])
    local head = read(pos)
    take_out(pos, head)
    remove({pos}, {[pos] = head})
    call('HDEL', K, pos)
    at = at + 2
  elseif what == 'b' then
    call('HSET', P, ARGV[at + 1], ARGV[at + 2])
    call('HSETNX', I, 'since', now)
    at = at + 3
  else
    last = math.max(last, tonumber(ARGV[at + 1]))
    at = at + 2
  end
end
call('HSET', I, 'last', last)
return refused or 0
