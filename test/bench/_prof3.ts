import * as d from './decide.ts'
import { ask } from '../../src/core/targeting/question.ts'
import { sweepAll, sweepForWinner } from '../../src/core/targeting/sweep.ts'
import { Marks } from '../../src/core/targeting/stored-trace.ts'
const { ours } = (d as any).__forProfile()
const { rules, world, events } = ours
const t = (name: string, n: number, N: number, f: (i: number) => any) => {
  let best = 1e9
  for (let r = 0; r < 4; r++) { const u0 = process.cpuUsage(); for (let i = 0; i < n; i++) f(i % N); const u = process.cpuUsage(u0); best = Math.min(best, (u.user + u.system) / n) }
  console.log(name, best.toFixed(2))
}
for (const k of [0, 1, 2, 3, 4]) {
  const qs = events.map((e: any) => ask(e, world, rules)).filter((q: any) => q.person.journeys.length === k)
  t(`predicates ${k}`, 20000, qs.length, (i) => { let s = 0; const q = qs[i]; const fl = rules.plans.get(q.event.name).flows; for (let j = 0; j < fl.length; j++) s += fl[j].entry(q); return s })
  t(`sweepAll ${k} journeys`, 20000, qs.length, (i) => { const p = rules.plans.get(qs[i].event.name); return sweepAll(qs[i], p, new Marks(p).marks) })
  t(`sweepForWinner ${k} journeys`, 20000, qs.length, (i) => { const p = rules.plans.get(qs[i].event.name); return sweepForWinner(qs[i], p) })
}
