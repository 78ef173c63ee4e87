-- The queue stays in use.
if not is_exported_by(ARGV[3]) then return 0 end
forget_export(KEYS[22])
into_indexes()
return 0
