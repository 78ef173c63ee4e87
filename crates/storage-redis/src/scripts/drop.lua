-- The subscriptions are still to be removed.
local U, VS, NE, HS, P, Q = unpack(KEYS, 21, 26)
if call('EXISTS', U) == 1 then call('RENAME', U, HS) end
call('UNLINK', VS, NE, P, Q)
call('UNLINK', I, M, S, X, B, C, W, E, F, D, J, Y, T, K, O, G)
call('HSET', I, 'last', 'dropped', 'destination', ARGV[3])
call('EXPIRE', I, ARGV[4])
call('ZREM', SC, queue)
call('ZREM', SL, queue)
call('ZREM', SD, queue)
call('ZADD', SH, 0, queue)
return 1
