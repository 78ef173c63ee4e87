-- The queue is in use from now on, if everything has arrived.
if is_overtaken(ARGV[3]) then return OVERTAKEN end
if transit == 'a' then return NOT_ENDED end
if transit ~= 'c' then return 0 end
call('HDEL', I, 'transit')
call('HSET', I, 'mover', ARGV[3])
if call('EXISTS', O) == 1 then call('HSET', I, 'subscribed', 1) end
into_indexes()
return 0
