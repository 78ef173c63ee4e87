-- Returns how many messages there are and how many of them are claimed, and from both ends the first that is found: position
-- and head, or where to look on.
if not last then return {0, 0} end
local function first(command, from, to)
  for _ = 1, 10 do
    local entries = call(command, M, from, to, 'COUNT', 100)
    local positions = {}
    for n, entry in ipairs(entries) do positions[n] = position(entry) end
    local raws = values('HMGET', S, positions)
    for n, entry in ipairs(entries) do
      if is_visible(positions[n], state(raws[n], entry[2][2])) then return {positions[n], entry[2][2]} end
    end
    if #entries < 100 then return {} end
    from = '(0-' .. positions[#positions]
  end
  return {tonumber(from:sub(4))}
end
local up, down = ARGV[3], ARGV[4]
return {
  call('ZCOUNT', X, '(' .. ARGV[1], '+inf'),
  call('ZCOUNT', C, '(' .. ARGV[1], '+inf'),
  first('XRANGE', '(0-' .. math.max(tonumber(up), purged), '+'),
  first('XREVRANGE', down == '' and '+' or '(0-' .. down, '(0-' .. purged),
}
