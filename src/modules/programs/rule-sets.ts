// What targeting goes by, compiled once per change: an account's published campaigns, programs and aliases. Every batch reads
// the account's count of changes in its own transaction, so that no server ever decides by rules that were replaced before.

import type { Rule } from '../../core/rules/rule.ts'
import type { CampaignFacts, JourneyDefinition, ProgramFacts, RequiredTarget } from '../../core/targeting/facts.ts'
import { compileRuleSet, type RuleSet } from '../../core/targeting/rule-set.ts'
import type { Transaction } from '../../platform/database.ts'

export interface AccountRules {
  readonly version: number
  readonly rules: RuleSet
  /** Folded spellings of event names, each with the name it stands for. */
  readonly aliases: ReadonlyMap<string, string>
}

export class RuleSets {
  readonly #accounts = new Map<string, AccountRules>()

  /** The rules in force as the transaction sees them; drafts take part where asked, as if they went live now. */
  async inForce(tx: Transaction, accountId: string, { drafts = false } = {}): Promise<AccountRules> {
    const version = await readVersion(tx, accountId)
    if (drafts) return load(tx, accountId, { version, drafts })
    const known = this.#accounts.get(accountId)
    if (known?.version === version) return known
    const rules = await load(tx, accountId, { version, drafts })
    this.#accounts.set(accountId, rules)
    return rules
  }
}

async function readVersion(tx: Transaction, accountId: string): Promise<number> {
  const account = await tx.account.findUniqueOrThrow({ where: { id: accountId }, select: { rulesVersion: true } })
  return account.rulesVersion
}

async function load(
  tx: Transaction,
  accountId: string,
  { version, drafts }: { version: number; drafts: boolean },
): Promise<AccountRules> {
  const programs = await tx.program.findMany({
    where: { accountId },
    include: { labels: true },
    orderBy: { id: 'asc' },
  })
  const aliases = await tx.eventTypeAlias.findMany({ where: { accountId } })
  return {
    version,
    rules: compileRuleSet({
      programs: programs.map(
        (program): ProgramFacts => ({
          id: program.id,
          name: program.name,
          labels: program.labels.map(({ label }) => label),
          lookbackDays: program.lookbackDays,
        }),
      ),
      campaigns: await loadCampaigns(tx, accountId, drafts),
    }),
    aliases: new Map(aliases.map(({ alias, name }) => [alias, name])),
  }
}

async function loadCampaigns(tx: Transaction, accountId: string, drafts: boolean): Promise<CampaignFacts[]> {
  const campaigns = await tx.campaign.findMany({
    where: { accountId },
    include: {
      revisions: { orderBy: { number: 'desc' }, take: 2, include: { definitions: { orderBy: { name: 'asc' } } } },
    },
    orderBy: { id: 'asc' },
  })
  return campaigns.flatMap((campaign) => {
    // A campaign that never went live is known by its draft: it wins nothing, but can be the near miss.
    const published = campaign.revisions.find(({ publishedAt }) => publishedAt !== null)
    const revision = drafts ? campaign.revisions[0] : (published ?? campaign.revisions[0])
    return revision ? [campaignFacts(campaign, revision, drafts)] : []
  })
}

type CampaignRow = Awaited<ReturnType<Transaction['campaign']['findMany']>>[number]
type RevisionRow = Awaited<ReturnType<Transaction['campaignRevision']['findMany']>>[number] & {
  definitions: Awaited<ReturnType<Transaction['journeyDefinition']['findMany']>>
}

function campaignFacts(campaign: CampaignRow, revision: RevisionRow, drafts: boolean): CampaignFacts {
  return {
    id: campaign.id,
    programId: campaign.programId,
    name: campaign.name,
    revision: revision.number,
    // A draft that takes part does so as if it went live.
    state: drafts && campaign.state === 'DRAFT' ? 'LIVE' : campaign.state,
    startsAt: revision.startsAt?.getTime() ?? null,
    endsAt: revision.endsAt?.getTime() ?? null,
    firstLiveAt: campaign.firstLiveAt?.getTime() ?? null,
    requiredTargets: revision.requiredTargets as unknown as RequiredTarget[], // Written from checked input only.
    journeys: revision.definitions.map(
      (definition): JourneyDefinition => ({
        ...definition,
        entry: definition.entry as Rule | null, // Rules are checked before they are stored.
        ongoing: definition.ongoing as Rule | null,
      }),
    ),
  }
}
