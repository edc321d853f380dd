// What targeting goes by, compiled once per change: an account's published campaigns, programs and aliases. Every batch reads
// the account's count of changes in its own transaction, so that no server ever decides by rules that were replaced before.
// The campaigns of an earlier count can be had again, so that a decision is explained by what it went by.

import { compileAudiences, type DynamicAudiences } from '../../core/audiences/dynamic.ts'
import { type AccountFields, compileFields, defaultsOf } from '../../core/fields/check.ts'
import { type AccountMarks, compileMarks } from '../../core/fields/marks.ts'
import { type IdentityRules, identityRulesOf, type StoredIdentityRules } from '../../core/identity-rules.ts'
import { type FieldRules, fieldRules } from '../../core/normalise/fields.ts'
import type { CampaignFacts, ContentPiece, ProgramFacts, RequiredTarget } from '../../core/targeting/facts.ts'
import { compileRuleSet, type RuleSet } from '../../core/targeting/rule-set.ts'
import type { Sql, Transaction } from '../../platform/database.ts'
import { findFields } from './field-definitions.ts'
import { Recent } from './recent.ts'
import {
  type CampaignRow,
  findCampaigns,
  findCampaignsAsOf,
  findDynamicAudiences,
  findRulesVersion,
  readDraftMark,
  readSettingsMark,
} from './sql.ts'

export interface AccountRules {
  /** The account's count of rule changes that they are of. */
  readonly version: number
  readonly rules: RuleSet
  /** Folded spellings of event names, each with the name it stands for. */
  readonly aliases: ReadonlyMap<string, string>
  /** Those in force now. */
  readonly audiences: DynamicAudiences
  /** What identifiers of erased people are hashed with; null where nobody of the account was erased. */
  readonly erasureKey: string | null
  /** How fields of people are normalised. */
  readonly fieldRules: FieldRules
  readonly identity: IdentityRules
  /** What the account defines of its fields, as of now; null where nothing ever was. */
  readonly fields: AccountFields | null
  /** Which values it marks as telling who somebody is, as of now. */
  readonly marks: AccountMarks
}

/**
 * The rules in force, of the accounts used last: a batch of an account that is not among them loads its rules first, with half a
 * dozen statements. A campaign with two flows takes 5 to 11 KiB, so that 50,000 are about half a gigabyte; only where 200
 * accounts alone have more campaigns than that, it is more.
 */
export const keptInForce = { accounts: 5_000, campaigns: 50_000, accountsOfAnySize: 200 } as const

/** Accounts that anything else is kept of, drafts and earlier versions, which only people ask for; those used last. */
const maxAccounts = 200

/** Who reads a page of traces reads 100 versions at most; a rule set of 1,000 campaigns takes some megabytes. */
const maxEarlier = 120

interface Earlier {
  /** The version in force when its settings were last seen to be those of then. */
  readonly loadedAt: number
  /** Of the programs, names, aliases and follow-ups that it was compiled with. */
  readonly settings: string
  readonly rules: AccountRules
}

/** What is kept of one account beside the rules in force. */
interface Kept {
  /** With the drafts that the mark tells. */
  drafts?: { readonly mark: string; readonly rules: AccountRules }
  /** Of the settings at a version. */
  settings?: { readonly version: number; readonly mark: string }
  /** By version. */
  readonly earlier: Recent<number, Earlier>
  /** What a transaction is loading right now; null where that came to nothing. */
  readonly loading: Map<string, Promise<AccountRules | null>>
}

/** A batch would decide by rules that were replaced. */
export class StaleRulesError extends Error {}

