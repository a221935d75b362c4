-- Values and checkpoint together, or nothing: 1 when written, 0 when the checkpoint is not the
-- expected one. ARGV: expected position, fence, epoch, new position, as_of, then operations.
local have = redis.call('hmget', KEYS[1], 'position', 'fence', 'epoch')
if have[1] ~= ARGV[1] or have[2] ~= ARGV[2] or have[3] ~= ARGV[3] then
    return 0
end

-- Takes a row's key out of its span, and the span out of the list with its last row.
local function leave(spans, prefix, span, key)
    redis.call('srem', prefix .. span, key)
    if redis.call('exists', prefix .. span) == 0 then
        redis.call('zrem', spans, span)
    end
end

local function span_of(rows, key)
    local held = redis.call('hget', rows, key)
    return held and string.match(held, '^%d+\t%d+\t([^\t]*)\t')
end

local at = 6
while at <= #ARGV do
    local operation = ARGV[at]
    if operation == 'row' then
        local rows, spans, prefix, key, span = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5]
        local before = span_of(rows, key)
        if before ~= span then
            if before then leave(spans, prefix, before, key) end
            redis.call('sadd', prefix .. span, key)
            redis.call('zadd', spans, 0, span)
        end
        redis.call('hset', rows, key, ARGV[at + 6])
        at = at + 7
    elseif operation == 'gone' then
        local rows, spans, prefix, key = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
        local before = span_of(rows, key)
        if before then
            leave(spans, prefix, before, key)
            redis.call('hdel', rows, key)
        end
        at = at + 5
    elseif operation == 'hset' or operation == 'zadd' then
        redis.call(operation, ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
        at = at + 4
    elseif operation == 'hdel' then
        redis.call('hdel', ARGV[at + 1], ARGV[at + 2])
        at = at + 3
    else
        return redis.error_reply('PLIMSOLL unknown operation in a commit')
    end
end
redis.call('hset', KEYS[1], 'position', ARGV[4], 'as_of', ARGV[5])
return 1
