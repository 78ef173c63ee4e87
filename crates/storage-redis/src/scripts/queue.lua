-- A queue and its shard. Positions count from 1; the times are milliseconds.
--
-- I  hash: `last` position, `destination`, `purged` and `head` (positions), `subscribed`; `last` is no number once dropped.
--    Of a queue that moves: `transit` (e exported, s sealed, l left, a arriving, c complete), `mover`, and how far its export is
-- M  stream, by position: h (head: what never changes) and b (body) of every message that is kept for anybody
-- S  hash by position: the state of a message; without one it was never claimed or delayed, and is free
-- X  those in the queue, by when they expire     F  foreign ids, to positions
-- B  those that were given back, by position     E  those of them that were claimed and not looked at since
-- C  those that are claimed, by when that ends   W  those that are delayed, by when that ends
-- D  dead letters, by position   J  their ids, to positions   Y  when they expire
-- T  messages that stay for subscribers only     K  how many deliveries of a message are under way or failed
-- O  how far each notified subscription has come G  what was purged, and is still to be removed
-- CH what is to be exported, by what it is about: see `export.lua`
-- Of the shard: SH housekeeping, SC ended claims, SL dead letters, SD what is due.
local call, upk, pk = redis.call, struct.unpack, struct.pack
local I, M, S, X, B, C, W, E, F, D, J, Y, T, K, O, G, CH, SH, SC, SL, SD = unpack(KEYS, 1, 21)
local now, queue = tonumber(ARGV[1]), ARGV[2]
local NONE, DEAD, RETAINED = ('\0'):rep(16), 3, 4
local LETTER, FOREIGN, UNOWED = 1, 2, 4

local known = call('HMGET', I, 'last', 'purged', 'head', 'transit')
local last, purged = tonumber(known[1]), tonumber(known[2]) or 0
local is_dropped = known[1] and not last
local transit = known[4]
local is_elsewhere = transit and transit ~= 'e'

-- Bytes are compared as numbers: Lua compares texts by the server's locale.
local function is_behind(one, other)
  for at = 1, #one do
    local a, b = one:byte(at), other:byte(at) or -1
    if a ~= b then return a > b end
  end
  return false
end

-- What changes behind an export is noted for it, whatever changes it: `watched` says by the key what a command is about.
local MESSAGE, watched, exported = '2', {}, nil
if transit == 'e' or transit == 's' then
  local plain = call
  exported = plain('HMGET', I, 'to', 'owed')
  exported.to = tonumber(exported[1]) or 0
  exported.note = function(about) plain('ZADD', CH, 0, about) end
  watched[S] = function(command, ...)
    local step = command == 'HSET' and 2 or command == 'HDEL' and 1
    if not step then return end
    local places = {...}
    for at = 1, #places, step do
      local pos = tonumber(places[at])
      if pos < exported.to then exported.note(MESSAGE .. pk('>I8', pos)) end
    end
  end
  call = function(command, key, ...)
    if watched[key] then watched[key](command, ...) end
    return plain(command, key, ...)
  end
end

-- Takes any number of arguments, which a call does not.
local function many(command, key, list)
  for at = 1, #list, 4000 do call(command, key, unpack(list, at, math.min(at + 3999, #list))) end
end

local function values(command, key, list)
  if #list <= 4000 then return #list > 0 and call(command, key, unpack(list)) or {} end
  local all = {}
  for at = 1, #list, 4000 do
    for _, value in ipairs(call(command, key, unpack(list, at, math.min(at + 3999, #list)))) do all[#all + 1] = value end
  end
  return all
end

local function scored(list)
  local pairs_of = {}
  for at, pos in ipairs(list) do pairs_of[2 * at - 1], pairs_of[2 * at] = pos, pos end
  return pairs_of
end

-- The head and the body of a message.
local function read(pos)
  local found = call('XRANGE', M, '0-' .. pos, '0-' .. pos)[1]
  if found then return found[2][2], found[2][4] end
end

local function position(entry) return tonumber(entry[1]:sub(3)) end

local function has(head, flag) return bit.band(head:byte(33), flag) ~= 0 end

local function id_of(pos, head)
  if has(head, FOREIGN) then return head:sub(34, 49) end
  return pk('>I8', pos) .. head:sub(42, 49)
end

local function state(raw, head)
  local s = {}
  if raw then
    s.kind, s.expires, s.till, s.ttl, s.count, s.claim, s.renewed, s.claim_ttl = upk('<BddI4I4c16dI4', raw)
  else
    local _
    s.expires, s.till, _, s.ttl, s.count = upk('<dddI4I4', head)
    s.kind, s.claim, s.renewed, s.claim_ttl = 0, NONE, 0, 0
  end
  return s
end

local function packed(s)
  return pk('<BddI4I4c16dI4', s.kind, s.expires, s.till, s.ttl, s.count, s.claim, s.renewed, s.claim_ttl)
end

local function is_visible(pos, s) return pos > purged and s.kind == 0 and s.expires > now end

local function is_claimed(s) return s.claim ~= NONE and s.till > now end

-- What a message that cannot be seen is called does not count.
local function find(id)
  local pos = upk('>I8', id)
  if pos > 0 and pos <= last then
    local head, body = read(pos)
    if head and not has(head, FOREIGN) and head:sub(42, 49) == id:sub(9) then
      local raw = call('HGET', S, pos)
      local s = state(raw, head)
      if is_visible(pos, s) then return pos, head, body, s, raw end
    end
  end
  pos = tonumber(call('HGET', F, id))
  if not pos then return end
  local head, body = read(pos)
  if head then
    local raw = call('HGET', S, pos)
    local s = state(raw, head)
    if is_visible(pos, s) then return pos, head, body, s, raw end
  end
end
