// The Complete Journey set as the demo plays it: campaigns with their targeted households, coupons, redemptions. Reads files, and
// nothing else.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { groupBy } from '../core/group.ts'

export interface Campaign {
  /** Unique in the set: `Campaign 8`. */
  name: string
  type: string
  /** The first day, as YYYY-MM-DD. */
  startsOn: string
  /** The last day, included. */
  endsOn: string
  /** Whom it was meant for. */
  households: readonly string[]
}

export interface Coupon {
  code: string
  /** By name. */
  campaigns: readonly string[]
}

export interface Redemption {
  /** Stays the same from run to run. */
  key: string
  household: string
  coupon: string
  on: string
  /** The name of the campaign it was recorded under. */
  recorded: string
}

export interface Recorded {
  campaigns: readonly Campaign[]
  coupons: readonly Coupon[]
  /** By date. */
  redemptions: readonly Redemption[]
}

/** The whole set: 27 campaigns, 981 coupons, 2,102 redemptions. */
export function readRecorded(): Recorded {
  const targeted = groupBy(readTable('campaigns', 'campaign_id', 'household_id'), (row) => row.campaign_id)
  const campaigns = readTable('campaign_descriptions', 'campaign_id', 'campaign_type', 'start_date', 'end_date').map(
    (row) => ({
      name: campaignName(row.campaign_id),
      type: row.campaign_type,
      startsOn: row.start_date,
      endsOn: row.end_date,
      households: (targeted.get(row.campaign_id) ?? []).map(({ household_id }) => household_id),
    }),
  )
  const pairs = groupBy(readTable('coupon_campaigns', 'coupon_upc', 'campaign_id'), (row) => row.coupon_upc)
  const coupons = [...pairs].map(([code, rows]) => ({
    code,
    campaigns: rows.map(({ campaign_id }) => campaignName(campaign_id)),
  }))
  return { campaigns, coupons, redemptions: readRedemptions() }
}

/** Those redemptions and what they need: their coupons, the campaigns of those, of the households only their own. */
export function partFor(all: Recorded, redemptions: readonly Redemption[]): Recorded {
  const codes = new Set(redemptions.map(({ coupon }) => coupon))
  const households = new Set(redemptions.map(({ household }) => household))
  const coupons = all.coupons.filter(({ code }) => codes.has(code))
  const names = new Set(coupons.flatMap(({ campaigns }) => campaigns))
  const campaigns = all.campaigns
    .filter(({ name }) => names.has(name))
    .map((campaign) => ({ ...campaign, households: campaign.households.filter((id) => households.has(id)) }))
  return { campaigns, coupons, redemptions }
}

function readRedemptions(): Redemption[] {
  const rows = readTable('coupon_redemptions', 'household_id', 'coupon_upc', 'campaign_id', 'redemption_date')
  return rows.map((row, i) => ({
    key: `complete-journey-${String(i + 1).padStart(4, '0')}`,
    household: row.household_id,
    coupon: row.coupon_upc,
    on: row.redemption_date,
    recorded: campaignName(row.campaign_id),
  }))
}

const campaignName = (id: string) => `Campaign ${id}`

/** @throws where a row lacks one of the columns. */
function readTable<Column extends string>(name: string, ...columns: Column[]): Record<Column, string>[] {
  const file = path.join(import.meta.dirname, 'data', `${name}.csv.gz`)
  const rows: Record<string, string>[] = parse(gunzipSync(readFileSync(file)), { columns: true })
  for (const row of rows) for (const column of columns) if (!row[column]) throw new Error(`${file}: no ${column}`)
  // Every row was just seen to have every column.
  return rows as Record<Column, string>[]
}
