-- Frees what claims and delays held until now. Returns whether there is more of it.
local SOME = 500
local function promote()
  local ended = call('ZRANGEBYSCORE', C, '-inf', now, 'LIMIT', 0, SOME)
  if #ended > 0 then
    call('ZREM', C, unpack(ended))
    local free = scored(ended)
    call('ZADD', B, unpack(free))
    call('ZADD', E, unpack(free))
  end
  local reached = call('ZRANGEBYSCORE', W, '-inf', now, 'LIMIT', 0, SOME)
  if #reached > 0 then
    call('ZREM', W, unpack(reached))
    call('ZADD', B, unpack(scored(reached)))
    for at, raw in ipairs(call('HMGET', S, unpack(reached))) do
      if raw and state(raw).count > 0 then call('ZADD', E, reached[at], reached[at]) end
    end
  end
  return #ended == SOME or #reached == SOME
end

-- What a live claim holds: positions and states.
local function held(key, id)
  local places, live, states = {}, {}, {}
  for pos in (call('GET', key) or ''):gmatch('%d+') do places[#places + 1] = tonumber(pos) end
  for at, raw in ipairs(values('HMGET', S, places)) do
    local s = raw and state(raw)
    if s and is_visible(places[at], s) and s.claim == id and s.till > now then
      live[#live + 1] = places[at]
      states[#states + 1] = s
    end
  end
  return live, states
end

-- A dead letter is out of reach of everything but what is for dead letters.
local function set_aside(pos, head, s)
  for _, key in ipairs({X, B, C, W, E}) do call('ZREM', key, pos) end
  s.kind, s.claim = DEAD, NONE
  call('HSET', S, pos, packed(s))
  call('ZADD', D, pos, pos)
  call('HSET', J, id_of(pos, head), pos)
  call('ZADD', Y, s.expires, pos)
  call('ZADD', SL, 0, queue)
  call('ZADD', SH, 'LT', s.expires, queue)
end
