// The rule sets that a replay goes by: those of each version, and the same with the changes, compiled once for each.

import { type CampaignChange, withChanges } from '../../core/targeting/changed-rules.ts'
import type { ReplayRules } from '../../core/targeting/replay.ts'
import type { RuleSet } from '../../core/targeting/rule-set.ts'
import type { Transaction } from '../../platform/database.ts'
import type { RuleSets } from '../programs/rule-sets.ts'

interface Pair {
  readonly before: RuleSet
  readonly changed: RuleSet | null
}

/** A rule set of 1,000 campaigns takes some megabytes. */
const maxKept = 50

export class TriedRules {
  readonly #ruleSets: RuleSets
  readonly #accountId: string
  readonly #changes: readonly CampaignChange[]
  /** At which a published campaign changed, ascending. */
  readonly #steps: readonly number[]
  /** For decisions that nobody wrote a version down for. */
  readonly #now: Pair
  /** By step, the one used last at the end. */
  readonly #pairs = new Map<number, Pair>()

  constructor(of: {
    ruleSets: RuleSets
    accountId: string
    changes: readonly CampaignChange[]
    steps: readonly number[]
    now: RuleSet
  }) {
    this.#ruleSets = of.ruleSets
    this.#accountId = of.accountId
    this.#changes = of.changes
    this.#steps = of.steps
    this.#now = this.#pairOf(of.now)
  }

  /** The rules of those versions. */
  async load(tx: Transaction, versions: Iterable<number | null>): Promise<{ rules: ReplayRules; all: RuleSet[] }> {
    const pairs = new Map<number | null, Pair>()
    for (const version of versions) {
      if (pairs.has(version)) continue
      pairs.set(version, version === null ? this.#now : await this.#at(tx, version))
    }
    const pairFor = (version: number | null): Pair => {
      const pair = pairs.get(version)
      if (!pair) throw new Error(`the rules of version ${version} were not loaded`)
      return pair
    }
    return {
      rules: {
        before: (version) => pairFor(version).before,
        changed: this.#changes.length === 0 ? null : (version) => pairFor(version).changed ?? pairFor(version).before,
      },
      all: [...new Set([...pairs.values()].flatMap(({ before, changed }) => (changed ? [before, changed] : [before])))],
    }
  }

  async #at(tx: Transaction, version: number): Promise<Pair> {
    const step = this.#steps.findLast((one) => one <= version) ?? 0
    const known = this.#pairs.get(step)
    const pair = known ?? this.#pairOf((await this.#ruleSets.asOf(tx, this.#accountId, step)).rules)
    this.#pairs.delete(step)
    this.#pairs.set(step, pair)
    const [oldest] = this.#pairs.keys()
    if (this.#pairs.size > maxKept && oldest !== undefined) this.#pairs.delete(oldest)
    return pair
  }

  #pairOf(before: RuleSet): Pair {
    return { before, changed: this.#changes.length === 0 ? null : withChanges(before, this.#changes) }
  }
}
