// Who else would claim a campaign's events, as the rules in force say.

import type { Context } from '../../context.ts'
import { type Overlap, overlapsOf } from '../../core/targeting/overlap.ts'
import { notFound } from '../../errors.ts'
import { idInput } from '../../ids.ts'
import { checkedEventName } from './definitions.ts'

export const maxOverlaps = 1000

/** An overlap of a campaign. */
export interface CampaignOverlap extends Overlap {
  campaignId: string
}

export interface OverlapQuestion {
  campaignId: string | number
  eventName?: string | null
}

/** The first 1,000 overlaps of the campaign, of one event where its name is given in any spelling. NOT_FOUND for an unknown one. */
export async function campaignOverlap(context: Context, asked: OverlapQuestion): Promise<CampaignOverlap[]> {
  const { accountId, services, sql } = context
  const id = idInput('Campaign', asked.campaignId, 'campaignId')
  const name = asked.eventName == null ? undefined : checkedEventName(asked.eventName, 'eventName')
  const { rules, aliases } = await services.ruleSets.inForce(sql, accountId)
  const campaign = rules.campaigns.get(id)
  if (!campaign) throw notFound(`no campaign ${id}`, 'campaignId')
  return first(id, overlapsOf(rules, campaign, name === undefined ? name : (aliases.get(name) ?? name)))
}

/** What deserves a warning: the overlaps, the first 1,000, that nothing but an id decides. */
export async function accidentalOverlap(context: Context, campaignId: string): Promise<CampaignOverlap[]> {
  const { rules } = await context.services.ruleSets.inForce(context.sql, context.accountId)
  const campaign = rules.campaigns.get(campaignId)
  return campaign?.isOpen
    ? first(campaignId, overlapsOf(rules, campaign), ({ separatedBy }) => separatedBy === 'ID')
    : []
}

function first(campaignId: string, overlaps: Iterable<Overlap>, isWanted = (_: Overlap) => true): CampaignOverlap[] {
  const found: CampaignOverlap[] = []
  for (const overlap of overlaps) {
    if (found.length === maxOverlaps) break
    if (isWanted(overlap)) found.push({ campaignId, ...overlap })
  }
  return found
}