export class RuleSets {
  readonly #inForce = new Recent<string, AccountRules>(keptInForce.accounts, {
    of: ({ rules }) => rules.campaigns.size,
    max: keptInForce.campaigns,
    least: keptInForce.accountsOfAnySize,
  })
  readonly #accounts = new Recent<string, Kept>(maxAccounts)

  /**
   * The rules in force as the transaction sees them. Where asked, drafts take part as if they went live now, one after the other
   * in the order of their ids.
   */
  async inForce(tx: Transaction, accountId: string, { drafts = false } = {}): Promise<AccountRules> {
    const kept = this.#of(accountId)
    for (;;) {
      const version = await readVersion(tx, accountId)
      const mark = drafts ? await readDraftMark(tx, accountId) : null
      const known =
        mark === null ? this.#inForce.get(accountId) : kept.drafts?.mark === mark ? kept.drafts.rules : undefined
      if (known?.version === version) return known
      const rules = await shared({ tx, loading: kept.loading, key: `${version} ${mark}` }, async () => {
        const campaigns = await findCampaigns(tx, accountId, drafts)
        const loaded = await compile(tx, accountId, { version, campaigns: drafts ? live(campaigns) : campaigns })
        // A change that was committed between the statements would be part of it under the version of before.
        if ((await readVersion(tx, accountId)) !== version) return null
        return mark === null || (await readDraftMark(tx, accountId)) === mark ? loaded : null
      })
      if (!rules) continue
      if (mark === null) this.#inForce.set(accountId, rules)
      else kept.drafts = { mark, rules }
      return rules
    }
  }

  /**
   * The rules in force as a batch's transaction sees them. StaleRulesError where other ones are known here, or none: `inForce`
   * in a transaction of its own makes them known.
   */
  async forBatch(sql: Sql, accountId: string): Promise<AccountRules> {
    const known = this.#inForce.get(accountId)
    if (!known || known.version !== (await findRulesVersion(sql, accountId))) throw new StaleRulesError()
    return known
  }

  /** The newest rules that were in force when somebody looked; undefined where nobody has. */
  lastKnown(accountId: string): AccountRules | undefined {
    return this.#inForce.get(accountId)
  }

  /**
   * The rules as they were at a version: each campaign in the state and with the revision of then; those that were drafts
   * are left out. Programs, names, aliases and follow-ups are as they are now. RangeError for a version that is yet to come.
   */
  async asOf(tx: Transaction, accountId: string, version: number): Promise<AccountRules> {
    const loadedAt = await readVersion(tx, accountId)
    if (version > loadedAt) throw new RangeError(`version ${version} of the rules is yet to come`)
    const kept = this.#of(accountId)
    const known = kept.earlier.get(version)
    if (known?.loadedAt === loadedAt) return known.rules
    // Campaigns of then stay what they were, so that only the settings of now can make it another.
    if (kept.settings?.version !== loadedAt)
      kept.settings = { version: loadedAt, mark: await readSettingsMark(tx, accountId) }
    const settings = kept.settings.mark
    const load = async () =>
      compile(tx, accountId, { version, campaigns: await findCampaignsAsOf(tx, accountId, version) })
    const isSame = known?.settings === settings
    const key = `${version} as of ${loadedAt}`
    const rules = isSame ? known.rules : await shared({ tx, loading: kept.loading, key }, load)
    kept.earlier.set(version, { loadedAt, settings, rules })
    return rules
  }

  #of(accountId: string): Kept {
    const known = this.#accounts.get(accountId)
    if (known) return known
    const kept: Kept = { earlier: new Recent(maxEarlier), loading: new Map() }
    this.#accounts.set(accountId, kept)
    return kept
  }
}

interface Sharing {
  tx: Transaction
  loading: Map<string, Promise<AccountRules | null>>
  /** Of what is loaded. */
  key: string
}

/** What another transaction is loading already; where that comes to nothing, or nobody is, what `load` gives. */
async function shared<T extends AccountRules | null>(
  { tx, loading, key }: Sharing,
  load: () => Promise<T>,
): Promise<T | AccountRules> {
  const others = loading.get(key)
  // A failure is that of the other's transaction.
  if (others) return (await others.catch(() => null)) ?? load()
  // Who has no connection of their own may have to wait for one that those hold who would wait for them.
  if (!isTransaction(tx)) return load()
  const own = load()
  loading.set(key, own)
  try {
    return await own
  } finally {
    loading.delete(key)
  }
}

/** Not a client, which takes a connection for each statement: those can connect. */
const isTransaction = (tx: Transaction): boolean => !('$connect' in tx)

async function readVersion(tx: Transaction, accountId: string): Promise<number> {
  const account = await tx.account.findUniqueOrThrow({ where: { id: accountId }, select: { rulesVersion: true } })
  return account.rulesVersion
}

/** Drafts as if they went live now, after all others, one after the other in the order of their ids. */
function live(campaigns: readonly CampaignRow[]): CampaignRow[] {
  let newest = campaigns.reduce((latest, { firstLiveAt }) => Math.max(latest, firstLiveAt?.getTime() ?? 0), 0)
  return campaigns.map((campaign) =>
    campaign.state === 'DRAFT' ? { ...campaign, state: 'LIVE', firstLiveAt: new Date(++newest) } : campaign,
  )
}

async function compile(
  tx: Transaction,
  accountId: string,
  { version, campaigns }: { version: number; campaigns: readonly CampaignRow[] },
): Promise<AccountRules> {
  const where = { accountId }
  const programs = await tx.program.findMany({ where, include: { labels: true }, orderBy: { id: 'asc' } })
  const settings = await tx.account.findUniqueOrThrow({ where: { id: accountId }, select: { identityRules: true } })
  const aliases = await tx.eventTypeAlias.findMany({ where })
  const { erasureKey } = await tx.account.findUniqueOrThrow({ where: { id: accountId }, select: { erasureKey: true } })
  const normalisers = await tx.fieldNormaliser.findMany({ where })
  const mappings = await tx.valueMapping.findMany({ where })
  const { definitions, policies, all, areAny } = await findFields(tx, accountId)
  const followUps = await tx.eventType.findMany({ where: { accountId, followsTransaction: true } })
  const fields = areAny ? compileFields(definitions, policies) : null
  const defaults = defaultsOf(fields?.of('PROFILE'))
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
    audiences: compileAudiences(await findDynamicAudiences(tx, accountId), defaults),
    erasureKey,
    fieldRules: fieldRules(normalisers, mappings),
    identity: identityRulesOf(settings.identityRules as StoredIdentityRules), // Written from checked input only.
    fields,
    marks: compileMarks(all),
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
