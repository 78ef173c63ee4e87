-- What is purged is invisible at once, and removed later. Returns whether what was purged before is still to be removed.
if not last then return 0 end
if call('EXISTS', X) == 1 then
  if call('EXISTS', G) == 1 then return 1 end
  call('RENAME', X, G)
end
call('UNLINK', B, C, W, E)
call('HSET', I, 'purged', last)
call('ZADD', SH, 'LT', 0, queue)
return 0
