// Ids of the API: Relay global ids of UUIDs. An input takes the global id or the bare UUID.

import { validate as isUuid, v7 } from 'uuid'
import { decodeId } from './core/ids.ts'
import { badInput } from './errors.ts'

/** A fresh id: UUIDv7, so that ids sort by creation. */
export const newId = (): string => v7()

/** The id that begins a time: no id made at or after it is smaller. */
export function firstIdAt(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}

/** The UUID in an input. BAD_INPUT for what is neither a UUID nor a global id of that type. */
export function idInput(type: string, value: string | number, field: string): string {
  const id = decodeId(type, String(value).trim())
  if (!id) throw badInput(`not the id of a ${type}: ${String(value).slice(0, 80)}`, field)
  return id
}

const nobody = '00000000-0000-0000-0000-000000000000'

/** The composite key of a node look-up; what is no UUID finds nothing. */
export function nodeKey(id: string, accountId: string) {
  return { accountId_id: { accountId, id: isUuid(id) ? id : nobody } }
}
