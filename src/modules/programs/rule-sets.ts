// What targeting goes by, compiled once per change: an account's published campaigns, programs and aliases. Every batch reads
// the account's count of changes in its own transaction, so that no server ever decides by rules that were replaced before.
// The campaigns of an earlier count can be had again, so that a decision is explained by what it went by.

import type { CampaignFacts, ContentPiece, ProgramFacts, RequiredTarget } from '../../core/targeting/facts.ts'
import { compileRuleSet, type RuleSet } from '../../core/targeting/rule-set.ts'
import type { Transaction } from '../../platform/database.ts'
import { type CampaignRow, findCampaigns, findCampaignsAsOf } from './sql.ts'

export interface AccountRules {
  /** The account's count of rule changes that they are of. */
  readonly version: number
  readonly rules: RuleSet
  /** Folded spellings of event names, each with the name it stands for. */
  readonly aliases: ReadonlyMap<string, string>
}

/** Who reads traces reads recent ones, of few versions; a rule set of 1,000 campaigns takes some megabytes. */
const maxEarlier = 50

interface Earlier {
  /** The version in force when it was loaded. */
  readonly loadedAt: number
  readonly rules: AccountRules
}

export class RuleSets {
  readonly #accounts = new Map<string, AccountRules>()
  /** Of each account by version, the one used last at the end. */
  readonly #earlier = new Map<string, Map<number, Earlier>>()

  /** The rules in force as the transaction sees them; drafts take part where asked, as if they went live now. */
  async inForce(tx: Transaction, accountId: string, { drafts = false } = {}): Promise<AccountRules> {
    for (;;) {
      const version = await readVersion(tx, accountId)
      const known = this.#accounts.get(accountId)
      if (!drafts && known?.version === version) return known
      const campaigns = await findCampaigns(tx, accountId, drafts)
      const rules = await compile(tx, accountId, { version, campaigns: drafts ? live(campaigns) : campaigns })
      // A change that was committed between the statements would be part of it under the version of before.
      if ((await readVersion(tx, accountId)) !== version) continue
      if (!drafts) this.#accounts.set(accountId, rules)
      return rules
    }
  }

  /**
   * The rules as they were at a version: each campaign in the state and with the revision of then; those that were drafts
   * are left out. Programs, names, aliases and follow-ups are as they are now. RangeError for a version that is yet to come.
   */
  async asOf(tx: Transaction, accountId: string, version: number): Promise<AccountRules> {
    const loadedAt = await readVersion(tx, accountId)
    if (version > loadedAt) throw new RangeError(`version ${version} of the rules is yet to come`)
    const known = this.#earlier.get(accountId)?.get(version)
    if (known?.loadedAt === loadedAt) return this.#remember(accountId, known)
    const campaigns = await findCampaignsAsOf(tx, accountId, version)
    return this.#remember(accountId, { loadedAt, rules: await compile(tx, accountId, { version, campaigns }) })
  }

  #remember(accountId: string, entry: Earlier): AccountRules {
    const versions = this.#earlier.get(accountId) ?? new Map<number, Earlier>()
    this.#earlier.set(accountId, versions)
    versions.delete(entry.rules.version)
    versions.set(entry.rules.version, entry)
    const [oldest] = versions.keys()
    if (versions.size > maxEarlier && oldest !== undefined) versions.delete(oldest)
    return entry.rules
  }
}

async function readVersion(tx: Transaction, accountId: string): Promise<number> {
  const account = await tx.account.findUniqueOrThrow({ where: { id: accountId }, select: { rulesVersion: true } })
  return account.rulesVersion
}

/** Drafts as if they went live now, after all others; the campaigns' ids keep them in order. */
function live(campaigns: readonly CampaignRow[]): CampaignRow[] {
  const newest = campaigns.reduce((latest, { firstLiveAt }) => Math.max(latest, firstLiveAt?.getTime() ?? 0), 0)
  return campaigns.map((campaign) =>
    campaign.state === 'DRAFT' ? { ...campaign, state: 'LIVE', firstLiveAt: new Date(newest + 1) } : campaign,
  )
}

async function compile(
  tx: Transaction,
  accountId: string,
  { version, campaigns }: { version: number; campaigns: readonly CampaignRow[] },
): Promise<AccountRules> {
  const where = { accountId }
  const programs = await tx.program.findMany({ where, include: { labels: true }, orderBy: { id: 'asc' } })
  const aliases = await tx.eventTypeAlias.findMany({ where })
  const followUps = await tx.eventType.findMany({ where: { accountId, followsTransaction: true } })
  return {
    version,
    rules: compileRuleSet({
      programs: programs.map(
        ({ id, name, labels, lookbackDays, allowMutualReferral }): ProgramFacts => ({
          id,
          name,
          labels: labels.map(({ label }) => label),
          lookbackDays,
          allowMutualReferral,
        }),
      ),
      campaigns: campaigns.map(campaignFacts),
      followUps: followUps.map(({ name }) => name),
    }),
    aliases: new Map(aliases.map(({ alias, name }) => [alias, name])),
  }
}

const campaignFacts = ({
  number,
  startsAt,
  endsAt,
  firstLiveAt,
  definitions,
  ...campaign
}: CampaignRow): CampaignFacts => ({
  ...campaign,
  revision: number,
  startsAt: startsAt?.getTime() ?? null,
  endsAt: endsAt?.getTime() ?? null,
  firstLiveAt: firstLiveAt?.getTime() ?? null,
  // Lists in JSON are written from checked input only.
  requiredTargets: campaign.requiredTargets as RequiredTarget[],
  journeys: definitions,
  content: campaign.content as ContentPiece[],
})
