-- Queues, pools, flavors and the catalogue. Numbers of queues are 8 bytes, so that their order is that of the bytes; an
-- index over two things has them with a zero byte between.
--
-- P pools by name              N their names           U their URIs, to names    G flavor and pool (no flavor is empty)
-- F flavors by name            E their names
-- D destinations by number     A queues, to pools      I pool and queue          L queues, to the positions they left at
-- M moves by queue             V their queues          W pool and queue          O queues, to who has taken the move
-- Q queues of one kind and project by name             R their names
local call, upk = redis.call, struct.unpack
local P, N, U, G, F, E, D, A, I, L, M, V, W, O, Q, R = unpack(KEYS, 1, 16)

local function both(one, other) return one .. '\0' .. other end

-- Those in an index that belong to a name.
local function of(index, name, most)
  return call('ZRANGEBYLEX', index, '[' .. name .. '\0', '(' .. name .. '\1', 'LIMIT', 0, most)
end

-- Assigns a queue to another pool than the one it is assigned to; an empty one is none.
local function reassign(queue, current, to)
  call('HDEL', L, queue)
  if current ~= '' then call('ZREM', I, both(current, queue)) end
  if to == '' then
    call('HDEL', A, queue)
  else
    call('HSET', A, queue, to)
    call('ZADD', I, 0, both(to, queue))
  end
end
