-- Removes a pool: 0 done, 1 a queue moves to or from it, 2 it holds one, 3 there is more to forget first. What is left of
-- queues that were deleted is forgotten.
local name, SOME = ARGV[1], 500

local function forget_move(queue)
  local record = call('HGET', M, queue)
  if record then
    local count, at, pool = upk('<I4', record)
    for _ = 1, count do
      pool, at = upk('<I4c0', record, at)
      call('ZREM', W, both(pool, queue))
    end
  end
  call('HDEL', M, queue)
  call('HDEL', O, queue)
  call('ZREM', V, queue)
end

local function forget_assignment(queue) reassign(queue, name, '') end

for held, part in ipairs({{W, forget_move}, {I, forget_assignment}}) do
  local members = of(part[1], name, SOME)
  for _, member in ipairs(members) do
    local queue = member:sub(#name + 2)
    if call('HEXISTS', D, queue) == 1 then return held end
    part[2](queue)
  end
  if #members == SOME then return 3 end
end
local record = call('HGET', P, name)
if record then
  local uri, flavor = upk('<I4c0I4c0', record)
  call('HDEL', U, uri)
  call('ZREM', G, both(flavor, name))
  call('HDEL', P, name)
  call('ZREM', N, name)
end
return 0
