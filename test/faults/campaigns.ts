// Two campaigns that both take every event of the load, and a plot that tells from an event's number alone who must win it:
// so a decision that did not see the event before it is found out.

import { addCampaign, openBrand } from '../support/brand.ts'
import type { Caller } from '../support/server.ts'

export interface TwoCampaigns {
  /** What the person's event of that number, from 0, is sent with. */
  hintsOf(count: number): object
  /** Which campaign must get it. */
  winnerOf(count: number): string
}

/** Even events name the two campaigns in turn; each odd one names none, and belongs to the journey that was active last. */
export async function openTwoCampaigns(caller: Caller): Promise<TwoCampaigns> {
  const { programId, campaignId } = await openBrand(caller, 'Spring')
  const campaigns = [campaignId, await addCampaign(caller, { programId, name: 'Autumn' })]
  const winnerOf = (count: number) => campaigns[Math.floor(count / 2) % 2] ?? ''
  return {
    winnerOf,
    hintsOf: (count) => (count % 2 === 0 ? { targeting: { journeyCampaignId: winnerOf(count) } } : {}),
  }
}
