// What a program's document becomes when it is copied inside the account, where names and labels are taken by the original.

import { foldName } from '../../core/names.ts'
import { badInput } from '../../errors.ts'
import type { Blueprint, BlueprintTarget } from './blueprint.ts'

const maxName = 200

export interface Renaming {
  /** Of the copy. */
  name: string
  labels: readonly { from: string; to: string }[]
}

/**
 * The document with labels renamed, and without codes: they are the original's. Labels that are not renamed stay with the
 * original. BAD_INPUT for a label that the program does not have, and for one that a campaign requires and that has no new name.
 */
export function copied(original: Blueprint, { name, labels }: Renaming) {
  const renamed = new Map<string, string>()
  for (const [i, { from, to }] of labels.entries()) {
    const label = foldName(from)
    if (!original.program.labels.includes(label))
      throw badInput('not a label of the program', `input.labels[${i}].from`)
    if (renamed.has(label)) throw badInput('it has a new name already', `input.labels[${i}].from`)
    renamed.set(label, foldName(to))
  }
  const stray = original.program.labels.filter((label) => !renamed.has(label))
  const retarget = (target: BlueprintTarget): BlueprintTarget => {
    if (target.kind !== 'PROGRAM' || target.value === undefined) return target
    const value = foldName(target.value)
    if (value === foldName(original.program.name)) return target
    if (stray.includes(value))
      throw badInput(`a campaign requires the label ${value}: give it a new name`, 'input.labels')
    return { ...target, value: renamed.get(value) ?? target.value }
  }
  const blueprint: Blueprint = {
    ...original,
    program: { ...original.program, labels: [...renamed.values()] },
    campaigns: original.campaigns.map((campaign) => ({
      ...campaign,
      requiredTargets: campaign.requiredTargets.map(retarget),
    })),
    codes: [],
  }
  return { blueprint, campaignName: (campaign: string) => cut(`${name}: ${campaign}`) }
}

/** As much of the text as a name may have, and no half of a character. */
const cut = (text: string): string =>
  text.length <= maxName
    ? text
    : text
        .slice(0, maxName)
        .replace(/[\ud800-\udbff]$/, '')
        .trimEnd()
