-- Returns how far it has looked, whether that is the end, and position, head, state and body of each message.
local kind, start, limit, bytes, client, claimed, delayed = unpack(ARGV, 3, 9)
if not last then return {0, 1} end
limit, bytes = tonumber(limit), tonumber(bytes)
if kind == 'message' then
  local pos = tonumber(call('HGET', F, start))
  if not pos then
    -- It is told by its id where a message was, if that is one of this queue.
    pos = ARGV[10] == '1' and upk('>I8', start) or 0
  end
  start = pos
elseif kind == 'end' then
  start = last
end
start = math.min(tonumber(start), last)
if limit == 0 then return {start, start == last and 1 or 0} end
local page, taken, size, at = {start, 0}, 0, 0, math.max(start, purged)
for _ = 1, 10 do
  local entries = call('XRANGE', M, '(0-' .. at, '+', 'COUNT', math.min(math.max(limit - taken + 1, 10), 100))
  if #entries == 0 then
    page[1], page[2] = last, 1
    return page
  end
  local positions = {}
  for n, entry in ipairs(entries) do positions[n] = position(entry) end
  local raws = values('HMGET', S, positions)
  for n, entry in ipairs(entries) do
    local pos, head, body = positions[n], entry[2][2], entry[2][4]
    local s = state(raws[n], head)
    if is_visible(pos, s) and (claimed == '1' or not is_claimed(s))
      and (delayed == '1' or upk('<d', head, 9) <= now)
      and (client == '' or head:sub(54, 53 + upk('<I4', head, 50)) ~= client:sub(2)) then
      if taken >= limit or size >= bytes then return page end
      page[#page + 1] = pos
      page[#page + 1] = head
      page[#page + 1] = raws[n] or ''
      page[#page + 1] = body
      taken, size = taken + 1, size + #body
      page[1] = pos
    end
    at = pos
  end
end
page[1] = at
return page
