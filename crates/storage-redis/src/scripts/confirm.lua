-- Puts an attempt to send a request to confirm on record.
if is_live then note_attempt(ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]) end
return 0
