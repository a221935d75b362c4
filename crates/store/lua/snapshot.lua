-- Rows of a range of spans with the position they stand for:
-- {count or -1 for too many, position, as_of, meta, {key, value, key, value ...}}.
-- ARGV: metas, tenant, rows, spans, prefix of spans' sets, most rows, first span, last span.
local have = redis.call('hmget', KEYS[1], 'position', 'as_of')
local position, as_of = tonumber(have[1] or 0), have[2] or ''
local meta = redis.call('hget', ARGV[1], ARGV[2]) or ''
local rows, most = ARGV[3], tonumber(ARGV[6])

if ARGV[7] == '-' and ARGV[8] == '+' then
    if redis.call('hlen', rows) > most then
        return {-1, position, as_of, meta, {}}
    end
    local all = redis.call('hgetall', rows)
    return {#all / 2, position, as_of, meta, all}
end

local spans = redis.call('zrangebylex', ARGV[4], ARGV[7], ARGV[8])
local count = 0
for _, span in ipairs(spans) do
    count = count + redis.call('scard', ARGV[5] .. span)
end
if count > most then
    return {-1, position, as_of, meta, {}}
end
local flat = {}
for _, span in ipairs(spans) do
    local keys = redis.call('smembers', ARGV[5] .. span)
    -- In steps: a Lua call takes a limited number of arguments.
    for first = 1, #keys, 1000 do
        local last = math.min(first + 999, #keys)
        local values = redis.call('hmget', rows, unpack(keys, first, last))
        for i, value in ipairs(values) do
            flat[#flat + 1] = keys[first + i - 1]
            flat[#flat + 1] = value
        end
    end
end
return {count, position, as_of, meta, flat}
