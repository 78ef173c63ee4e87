-- Lets go of everything that is here of a queue, and leaves a tombstone. Its subscriptions are still to be removed.
local U, VS, NE, HS, P, Q, SENT = unpack(KEYS, 22, 28)
local function let_go(destination, kept, has_left, mover)
  mover = mover or call('HGET', I, 'mover')
  if call('EXISTS', U) == 1 then call('RENAME', U, HS) end
  call('UNLINK', VS, NE, P, Q)
  call('UNLINK', I, M, S, X, B, C, W, E, F, D, J, Y, T, K, O, G, CH, SENT)
  call('HSET', I, 'last', 'dropped', 'destination', destination)
  if mover then call('HSET', I, 'mover', mover) end
  if has_left then call('HSET', I, 'transit', 'l') end
  call('EXPIRE', I, kept)
  for _, key in ipairs({SC, SL, SD}) do call('ZREM', key, queue) end
  call('ZADD', SH, 0, queue)
end
