-- Drops what is here of a queue, and lets a mover fill it. Returns 1 if subscriptions are to be removed first.
local mover, destination, kept = unpack(ARGV, 3, 5)
if is_overtaken(mover) then return OVERTAKEN end
if transit ~= 'l' or known_mover ~= mover then let_go(destination, kept, true, mover) end
if call('EXISTS', HS) == 1 then return 1 end
call('UNLINK', I)
call('HSET', I, 'last', 0, 'destination', destination, 'transit', 'a', 'mover', mover)
out_of_indexes()
return 0
