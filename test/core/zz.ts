import { Stage } from '/work/main/test/core/stage.ts'
import { decide } from '/work/main/src/core/targeting/decide.ts'
const run = (campaigns: number, supporters: number, hints: object, label: string) => {
  const stage = new Stage({ programs: [{ id: 'P', labels: ['x'] }], codes: [{kind:'COUPON',code:'CA',campaign:'c1',advocate:'X'}], campaigns: Array.from({ length: campaigns }, (_, i) => ({ id: 'c' + i, program: 'P', journeys: [{ name: 'flow', role: 'PARTICIPANT' as const, priority: i % 7, events: i < supporters ? ['purchase'] : ['visit'], entry: { field: { field: 'tier', op: 'IN' as const, value: ['gold', 'silver'] } } }, { name: 'friend', role: 'FRIEND' as const, events: i < supporters ? ['purchase'] : ['visit']}] })) })
  stage.person('F').fields = { tier: 'gold' }
  for (let i = 0; i < 5; i++) stage.send({ name: 'purchase', person: 'F', at: `2026-03-0${i + 1}T00:00:00Z`, hints: { journeyCampaignId: 'c' + i } })
  const event = stage.event({ name: 'purchase', person: 'F', at: '2026-03-09T00:00:00Z', hints })
  event.data
  for (let i = 0; i < 3000; i++) decide(event, stage.world, stage.rules)
  const n = 20000; const t = performance.now(); let size = 0
  for (let i = 0; i < n; i++) size += decide(event, stage.world, stage.rules).trace.candidates.length
  const us = (performance.now() - t) / n * 1000
  const d = decide(event, stage.world, stage.rules)
  console.log(label, us.toFixed(1), 'µs', JSON.stringify(d.trace).length, 'bytes of trace', d.status, d.decidedBy)
}
run(5, 3, {}, '5 campaigns, 3 supporting')
run(5, 3, { couponCode: 'CA' }, '5 campaigns, coupon')
run(20, 10, {}, '20/10')
run(200, 10, {}, '200/10')
run(5000, 10, {}, '5000/10')
run(200, 60, {}, '200/60')
