// What a campaign shows: pieces of JSON, one per zone and journey, checked and in the form they are stored in.

import { foldName } from '../../core/names.ts'
import type { ContentPiece, JourneyDefinition } from '../../core/targeting/facts.ts'
import { badInput } from '../../errors.ts'
import { checkedText } from '../../text.ts'

const maxPieces = 100
const maxZone = 100

/** The event by which content is chosen and seen; a journey that shows something has to support it. */
export const viewEvent = 'promotion_viewed'

export interface ContentInput extends Omit<ContentPiece, 'body'> {
  body?: unknown
}

/** The pieces, journeys in the campaign's own spelling. BAD_INPUT naming the place, such as `input.content[1].journeyName`. */
export function contentOf(
  inputs: readonly ContentInput[],
  definitions: readonly JourneyDefinition[],
  path: string,
): ContentPiece[] {
  if (inputs.length > maxPieces) throw badInput(`over ${maxPieces} pieces of content`, path)
  const pieces = inputs.map((input, i): ContentPiece => {
    const zone = checkedText(input.zone, `${path}[${i}].zone`, maxZone)
    const journey = definitions.find(({ name }) => foldName(name) === foldName(input.journeyName))
    const fault = faultOf(journey)
    if (fault !== null) throw badInput(fault, `${path}[${i}].journeyName`)
    return { zone, journeyName: journey?.name ?? input.journeyName, body: input.body ?? null }
  })
  const places = pieces.map(({ zone, journeyName }) => JSON.stringify([zone, journeyName]))
  const twice = places.findIndex((place, i) => places.indexOf(place) < i)
  if (twice >= 0) throw badInput('there is another piece for that zone and journey', `${path}[${twice}].zone`)
  return pieces
}

/** The pieces that stay as they are, under new journeys. BAD_INPUT, at the journeys, for a piece that has lost its own. */
export function keptContent(
  pieces: readonly ContentPiece[],
  definitions: readonly JourneyDefinition[],
  path: string,
): readonly ContentPiece[] {
  for (const { zone, journeyName } of pieces) {
    const fault = faultOf(definitions.find(({ name }) => name === journeyName))
    if (fault !== null) throw badInput(`the content of zone ${zone} is for the journey ${journeyName}: ${fault}`, path)
  }
  return pieces
}

function faultOf(journey: JourneyDefinition | undefined): string | null {
  if (!journey) return 'not one of the journeys'
  return journey.events.includes(viewEvent) ? null : `the journey does not have ${viewEvent} among its events`
}
