-- The next page of an export: its number, whether with it everything is said, and the items. Or `NEEDS` and the ids of
-- subscriptions whose keys it needs to go on.
--
-- CH holds what is still to be said, by what it is about: what has changed, and by and by everything there is. So nothing
-- but that is to be remembered of a page, in SENT, and how far what there is was noted: `subs` and `owed` (subscriptions,
-- `scan` within one), `to` (a position), `batches`, `ends`. An item says how something is now. The kinds are in the order
-- that the importer needs.
local SUBSCRIPTION, DELIVERY, ATTEMPT, BATCH, CURSOR, END = '1', '3', '4', '5', '6', '7'
local NEEDS, ALL = 1, ('\255'):rep(16)
local mover, cursor, limit, most = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local SENT, P, Q, U = unpack(KEYS, 22, 25)
if not is_exported_by(mover) then return {NOT_BEGUN} end

local given = {}
for n = 7, #ARGV do
  local at = 26 + (n - 7) * 5
  given[ARGV[n]] = {Z = KEYS[at], N = KEYS[at + 1], A = KEYS[at + 2], RH = {KEYS[at + 3], KEYS[at + 4]}}
end

local progress = call('HMGET', I, 'page', 'subs', 'scan', 'batches', 'ends', 'since')
local page, subs, scan, batches, ends, since = unpack(progress)
page, subs, scan, batches, ends, since = tonumber(page), subs or '', scan or '', batches or '', ends or '', since or ''
local to, owed = exported.to, exported[2] or ''
local found

local function note(about)
  local is_new = call('ZADD', CH, 0, about)
  if found then found = found + is_new end
end

if cursor + 1 == page then
  -- The last page is asked for once more.
  for _, about in ipairs(call('ZRANGE', SENT, 0, -1)) do note(about) end
  page = cursor
elseif cursor ~= page then
  return {PAST}
end
call('DEL', SENT)

local function subscriptions_behind(id, count)
  return call('ZRANGEBYLEX', U, id == '' and '-' or '(' .. id, '+', 'LIMIT', 0, count)
end

-- Where a scan is means something to one process only.
local process
local function this_process()
  process = process or call('INFO', 'server'):match('run_id:(%w+)') or ''
  return process
end

local function note_subscriptions()
  if subs == ALL then return true end
  local ids = subscriptions_behind(subs, limit)
  for _, id in ipairs(ids) do note(SUBSCRIPTION .. id) end
  subs = #ids < limit and ALL or ids[#ids]
  return subs == ALL
end

local read_already = {}
local function note_messages()
  -- What was purged leaves first.
  local purged_ones = call('ZRANGE', G, 0, 299)
  if #purged_ones > 0 then
    call('ZREM', G, unpack(purged_ones))
    leave(purged_ones, {})
    found = call('ZLEXCOUNT', CH, '-', '(' .. DELIVERY)
    if call('EXISTS', G) == 1 then return false end
  end
  local size = 0
  while found < limit and size < most do
    local entries = call('XRANGE', M, '0-' .. to, '+', 'COUNT', 20)
    for _, entry in ipairs(entries) do
      local pos = position(entry)
      read_already[pos], size, to = entry, size + #entry[2][4], pos + 1
      note(MESSAGE .. pk('>I8', pos))
    end
    if #entries < 20 then return true end
  end
  return false
end

local needs = {}
local function note_owed()
  while owed ~= ALL do
    if found >= limit then return false end
    local from = '0'
    if scan == '' then
      local next_ones = subscriptions_behind(owed, 32)
      if #next_ones == 0 then
        owed = ALL
        break
      end
      if not given[next_ones[1]] then
        needs = next_ones
        return false
      end
      owed = next_ones[1]
      for _, raw in ipairs(call('LRANGE', given[owed].A, 0, -1)) do
        note(ATTEMPT .. owed .. pk('>I8', (upk('<d', raw))))
      end
    elseif not given[owed] then
      needs = {owed}
      return false
    else
      local place, of = scan:match('^(%d+):(%w*)$')
      if of == this_process() then from = place end
    end
    local next_place, records = unpack(call('HSCAN', given[owed].N, from, 'COUNT', 200))
    for n = 1, #records, 2 do note(DELIVERY .. owed .. pk('>I8', tonumber(records[n]))) end
    scan = next_place == '0' and '' or next_place .. ':' .. this_process()
  end
  return true
end

local function note_batches()
  if batches == 'done' then return true end
  local key, place, of, begun = batches:match('^(%a):(%d+):(%w*):(%w*)$')
  -- Those of some minutes may have become those of before.
  if not key or of ~= this_process() or begun ~= since then key, place = 'q', '0' end
  while found < limit do
    local next_place, some = unpack(call('HSCAN', key == 'q' and Q or P, place, 'COUNT', 200))
    for n = 1, #some, 2 do note(BATCH .. some[n]) end
    place = next_place
    if place == '0' then
      if key == 'p' then
        batches = 'done'
        return true
      end
      key = 'p'
    end
  end
  batches = key .. ':' .. place .. ':' .. this_process() .. ':' .. since
  return false
end

