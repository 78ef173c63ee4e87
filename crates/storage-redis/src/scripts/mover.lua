-- Movers: one that was overtaken is refused. The codes are those of `migration.rs`.
local OVERTAKEN, NOT_BEGUN, MOVED, NOT_FOUND, NOT_ENDED, PAST, OUT_OF_ORDER = -1, -2, -3, -4, -5, -6, -7
local known_mover = call('HGET', I, 'mover')
local function is_overtaken(mover) return known_mover and is_behind(known_mover, mover) end

local function is_exported_by(mover) return known_mover == mover and (transit == 'e' or transit == 's') end

-- Why this mover may bring nothing here.
local function not_arriving(mover)
  if is_overtaken(mover) then return OVERTAKEN end
  if known_mover ~= mover or (transit ~= 'a' and transit ~= 'c') then return NOT_BEGUN end
end

local function out_of_indexes()
  for _, key in ipairs({SH, SC, SL, SD}) do call('ZREM', key, queue) end
end

-- What goes over all queues looks at this one, and finds out what there is.
local function into_indexes()
  for _, key in ipairs({SH, SC, SD}) do call('ZADD', key, 0, queue) end
  if call('EXISTS', D) == 1 then call('ZADD', SL, 0, queue) end
end

local function forget_export(sent)
  call('UNLINK', CH, sent)
  call('HDEL', I, 'transit', 'page', 'subs', 'to', 'owed', 'scan', 'batches', 'ends')
end
