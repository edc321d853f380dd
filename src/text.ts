// Texts that callers name things by.

import { badInput } from './errors.ts'

const maxNameLength = 200

/** The text without blanks around it. BAD_INPUT, naming the field, where that is empty or over `max` characters. */
export function checkedText(value: string, field: string, max = maxNameLength): string {
  const text = value.trim()
  if (text === '') throw badInput('must not be blank', field)
  if (text.length > max) throw badInput(`over ${max} characters`, field)
  return text
}

/** The same for a text that may be left out: blank, null and absent are null. */
export function checkedOptional(value: string | null | undefined, field: string, max = maxNameLength): string | null {
  return value?.trim() ? checkedText(value, field, max) : null
}

const maxAddress = 2048

/** An http or https address that may be left out. BAD_INPUT for any other text. */
export function checkedWebAddress(value: string | null | undefined, field: string): string | null {
  const text = checkedOptional(value, field, maxAddress)
  if (text !== null && !(URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)))
    throw badInput('not an http or https address', field)
  return text
}
