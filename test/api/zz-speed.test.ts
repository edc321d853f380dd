import { expect, test } from 'vitest'
import { addCampaign } from '../support/brand.ts'
import { startServer } from '../support/server.ts'
test('speed', { timeout: 400000 }, async () => {
  const server = await startServer()
  const p = (await server.query('mutation ($input: CreateProgramInput!) { createProgram(input: $input) { program { id } } }', { input: { name: 'P' } })).createProgram.program.id
  const ids: string[] = []
  for (let c = 0; c < 10; c++) ids.push(await addCampaign(server, { programId: p, name: `C${c}`, journeys: [{ name: 'f', role: 'FRIEND', priority: 50 + c, events: ['click', 'signup', 'purchase'] }, { name: 'p', role: 'PARTICIPANT', priority: c, events: ['click', 'signup', 'purchase'], entry: c % 2 ? { event: { name: 'click', atMost: 3 } } : undefined }] } as never))
  for (let a = 0; a < 20; a++) await server.query('mutation ($input: CreateAdvocateCodeInput!) { createAdvocateCode(input: $input) { advocateCode { code } } }', { input: { code: `A${a}`, advocate: { sourceId: `adv${a}` }, programId: p } })
  const N = Number(process.env.EVENTS ?? 6000)
  for (let i = 0; i < N; i += 500) {
    const events = Array.from({ length: 500 }, (_, k) => { const n = i + k; return { name: ['click', 'signup', 'purchase'][n % 3], profile: { sourceId: `p${(n * 7919) % (N / 4)}` }, data: { total: 5, currency: 'EUR', note: 'x'.repeat(200) }, ...(n % 5 ? {} : { targeting: { advocateCodes: [`A${n % 20}`] } }) } })
    await server.query('mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { index } } }', { input: { events } })
  }
  const { database } = server.app.services
  const times = new Map<string, number>()
  const tr = database.transaction.bind(database)
  Object.assign(database, { transaction: (work: any) => tr((tx: any) => work(new Proxy(tx, { get: (t: any, k) => k === '$queryRaw' ? async (...a: any[]) => { const t0 = performance.now(); const r = await t.$queryRaw(...a); const key = String(a[0].join('?')).replace(/\s+/g, ' ').slice(0, 110); times.set(key, (times.get(key) ?? 0) + performance.now() - t0); return r } : t[k] }))) })
  const doc = `query ($input: ReplayTargetingInput!) { replayTargeting(input: $input) { total same changed drifted } }`
  const range = { from: new Date(Date.now() - 3600000).toISOString(), to: new Date(Date.now() + 3600000).toISOString() }
  for (const w of [[]]) {
    for (let r = 0; r < 1; r++) {
      let peak = 0
      const timer = setInterval(() => { peak = Math.max(peak, process.memoryUsage().heapUsed) }, 20)
      ;(globalThis as { gc?: () => void }).gc?.()
      const base = process.memoryUsage().heapUsed
      const t0 = performance.now()
      const { replayTargeting } = await server.query(doc, { input: { ...range, with: w } })
      const ms = performance.now() - t0
      clearInterval(timer)
      console.log(w.length, JSON.stringify(replayTargeting), Math.round(ms), 'ms', Math.round((replayTargeting.total / ms) * 1000), '/s', 'heap', Math.round(base / 1e6), '->', Math.round(peak / 1e6))
    }
  }
  console.log([...times].sort((a, b) => b[1] - a[1]).slice(0, 8).map(([k, v]) => `${Math.round(v)} ${k}`).join('\n'))
  expect(1).toBe(1)
  await server.stop()
})
