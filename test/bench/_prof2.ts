import * as d from './decide.ts'
import { ask } from '../../src/core/targeting/question.ts'
const { ours } = (d as any).__forProfile()
const N = ours.events.length
const { rules, world, events } = ours
const t = (name: string, n: number, f: (i: number) => any) => {
  let best = 1e9
  for (let r = 0; r < 4; r++) { const u0 = process.cpuUsage(); for (let i = 0; i < n; i++) f(i % N); const u = process.cpuUsage(u0); best = Math.min(best, (u.user + u.system) / n) }
  console.log(name, best.toFixed(2))
}
const qs = events.map((e: any) => ask(e, world, rules))
t('ask', 100000, (i) => ask(events[i], world, rules))
let s = 0
t('predicates', 20000, (i) => { const q = qs[i]; const fl = rules.plans.get(events[i].name).flows; for (let k = 0; k < fl.length; k++) s += fl[k].entry(q) })
t('predicates fresh question', 20000, (i) => { const q = ask(events[i], world, rules); const fl = rules.plans.get(events[i].name).flows; for (let k = 0; k < fl.length; k++) s += fl[k].entry(q) })
t('loop only', 20000, (i) => { const fl = rules.plans.get(events[i].name).flows; for (let k = 0; k < fl.length; k++) s += fl[k].isStart ? 1 : 0 })
let terms = 0, ev = 0
for (let i = 0; i < 100; i++) terms += rules.plans.get(events[i].name).flows.length
console.log('flows/event', terms / 100)
import { sweepAll, sweepForWinner } from '../../src/core/targeting/sweep.ts'
import { Marks, packSwept } from '../../src/core/targeting/stored-trace.ts'
import { decideToStore, choose } from '../../src/core/targeting/decide.ts'
import { rank } from '../../src/core/targeting/rank.ts'
import { attributed } from '../../src/core/targeting/answer.ts'
import { newCandidate } from '../../src/core/targeting/candidates.ts'
t('marks', 20000, (i) => new Marks(rules.plans.get(events[i].name)))
t('sweepAll', 20000, (i) => { const p = rules.plans.get(events[i].name); return sweepAll(qs[i], p, new Marks(p).marks) })
t('sweepForWinner', 20000, (i) => { const p = rules.plans.get(events[i].name); return sweepForWinner(qs[i], p) })
const sw = qs.map((q: any, i: number) => { const p = rules.plans.get(events[i].name); const m = new Marks(p); return [sweepAll(q, p, m.marks), m] })
const rk = (i: number) => rank(qs[i], [...sw[i][0].known.candidates, ...sw[i][0].fresh.map((f: any) => newCandidate(qs[i], f))])
t('rank', 20000, rk)
const rs = qs.map((_: any, i: number) => rk(i))
t('attributed', 20000, (i) => rs[i][0] && attributed(qs[i], sw[i][0].known, { winner: rs[i][0].candidate, decidedBy: 'ONLY_CANDIDATE' }))
t('pack', 20000, (i) => packSwept(qs[i], new Marks(rules.plans.get(events[i].name)), { swept: sw[i][0], ranked: rs[i] }))
t('decideToStore', 20000, (i) => decideToStore(events[i], world, rules))
t('choose', 20000, (i) => choose(events[i], world, rules))
