// Currencies by code, English name or sign → ISO 4217. A sign or word of several (`$`, `£`, "dollar") is ambiguous.

import { currencyNames } from './currency-names.ts'
import { foldPlace } from './fold.ts'
import { type Found, type Normalised, normaliseMeaning } from './normalised.ts'

// Null: of several currencies.
const signs: Readonly<Record<string, string | null>> = {
  '€': 'EUR',
  '₹': 'INR',
  '₽': 'RUB',
  '₺': 'TRY',
  '₴': 'UAH',
  '₫': 'VND',
  '₪': 'ILS',
  '₱': 'PHP',
  '₦': 'NGN',
  '₸': 'KZT',
  '₡': 'CRC',
  '₲': 'PYG',
  '₵': 'GHS',
  '₾': 'GEL',
  '₼': 'AZN',
  '₮': 'MNT',
  '₭': 'LAK',
  '៛': 'KHR',
  '฿': 'THB',
  '֏': 'AMD',
  '৳': 'BDT',
  ZŁ: 'PLN',
  KČ: 'CZK',
  FT: 'HUF',
  US$: 'USD',
  CA$: 'CAD',
  AU$: 'AUD',
  A$: 'AUD',
  NZ$: 'NZD',
  HK$: 'HKD',
  S$: 'SGD',
  NT$: 'TWD',
  MX$: 'MXN',
  R$: 'BRL',
  'GB£': 'GBP',
  $: null,
  '£': null,
  '¥': null,
  '₩': null,
  '₨': null,
  '₣': null,
  C$: null,
  KR: null,
  FR: null,
  LEI: null,
}

const otherNames: Readonly<Record<string, readonly string[]>> = {
  GBP: ['Pound Sterling', 'Sterling', 'UK Pound', 'Great British Pound'],
  USD: ['United States Dollar', 'American Dollar'],
  CNY: ['Renminbi', 'RMB', 'Yuan Renminbi'],
  ILS: ['New Israeli Shekel', 'Israeli Shekel', 'NIS'],
  NZD: ['NZ Dollar'],
  BRL: ['Reais', 'Brazilian Reais'],
  BYN: ['Belarusian Rouble'],
  RUB: ['Russian Rouble'],
}

let known: ReadonlyMap<string, string | null> | undefined

function names(): ReadonlyMap<string, string | null> {
  known ??= readNames()
  return known
}

// The last word of a name stands for the currency where it is the word of one alone: "yen", but not "dollar".
function readNames(): ReadonlyMap<string, string | null> {
  const words = new Map<string, string | null>()
  const whole = new Map<string, string | null>()
  for (const [code, name] of Object.entries(currencyNames)) {
    const folded = foldPlace(name)
    const word = folded.slice(folded.lastIndexOf(' ') + 1)
    words.set(word, words.has(word) ? null : code)
    whole.set(folded, whole.has(folded) ? null : code)
  }
  for (const [code, spellings] of Object.entries(otherNames)) {
    for (const name of spellings) whole.set(foldPlace(name), code)
  }
  return new Map([...words, ...whole])
}

/** A currency → ISO 4217. UNKNOWN for what is none, AMBIGUOUS for a sign or word of several. */
export function normaliseCurrency(raw: unknown): Normalised {
  return normaliseMeaning(raw, (text) => {
    const upper = text.toUpperCase().replace(/\s/gu, '')
    if (Object.hasOwn(currencyNames, upper)) return { value: upper }
    return found(Object.hasOwn(signs, upper) ? signs[upper] : byName(foldPlace(text)))
  })
}

const byName = (name: string) => {
  const all = names()
  return all.has(name) ? all.get(name) : all.get(name.replace(/s$/u, ''))
}

function found(code: string | null | undefined): Found {
  if (code === undefined) return 'UNKNOWN'
  return code === null ? 'AMBIGUOUS' : { value: code }
}
