-- Holds back deliveries, or only retries.
if own[2] == '1' and last then
  if ARGV[6] == 'all' then call('HSET', Z, 'paused', ARGV[7]) end
  call('HSET', Z, 'retries', ARGV[7])
  touch()
end
return 0
