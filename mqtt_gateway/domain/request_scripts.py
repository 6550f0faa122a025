"""The steps of `request_store` that are one step or none, in Redis' Lua. Nothing here calls Redis by itself.

In the ring is who has a task that waits and room for it. Each step keeps that true, so taking a turn never searches.
"""

TAKE = """
local record, packets, open, total, waiting, running, ring = unpack(KEYS)
local task, digest, request, client, packet, again, pending, seconds = unpack(ARGV, 1, 8)
local most_running, most_waiting, most_total = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
if pending ~= '' then
  local known = redis.call('GET', record)
  if known then return {'known', known} end
elseif packet ~= '' and again == '1' and redis.call('HGET', packets, packet) == digest then
  return {'known', false}
end
local length = redis.call('LLEN', waiting)
local at_once = length == 0 and redis.call('SCARD', running) < most_running
if not at_once and (length >= most_waiting or tonumber(redis.call('GET', total) or '0') >= most_total) then
  return {'full', false}
end
if pending ~= '' then
  redis.call('SET', record, pending, 'EX', seconds)
elseif packet ~= '' then
  redis.call('HSET', packets, packet, digest)
end
redis.call('HSET', open, task, request)
if at_once then
  redis.call('SADD', running, task)
  return {'run', false}
end
redis.call('RPUSH', waiting, task)
redis.call('INCR', total)
if length == 0 and redis.call('SCARD', running) < most_running then redis.call('RPUSH', ring, client) end
return {'waits', false}
"""

NEXT = """
local ring, total, open, running_of = unpack(KEYS)
local most_running = tonumber(ARGV[1])
local client = redis.call('LPOP', ring)
while client do
  local waiting, running = total .. ':' .. client, running_of .. ':' .. client
  local task = redis.call('SCARD', running) < most_running and redis.call('LPOP', waiting)
  if task then
    redis.call('DECR', total)
    local request = redis.call('HGET', open, task)
    if request then redis.call('SADD', running, task) end
    if redis.call('LLEN', waiting) > 0 and redis.call('SCARD', running) < most_running then
      redis.call('RPUSH', ring, client)
    end
    if request then return request end
  end
  client = redis.call('LPOP', ring)
end
return false
"""

ANSWERED = """
local record, running, waiting, ring, answered, bytes = unpack(KEYS)
local task, client, kept, seconds = unpack(ARGV, 1, 4)
local most_running, most_answers, most_bytes = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
if redis.call('SREM', running, task) == 0 then return end
if redis.call('LLEN', waiting) > 0 and redis.call('SCARD', running) == most_running - 1 then
  redis.call('RPUSH', ring, client)
end
if kept == '' then return end
redis.call('SET', record, kept, 'EX', seconds)
redis.call('RPUSH', answered, #kept .. ' ' .. record)
redis.call('EXPIRE', answered, seconds)
local used = redis.call('INCRBY', bytes, #kept)
redis.call('EXPIRE', bytes, seconds)
while redis.call('LLEN', answered) > most_answers or (used > most_bytes and redis.call('LLEN', answered) > 1) do
  local size, oldest = string.match(redis.call('LPOP', answered), '^(%d+) (.*)$')
  redis.call('DEL', oldest)
  used = redis.call('DECRBY', bytes, tonumber(size))
end
"""
