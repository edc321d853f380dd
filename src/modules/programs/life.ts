// The life of a campaign: its states, and its revisions from draft to published.

import type { Context } from '../../context.ts'
import { conflict, notFound } from '../../errors.ts'
import type { CampaignState } from '../../generated/prisma/client.ts'
import { idInput } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { keepMark } from '../memberships/mark-sql.ts'
import { bumpRules, publishDraft } from './sql.ts'

/** Where a campaign may go from each state. */
const transitions: Record<CampaignState, readonly CampaignState[]> = {
  DRAFT: ['LIVE', 'ARCHIVED'],
  LIVE: ['PAUSED', 'ENDED', 'STOPPED'],
  PAUSED: ['LIVE', 'ENDED', 'STOPPED'],
  ENDED: ['ARCHIVED'],
  STOPPED: ['ARCHIVED'],
  ARCHIVED: [],
}

export interface ChangeCampaignStateInput {
  campaignId: string | number
  state: CampaignState
}

/**
 * Moves a campaign to another state; returns its id. Going live for the first time publishes its revision; later a draft
 * revision stays one. CONFLICT, with the legal moves, for an illegal one.
 */
export async function changeCampaignState(context: Context, input: ChangeCampaignStateInput): Promise<string> {
  const { state } = input
  return onCampaign(context, input.campaignId, async ({ tx, accountId, campaign, version, at }) => {
    if (!transitions[campaign.state].includes(state)) {
      const open = transitions[campaign.state].join(' or ') || 'nowhere'
      throw conflict(`a campaign cannot go from ${campaign.state} to ${state}, only to ${open}`, 'input.state')
    }
    const { id } = campaign
    const isFirst = state === 'LIVE' && campaign.firstLiveAt === null
    const firstLiveAt = isFirst ? await nextFirstLiveAt(tx, accountId, at) : undefined
    await tx.campaign.update({
      where: { accountId_id: { accountId, id } },
      data: { state, firstLiveAt },
      select: { id: true },
    })
    await tx.campaignStateChange.create({ data: { accountId, campaignId: id, version, state, at } })
    if (isFirst) await publishDraft(tx, accountId, { campaignId: id, version, at })
  })
}

/** Publishes the draft revision of a LIVE or PAUSED campaign; returns its id. CONFLICT where there is none, and in another state. */
export function publishCampaign(context: Context, input: { campaignId: string | number }): Promise<string> {
  return onCampaign(context, input.campaignId, async ({ tx, accountId, campaign: { id, state }, version, at }) => {
    if (state !== 'LIVE' && state !== 'PAUSED') {
      const instead = state === 'DRAFT' ? '; it is published when it goes LIVE' : ''
      throw conflict(`a campaign that is ${state} cannot be published${instead}`, 'input.campaignId')
    }
    const published = await publishDraft(tx, accountId, { campaignId: id, version, at })
    if (published === 0) throw conflict('there is no draft to publish', 'input.campaignId')
  })
}

/** Removes the draft revision of a campaign that was published before; returns its id. CONFLICT where there is none to remove. */
export function discardDraft(context: Context, input: { campaignId: string | number }): Promise<string> {
  return onCampaign(context, input.campaignId, async ({ tx, accountId, campaign: { id, firstLiveAt } }) => {
    if (firstLiveAt === null) throw conflict('it was never published; its draft is all there is', 'input.campaignId')
    const where = { accountId, campaignId: id, publishedAt: null }
    const draft = await tx.campaignRevision.findFirst({ where, select: { number: true } })
    if (!draft) throw conflict('there is no draft to discard', 'input.campaignId')
    await tx.journeyDefinition.deleteMany({ where: { accountId, campaignId: id, revision: draft.number } })
    await tx.campaignRevision.deleteMany({ where })
  })
}

interface Work {
  tx: Transaction
  accountId: string
  campaign: { id: string; state: CampaignState; firstLiveAt: Date | null }
  /** Of the rules, when the work is done. */
  version: number
  at: Date
}

/** Does the work on a campaign that nobody else changes meanwhile; returns its id. NOT_FOUND for one that the account does not have. */
async function onCampaign(context: Context, campaignId: string | number, work: (work: Work) => Promise<void>) {
  const { accountId, services, now: at } = context
  const id = idInput('Campaign', campaignId, 'input.campaignId')
  await services.database.transaction(async (tx) => {
    const version = await bumpRules(tx, accountId)
    const campaign = await tx.campaign.findUnique({
      where: { accountId_id: { accountId, id } },
      select: { id: true, state: true, firstLiveAt: true },
    })
    if (!campaign) throw notFound(`no campaign ${id}`, 'input.campaignId')
    await work({ tx, accountId, campaign, version, at })
    await keepMark(tx, accountId)
  })
  return id
}

/** Now, or the millisecond after the newest first go-live: targeting ranks campaigns by it, so no two of an account are equal. */
async function nextFirstLiveAt(tx: Transaction, accountId: string, now: Date): Promise<Date> {
  const newest = await tx.campaign.aggregate({ where: { accountId }, _max: { firstLiveAt: true } })
  return new Date(Math.max(now.getTime(), (newest._max.firstLiveAt?.getTime() ?? 0) + 1))
}
