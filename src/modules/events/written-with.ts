// What a decision writes, with the profile that its event named: where that was merged since, it stays with it when the merge is undone.

import type { Effects } from '../../core/targeting/effects.ts'

export function writtenWith(profileId: string | undefined, effects: Effects): Effects {
  const { journeyCreated, relationshipCreated } = effects
  if (profileId === undefined || (!journeyCreated && !relationshipCreated)) return effects
  return {
    ...effects,
    journeyCreated: journeyCreated && { ...journeyCreated, personId: profileId },
    relationshipCreated: relationshipCreated && { ...relationshipCreated, friendId: profileId },
  }
}
