// What is wrong with a value that is not of its field's type, in words that help to mend it.

import { normaliseAs, type ValueKind } from '../normalise/kinds.ts'
import { nearestOf, suggestionsFor } from '../normalise/suggest.ts'
import { expected } from './coerce.ts'
import { type FieldType, isJsonObject } from './definition.ts'

/** What such a value is told to be, and what was probably meant. */
export function complaint(type: FieldType, value: unknown): string {
  const kind = kinds[type]
  const meant = kind ? meantBy(kind, value) : ''
  return `not ${expected[type]}${type === 'GEO_POINT' ? beyond(value) : meant}`
}

const kinds: { readonly [type in FieldType]?: ValueKind } = {
  COUNTRY: 'COUNTRY',
  CURRENCY: 'CURRENCY',
  DATE: 'DATE',
  PHONE: 'PHONE',
}

/** The known value that was probably meant, as the end of a sentence; empty where none is near. It never takes the value's place. */
export function meantBy(kind: ValueKind, value: unknown): string {
  const read = normaliseAs(kind, value).value
  if (read !== null) return `; did you mean "${read}"?`
  const near = nearestOf(suggestionsFor(kind, value))
  if (!near) return ''
  return `; did you mean "${near.value}"${near.label === near.value ? '' : ` (${near.label})`}?`
}

const limits = [
  ['latitude', ['lat', 'latitude'], 90],
  ['longitude', ['lon', 'lng', 'longitude'], 180],
] as const

function beyond(value: unknown): string {
  if (!isJsonObject(value)) return ''
  const faults = limits.flatMap(([noun, names, max]) => {
    const given = names.map((name) => value[name]).find((one) => one !== undefined)
    return given !== undefined && Math.abs(Number(given)) > max
      ? [`the ${noun} ${String(given)} is beyond ±${max}`]
      : []
  })
  return faults.length > 0 ? `: ${faults.join(', ')}` : ''
}
