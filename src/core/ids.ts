// Ids inside events: the global id that the API gave (base64 of `Type:uuid`), or its bare UUID.

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const globalId = /^([A-Za-z]+):([0-9a-f-]{36})$/i

/** The UUID that the text stands for, in lower case; null for anything else, the global id of another type included. */
export function decodeId(type: string, text: string): string | null {
  if (uuid.test(text)) return text.toLowerCase()
  if (text.length > 128 || text.length % 4 !== 0) return null
  const plain = Buffer.from(text, 'base64').toString('latin1')
  const [, name, id] = globalId.exec(plain) ?? []
  const isExact = Buffer.from(plain, 'latin1').toString('base64') === text
  return name === type && id !== undefined && uuid.test(id) && isExact ? id.toLowerCase() : null
}

/** The global id of a UUID, as the API gives it. */
export const encodeId = (type: string, id: string): string => Buffer.from(`${type}:${id}`, 'latin1').toString('base64')
