import type { Redis } from 'ioredis';

/** Not for one whose lease somebody else has. A lease that has run out, as in a process that was kept waiting, is still its own. */
const UNLESS_LOST = `
      local holder = redis.call('GET', KEYS[1])
      if holder and holder ~= ARGV[1] then return`;

/** Each is one step for everybody: nothing comes in between. */
const SCRIPTS = {
  // The next try of the same job takes the lease from one that is gone.
  takeSlice: {
    numberOfKeys: 2,
    lua: `
      local held = redis.call('GET', KEYS[1])
      if held and string.sub(held, 1, #ARGV[3]) ~= ARGV[3] then
        redis.call('HINCRBY', KEYS[2], 'skipped', 1)
        return 0
      end
      redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
      return 1`,
  },
  keepSlice: {
    numberOfKeys: 1,
    lua: `
      ${UNLESS_LOST} 0 end
      redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
      return 1`,
  },
  releaseSlice: {
    numberOfKeys: 2,
    lua: `
      ${UNLESS_LOST} 0 end
      redis.call('DEL', KEYS[1])
      if ARGV[3] == '' then return 1 end
      local run = cjson.decode(ARGV[3])
      run.runs = redis.call('HINCRBY', KEYS[2], 'runs', 1)
      run.skipped = tonumber(redis.call('HGET', KEYS[2], 'skipped') or 0)
      redis.call('PUBLISH', ARGV[2], cjson.encode({ run = run }))
      return 1`,
  },
  // Alerts by the rule of isAlert: whoever changes the state tells, and nobody else can.
  recordPings: {
    lua: `
      ${UNLESS_LOST} {} end
      local alerts = {}
      for place = 3, #KEYS do
        local first = 5 + (place - 3) * 5
        local id, state, at, fallback, entry = unpack(ARGV, first, first + 4)
        local known = redis.call('HGET', KEYS[2], id)
        local before = known and string.match(known, '^%a+') or fallback
        if not known or before ~= state then redis.call('HSET', KEYS[2], id, state .. ' ' .. at) end
        if (before == 'down') ~= (state == 'down') then table.insert(alerts, id) end
        redis.call('RPUSH', KEYS[place], entry)
        redis.call('LTRIM', KEYS[place], -tonumber(ARGV[2]), -1)
      end
      local list = #alerts > 0 and '["' .. table.concat(alerts, '","') .. '"]' or '[]'
      redis.call('PUBLISH', ARGV[3], '{"alerts":' .. list .. ',' .. string.sub(ARGV[4], 2))
      return alerts`,
  },
  beatReplica: {
    numberOfKeys: 2,
    lua: `
      local time = redis.call('TIME')
      local now = time[1] * 1000 + math.floor(time[2] / 1000)
      redis.call('ZADD', KEYS[1], now, ARGV[1])
      redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
      return { redis.call('ZCARD', KEYS[1]), redis.call('GET', KEYS[2]) or '' }`,
  },
} as const;

type Strings = (string | number)[];

/** A client with the scripts of the monitor. */
export interface MonitorRedis extends Redis {
  /** @returns 0: another job has it */
  takeSlice(lease: string, totals: string, owner: string, lockMs: number, job: string): Promise<number>;
  /** @returns 0: the owner has lost it */
  keepSlice(lease: string, owner: string, lockMs: number): Promise<number>;
  /** @param run JSON of a `SliceRun` that is over; empty: it is given back */
  releaseSlice(lease: string, totals: string, owner: string, channel: string, run: string): Promise<number>;
  /** @returns ids of the endpoints that are down now, or not any more; nothing is kept of an owner who has lost the lease */
  recordPings(numberOfKeys: number, ...keysAndArguments: Strings): Promise<string[]>;
  /** @returns how many processes there are, and what the schedule was made from */
  beatReplica(replicas: string, schedule: string, replica: string, staleMs: number): Promise<[number, string]>;
}

export function withCommands(redis: Redis): MonitorRedis {
  for (const [name, script] of Object.entries(SCRIPTS)) redis.defineCommand(name, script);
  return redis as MonitorRedis;
}
