-- Begins to note what changes in a queue.
local mover, destination = ARGV[3], ARGV[4]
if is_overtaken(mover) then return OVERTAKEN end
if is_elsewhere and transit ~= 's' then return MOVED end
if is_dropped then return NOT_FOUND end
if not last then call('HSET', I, 'last', 0, 'destination', destination) end
forget_export(KEYS[22])
if transit == 's' then into_indexes() end
call('HSET', I, 'transit', 'e', 'mover', mover, 'page', 0)
return 0
