import { type Script, script } from './script.js';

/**
 * The Generic Cell Rate Algorithm, as `TokenBucket` has it, for several processes. All times are milliseconds since `epoch`, on Redis's clock.
 *
 * KEYS[1] is one value: `epoch version tat shift paused at apart`.
 * - `tat`: when the bucket will be full, in the bucket's own time, which is `shift` behind: a pause stops it. So every turn that was given out
 *   moves with a pause, and a process learns by one number how far those have moved that it has given to calls.
 * - `paused`: when the pause ends. `at`: the time of the last change.
 * - `apart`: how much of the limit replicas use which keep to their share, from 0, below 1. The bucket's own time goes that much more slowly for the others, so
 *   every turn that was given out moves with it, too.
 * - `version`: the number of changes. Who has seen a later one, or another epoch, tells a Redis that has forgotten some (FLUSHALL, a restart, a failover).
 *
 * KEYS[2] is a sorted set of places that were given back before their time, by the bucket's time: who asks next gets the soonest.
 */
const opened = (time: string) => `
local T, burst, keep = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = ${time}
local seen, seenVersion, seenTat, seenShift, seenPaused, seenAt =
  tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local epoch, version, tat, shift, paused, at, apart
local state = redis.call('GET', KEYS[1])
if state then
  epoch, version, tat, shift, paused, at, apart = string.match(state, '(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)')
  epoch, version, tat, shift, paused, at, apart =
    tonumber(epoch), tonumber(version), tonumber(tat), tonumber(shift), tonumber(paused), tonumber(at), tonumber(apart)
else
  epoch, version, tat, shift, paused, at, apart = math.floor(clock), 0, 0, 0, 0, 0, 0
end
-- Redis has forgotten something, or the process has not heard that it has: an epoch begins, so that each process tells once what it knows.
local isOther = seenVersion >= 0 and (epoch ~= seen or version < seenVersion)
if isOther then
  if epoch == seen then
    local from = epoch
    epoch = math.floor(clock)
    if epoch == from then epoch = from + 1 end
    tat, paused, at, shift = tat + shift + from - epoch, paused + from - epoch, at + from - epoch, 0
    redis.call('DEL', KEYS[2])
  end
  local step = clock - seen - seenAt
  if step > -1000 and step < 1000 then step = 0 end
  tat = math.max(tat, seenTat + seenShift + step + seen - epoch - shift)
  paused = math.max(paused, seenPaused + step + seen - epoch)
end
local now = clock - epoch
if now < at then
  if at - now > 1000 then
    tat, paused = tat - (at - now), paused - (at - now)
    at = now
    redis.call('DEL', KEYS[2])
  else
    now = at
  end
end
shift = shift + apart * (math.max(now, paused) - math.max(at, paused))
apart = tonumber(ARGV[10])
local free = math.max(now, paused) - shift
local function described()
  return string.format('%d %d %.17g %.17g %.17g %.17g %.17g', epoch, version, tat, shift, paused, now, apart)
end
local function close(answer)
  version = version + 1
  local ttl = math.ceil(math.max(paused - now, 0) + math.max(tat - free, 0) / (1 - apart) + keep)
  local written = described()
  redis.call('SET', KEYS[1], written, 'PX', ttl)
  return written .. answer
end
`;

/** ARGV[11]: how long it takes at least until the bucket is full; ARGV[12…]: how long each call can wait. Returns the state, and how long each has to. */
const RESERVE = `
if ARGV[11] ~= '0' then tat = math.max(tat, free + tonumber(ARGV[11])) end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. string.format('%.17g', free))
local answer = ''
for i = 12, #ARGV do
  local full = math.max(tat, free)
  local due = math.max(free, full - burst)
  local given
  if due > free then
    given = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
    if given and tonumber(given) < due then due = tonumber(given) else given = nil end
  end
  local wait = math.max(paused - now, 0) + (due - free) / (1 - apart)
  if wait < 0.001 then wait = 0 end
  if wait <= tonumber(ARGV[i]) then
    if given then redis.call('ZREM', KEYS[2], given) else tat = full + T end
  end
  answer = answer .. string.format(' %.17g', wait)
end
return close(answer)
`;

/** ARGV[11…]: the places, by the bucket's time. Those of another epoch are nobody's. */
const RELEASE = `
if isOther then return close('') end
for i = 11, #ARGV do
  local due = tonumber(ARGV[i])
  if due > tat - burst - T - 0.001 then
    tat = tat - T
    local last = redis.call('ZREVRANGE', KEYS[2], 0, 0)[1]
    while last and tonumber(last) > tat - burst - T - 0.001 do
      redis.call('ZREM', KEYS[2], last)
      tat = tat - T
      last = redis.call('ZREVRANGE', KEYS[2], 0, 0)[1]
    end
  elseif due > free then
    local place = string.format('%.17g', due)
    redis.call('ZADD', KEYS[2], place, place)
    redis.call('PEXPIRE', KEYS[2], math.ceil(tat - free + keep))
  end
end
return close('')
`;

/** ARGV[11]: for how long. */
const PAUSE = `
local from = math.max(now, paused)
local ending = now + tonumber(ARGV[11])
if ending > from then
  tat = math.max(tat, from - shift)
  shift = shift + (ending - from)
  paused = ending
end
return close('')
`;

const RESUME = `
if paused > now then
  shift = shift - (paused - now)
  paused = now
end
return close('')
`;

const LOOK = `return described()`;

export interface QuotaScripts {
  readonly reserve: Script;
  readonly release: Script;
  readonly pause: Script;
  readonly resume: Script;
  readonly look: Script;
}

/** @param time in Lua: milliseconds since 1970. A test passes its own. */
export function quotaScripts(time = REDIS_TIME): QuotaScripts {
  const of = (body: string) => script(opened(time) + body);
  return { reserve: of(RESERVE), release: of(RELEASE), pause: of(PAUSE), resume: of(RESUME), look: of(LOOK) };
}

const REDIS_TIME = `(function() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end)()`;
