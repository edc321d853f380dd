// Every example of the targeting specification, through a running server: set up by mutations, sent as trackEvent.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { graphql } from '../../src/generated/operations/index.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

interface CaseEvent {
  name: string
  person: string
  at: string
  hints?: Record<string, unknown>
  data?: Record<string, unknown>
}

type Step = { event: CaseEvent } | { state: { campaign: string; to: string } }

interface Case {
  name: string
  world: string
  before: Step[]
  event: CaseEvent
  expect: Record<string, unknown>
}

interface World {
  programs: { id: string; labels: string[] }[]
  campaigns: { id: string; program: string; journeys: Record<string, unknown>[] }[]
  codes: { kind: string; code: string; campaign?: string; program?: string; label?: string; advocate?: string }[]
}

const { worlds, cases } = JSON.parse(readFileSync(path.join(import.meta.dirname, '../core/cases.json'), 'utf8')) as {
  worlds: Record<string, World>
  cases: Case[]
}

const CreateProgram = graphql(`
  mutation CaseProgram($input: CreateProgramInput!) { createProgram(input: $input) { program { id } } }
`)
const CreateCampaign = graphql(`
  mutation CaseCampaign($input: CreateCampaignInput!) { createCampaign(input: $input) { campaign { id } } }
`)
const ChangeState = graphql(`
  mutation CaseState($input: ChangeCampaignStateInput!) { changeCampaignState(input: $input) { campaign { id } } }
`)
const CreateCoupon = graphql(`
  mutation CaseCoupon($input: CreateCouponInput!) { createCoupon(input: $input) { coupon { id } } }
`)
const CreateShare = graphql(`
  mutation CaseShare($input: CreateShareInput!) { createShare(input: $input) { share { id } } }
`)
const CreateAdvocateCode = graphql(`
  mutation CaseAdvocateCode($input: CreateAdvocateCodeInput!) { createAdvocateCode(input: $input) { advocateCode { id } } }
`)
const CreatePromoLink = graphql(`
  mutation CasePromoLink($input: CreatePromoLinkInput!) { createPromoLink(input: $input) { promoLink { id } } }
`)
const TrackEvent = graphql(`
  mutation CaseEvent($input: TrackEventInput!) {
    trackEvent(input: $input) {
      attribution {
        status quality decidedBy reason reasonDetail
        campaign { name } journey { id name } advocate { sourceId }
        warnings { code }
      }
    }
  }
`)
const Preview = graphql(`
  query CasePreview($input: TrackEventInput!) {
    previewTargeting(input: $input) { quality decidedBy reason reasonDetail campaign { name } journeyName advocate { sourceId } warnings { code } }
  }
`)

/** The case's world, built in an account of its own. */
class Stage {
  readonly #caller: Caller
  readonly #programs = new Map<string, string>()
  readonly #campaigns = new Map<string, string>()

  constructor(caller: Caller) {
    this.#caller = caller
  }

