import { choose, decideToStore } from '../../src/core/targeting/decide.ts'
import * as d from './decide.ts'
import { loopOverEveryCandidate, loopWithEarlyExit } from './decide-peers.ts'
const { ours, workload } = (d as any).__forProfile()
const le = loopOverEveryCandidate(workload), lx = loopWithEarlyExit(workload)
const N = ours.events.length
const cases: Record<string, (i: number) => any> = {
  every: (i) => le(workload.people[workload.events[i].person], workload.events[i]),
  exit: (i) => lx(workload.people[workload.events[i].person], workload.events[i]),
  choose: (i) => choose(ours.events[i], ours.world, ours.rules),
  decide: (i) => decideToStore(ours.events[i], ours.world, ours.rules),
}
const only = process.argv[2]?.split(',') ?? Object.keys(cases)
const res: Record<string, number[]> = {}
for (let r = 0; r < 4; r++) for (const k of only) {
  const f = cases[k]!, n = k === 'exit' ? 400000 : 60000
  const u0 = process.cpuUsage()
  for (let i = 0; i < n; i++) f(i % N)
  const u = process.cpuUsage(u0)
  if (r) (res[k] ??= []).push((u.user + u.system) / n)
}
const med = (k: string) => res[k]!.sort((a, b) => a - b)[1]!
for (const k of only) console.log(k.padEnd(8), med(k).toFixed(2), 'µs CPU')
if (only.length === 4) console.log('ratios', (med('every') / med('decide')).toFixed(3), (med('exit') / med('choose')).toFixed(3))
