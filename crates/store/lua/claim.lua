-- Shuts out every holder with a lower fence and says where to go on: {position, as_of}, or
-- {-1, ''} when a later holder has been here. A checkpoint that is lost begins anew.
local have = redis.call('hmget', KEYS[1], 'position', 'fence', 'as_of')
if not have[1] then
    redis.call('hset', KEYS[1], 'position', 0, 'fence', ARGV[1], 'epoch', ARGV[2], 'as_of', '')
    return {0, ''}
end
if tonumber(have[2]) > tonumber(ARGV[1]) then
    return {-1, ''}
end
redis.call('hset', KEYS[1], 'fence', ARGV[1])
return {tonumber(have[1]), have[3] or ''}
