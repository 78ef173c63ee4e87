local refused = not_arriving(ARGV[7])
if refused then return refused end