local function note_ends()
  if transit == 'e' or ends == ALL then return true end
  while found < limit do
    local ids = subscriptions_behind(ends, 100)
    for _, id in ipairs(ids) do
      if call('ZSCORE', O, id) then note(CURSOR .. id) end
    end
    if #ids < 100 then
      ends = ALL
      note(END)
      return true
    end
    ends = ids[#ids]
  end
  return false
end

-- No delivery comes before its message, and no message before whom it stays for.
found = call('ZLEXCOUNT', CH, '-', '(' .. DELIVERY)
local are_messages_noted = found < limit and note_subscriptions() and note_messages()
found = call('ZCARD', CH)
local is_all = are_messages_noted and found < limit and note_owed() and note_batches() and note_ends()

local function is_alive(id)
  local till = call('HGET', given[id].Z, 'ends')
  return till and tonumber(till) > now
end

local function delivery_of(id, pos)
  if not is_alive(id) then return end
  local raw, own = call('HGET', given[id].N, pos), given[id]
  local head = read(pos)
  local message = head and id_of(pos, head) or NONE
  if not raw then return {DELIVERY, id, pos, message, 3} end
  local kind, late, due, attempts, before, lease, at = upk('<BBdI4dc16', raw)
  if kind == 0 and late == 0 and head then
    local expires = state(call('HGET', S, pos), head).expires
    if call('ZSCORE', own.RH[attempts > 0 and 2 or 1], pos) then
      local respects = call('HGET', own.Z, 'delay') == '1'
      due = math.min(due, respects and math.min(upk('<d', head, 9), expires) or 0)
    end
    if expires <= now then due = math.min(due, expires) end
  end
  return {DELIVERY, id, pos, message, kind, due, attempts, before, lease, raw:sub(at)}
end

local lists, listed = {}, 0
local function attempt_of(id, number)
  if not lists[id] then
    lists[id], listed = {}, listed + 1
    for _, raw in ipairs(call('LRANGE', given[id].A, 0, -1)) do lists[id][upk('<d', raw)] = raw end
  end
  local raw = lists[id][number]
  return raw and {ATTEMPT, id, raw}
end

local size = 0
local function message_of(pos)
  local entry = read_already[pos] or call('XRANGE', M, '0-' .. pos, '0-' .. pos)[1]
  local raw = entry and call('HGET', S, pos)
  if entry and pos <= purged and (not raw or raw:byte(1) == 0) then
    -- It was purged, and stays for subscribers or leaves.
    call('ZREM', G, pos)
    leave({pos}, {[pos] = entry[2][2]})
    entry, raw = call('XRANGE', M, '0-' .. pos, '0-' .. pos)[1], call('HGET', S, pos)
  end
  if not entry then return {MESSAGE, pos} end
  size = size + #entry[2][4]
  return {MESSAGE, pos, entry[2][2], raw or '', entry[2][4]}
end

local function item(about)
  local kind, id = about:sub(1, 1), about:sub(2, 17)
  if kind == SUBSCRIPTION then
    return {SUBSCRIPTION, id, is_alive(id) and call('HGET', given[id].Z, 'record') or ''}
  elseif kind == MESSAGE then
    return message_of((upk('>I8', about, 2)))
  elseif kind == DELIVERY then
    return delivery_of(id, (upk('>I8', about, 18)))
  elseif kind == ATTEMPT then
    return attempt_of(id, (upk('>I8', about, 18)))
  elseif kind == BATCH then
    local posted, value = now, call('HGET', P, id)
    if not value then posted, value = since, call('HGET', Q, id) end
    return value and {BATCH, id, value, posted}
  elseif kind == CURSOR then
    local held_back = call('HMGET', given[id].Z, 'paused', 'retries')
    return is_alive(id) and {CURSOR, id, call('ZSCORE', O, id), held_back[1] or 0, held_back[2] or 0}
  end
  return {END, last}
end

-- The items, up to the first about a subscription whose keys are not given.
local answer, said, missing, is_missing = {0, page + 1, 0}, {}, {}, {}
for _, about in ipairs(call('ZRANGE', CH, 0, limit - 1)) do
  local kind, id = about:sub(1, 1), about:sub(2, 17)
  if not are_messages_noted and kind ~= SUBSCRIPTION and kind ~= MESSAGE then break end
  if kind ~= MESSAGE and kind ~= BATCH and kind ~= END and not given[id] then
    if #said > 0 or #missing == 64 then break end
    if not is_missing[id] then missing[#missing + 1], is_missing[id] = id, true end
  elseif #missing > 0 or size > most or listed > 8 then
    break
  else
    answer[#answer + 1] = item(about) or nil
    said[#said + 1] = about
  end
end
if #missing == 0 then missing = needs end
if #said == 0 and #missing > 0 then
  answer = {NEEDS, unpack(missing)}
else
  many('ZREM', CH, said)
  for _, about in ipairs(said) do call('ZADD', SENT, 0, about) end
  if is_all and call('EXISTS', CH) == 0 then answer[3] = 1 end
  page = page + 1
end
call('HSET', I, 'page', page, 'subs', subs, 'to', to, 'owed', owed, 'scan', scan, 'batches', batches, 'ends', ends)
return answer