  // The cases' own names and shapes are data here; the server checks them, not the compiler.
  #send(document: { toString(): string }, input: object) {
    return this.#caller.query(String(document), { input })
  }

  async build({ programs, campaigns, codes }: World): Promise<void> {
    for (const { id, labels } of programs) {
      const { createProgram } = await this.#send(CreateProgram, { name: id, labels })
      this.#programs.set(id, createProgram.program.id)
    }
    for (const { id, program, journeys } of campaigns) {
      const input = { programId: this.#programs.get(program), name: id, journeys }
      const { createCampaign } = await this.#send(CreateCampaign, input)
      this.#campaigns.set(id, createCampaign.campaign.id)
      await this.changeState(id, 'LIVE')
    }
    for (const code of codes) await this.#createCode(code)
  }

  async changeState(campaign: string, state: string): Promise<void> {
    await this.#send(ChangeState, { campaignId: this.#campaigns.get(campaign), state })
  }

  async #createCode({ kind, code, label, ...at }: World['codes'][number]): Promise<void> {
    const advocate = at.advocate ? { sourceId: at.advocate } : undefined
    const campaignId = at.campaign ? this.#campaigns.get(at.campaign) : undefined
    const programId = at.program ? this.#programs.get(at.program) : undefined
    const byKind: Record<string, [{ toString(): string }, object]> = {
      COUPON: [CreateCoupon, { code, campaignIds: [campaignId], advocate }],
      SHARE: [CreateShare, { shareId: code, campaignId, advocate }],
      ADVOCATE_CODE: [CreateAdvocateCode, { code, programId, campaignId, advocate }],
      PROMO_LINK: [CreatePromoLink, { code, label, campaignId }],
    }
    const [document, input] = byKind[kind] ?? []
    if (!document || !input) throw new Error(`no such kind of code: ${kind}`)
    await this.#send(document, input)
  }

  /** The event as an integrator would send it, the case's names replaced by ids. */
  input({ name, person, at, hints = {}, data }: CaseEvent) {
    const { couponCode, shareId, advocateCode, require, journeyCampaignId, ...rest } = hints
    return {
      name,
      profile: { sourceId: person },
      occurredAt: at,
      data: data && this.#named(data),
      targeting: {
        ...rest,
        ...(couponCode ? { couponCodes: [String(couponCode)] } : {}),
        ...(shareId ? { shareIds: [String(shareId)] } : {}),
        ...(advocateCode ? { advocateCodes: [String(advocateCode)] } : {}),
        ...(journeyCampaignId ? { journeyCampaignId: this.#campaigns.get(String(journeyCampaignId)) } : {}),
        ...(require ? { require: this.#targets(require as { kind: string; value: string }[]) } : {}),
      },
    }
  }

  #targets(targets: { kind: string; value: string }[]) {
    return targets.map(({ kind, value }) => ({ kind, value: this.#campaigns.get(value) ?? value }))
  }

  #named(data: Record<string, unknown>): Record<string, unknown> {
    const target = /^campaign_id:(.*)$/.exec(String(data.target ?? ''))
    return target ? { ...data, target: `campaign_id:${this.#campaigns.get(target[1] ?? '')}` } : data
  }

  async track(event: CaseEvent) {
    const { trackEvent } = await this.#send(TrackEvent, this.input(event))
    return trackEvent.attribution
  }

  async preview(event: CaseEvent) {
    const { previewTargeting } = await this.#send(Preview, this.input(event))
    return previewTargeting
  }
}

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

describe('the examples of the targeting specification hold on a running server, and a preview says the same', () => {
  it.each(cases.map((each) => [each.name, each] as const))(
    '%s',
    async (_name, { world, before, event, expect: expected }) => {
      const stage = new Stage(await server.otherAccount())
      const setting = worlds[world]
      if (!setting) throw new Error(`no world ${world}`)
      await stage.build(setting)
      const journeys: (string | undefined)[] = []
      for (const step of before) {
        if ('state' in step) await stage.changeState(step.state.campaign, step.state.to)
        journeys.push('event' in step ? (await stage.track(step.event)).journey?.id : undefined)
      }

      const preview = await stage.preview(event)
      const attribution = await stage.track(event)

      for (const [field, value] of Object.entries(expected)) {
        if (field === 'campaign')
          expect([attribution.campaign?.name ?? null, preview.campaign?.name ?? null]).toEqual([value, value])
        else if (field === 'advocate')
          expect([attribution.advocate?.sourceId ?? null, preview.advocate?.sourceId ?? null]).toEqual([value, value])
        else if (field === 'journey') expect([attribution.journey.name, preview.journeyName]).toEqual([value, value])
        else if (field === 'detail') expect([attribution.reasonDetail, preview.reasonDetail]).toEqual([value, value])
        else if (field === 'sameJourneyAsStep') expect(attribution.journey.id).toBe(journeys[Number(value)])
        else if (field === 'warnings') {
          const codes = attribution.warnings.map(({ code }: { code: string }) => code)
          expect(codes).toEqual(expect.arrayContaining(value as string[]))
          expect(preview.warnings.map(({ code }: { code: string }) => code)).toEqual(codes)
        } else expect([attribution[field], preview[field]]).toEqual([value, value])
      }
    },
  )
})
