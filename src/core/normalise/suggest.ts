// The known values nearest to a misspelt one, by edit distance. They are told, and never put in its place by themselves.

import { distance } from 'fastest-levenshtein'
import { partsOf } from './contact.ts'
import { countryName, countryNames, normaliseCountry } from './country.ts'
import { foldPlace } from './fold.ts'
import { normaliseAs, type ValueKind } from './kinds.ts'
import { givenText, type ValueSetting } from './normalised.ts'
import { regionsOf } from './region.ts'

export interface Suggestion {
  /** In its normal form. */
  readonly value: string
  /** What people call it. */
  readonly label: string
  /** How many letters have to be added, removed or changed; two that changed places count as one. */
  readonly distance: number
}

const maxSuggestions = 3

/** At most three, the nearest first; none for a value that is known, and none that is too far to be meant. */
export function suggestionsFor(kind: ValueKind, raw: unknown, setting: ValueSetting = {}): Suggestion[] {
  const given = givenText(raw)
  if ('problem' in given) return []
  if (kind === 'NAME') return titleCase(given.text)
  if (kind === 'EMAIL') return emails(given.text)
  if (normaliseAs(kind, raw, setting).value !== null) return []
  if (kind === 'COUNTRY') return nearestCountries(given.text)
  return kind === 'REGION' ? nearestRegions(given.text, setting) : []
}

/** The one that is nearer than all others; null where there is none, or where two are as near. */
export function nearestOf(suggestions: readonly Suggestion[]): Suggestion | null {
  const [first, second] = suggestions
  return first && (!second || second.distance > first.distance) ? first : null
}

/** How far a word may be from what is meant: short ones are other words at once. */
const reachOf = (length: number) => (length < 4 ? 0 : length < 8 ? 1 : length < 14 ? 2 : 3)

interface Near {
  value: string
  distance: number
}

/** Of each value the least distance of its names, within reach, the nearest first. */
function nearest(name: string, names: Iterable<readonly [string, string | null]>): Near[] {
  const reach = reachOf(name.length)
  const found = new Map<string, number>()
  for (const [known, value] of names) {
    if (value === null || Math.abs(known.length - name.length) > reach) continue
    const far = lettersApart(name, known)
    if (far <= Math.min(reach, reachOf(known.length))) found.set(value, Math.min(far, found.get(value) ?? far))
  }
  return [...found]
    .map(([value, distance]) => ({ value, distance }))
    .sort((a, b) => a.distance - b.distance || (a.value < b.value ? -1 : 1))
    .slice(0, maxSuggestions)
}

/** As Levenshtein, and one for two neighbours that changed places, which is what fingers do. */
function lettersApart(a: string, b: string): number {
  const far = distance(a, b)
  return far === 2 && a.length === b.length && isSwapped(a, b) ? 1 : far
}

function isSwapped(a: string, b: string): boolean {
  let at = 0
  while (a[at] === b[at]) at++
  return a[at] === b[at + 1] && a[at + 1] === b[at]
}

// English first: a word of another language is asked only where no English name is near.
function nearestCountries(text: string): Suggestion[] {
  const name = foldPlace(text)
  const { english, others } = countryNames()
  const found = nearest(name, english)
  const near = found.length > 0 ? found : nearest(name, others)
  return near.map(({ value, distance }) => ({ value, label: countryName(value), distance }))
}

function nearestRegions(text: string, { country }: ValueSetting): Suggestion[] {
  const code = country ? normaliseCountry(country).value : null
  if (code === null) return []
  const { byName, byCode } = regionsOf(code)
  const near = nearest(foldPlace(text), byName)
  return near.map(({ value, distance }) => ({ value, label: byCode.get(value) ?? value, distance }))
}

// Where most people have their mail. A domain that is not among them may well be right, so it is near one of them or nothing is said.
const mailDomains = [
  ...['gmail.com', 'googlemail.com', 'yahoo.com', 'yahoo.co.uk', 'yahoo.co.jp', 'yahoo.de', 'yahoo.fr', 'ymail.com'],
  ...[
    'hotmail.com',
    'hotmail.co.uk',
    'hotmail.de',
    'hotmail.fr',
    'hotmail.it',
    'outlook.com',
    'outlook.de',
    'live.com',
  ],
  ...['live.co.uk', 'msn.com', 'icloud.com', 'me.com', 'mac.com', 'aol.com', 'aim.com', 'gmx.de', 'gmx.net', 'gmx.at'],
  ...['gmx.ch', 'gmx.com', 'web.de', 't-online.de', 'freenet.de', 'arcor.de', 'posteo.de', 'mailbox.org', 'bluewin.ch'],
  ...['proton.me', 'protonmail.com', 'mail.com', 'email.com', 'fastmail.com', 'zoho.com', 'mail.ru', 'yandex.ru'],
  ...['orange.fr', 'wanadoo.fr', 'free.fr', 'laposte.net', 'sfr.fr', 'libero.it', 'virgilio.it', 'tiscali.it'],
  ...['btinternet.com', 'sky.com', 'virginmedia.com', 'ntlworld.com', 'talktalk.net', 'comcast.net', 'verizon.net'],
  ...['att.net', 'sbcglobal.net', 'bellsouth.net', 'cox.net', 'charter.net', 'rocketmail.com', 'shaw.ca', 'rogers.com'],
  ...['bigpond.com', 'optusnet.com.au', 'uol.com.br', 'bol.com.br', 'terra.com.br', 'qq.com', '163.com', '126.com'],
  ...['naver.com', 'hanmail.net', 'rediffmail.com', 'wp.pl', 'o2.pl', 'onet.pl', 'interia.pl', 'seznam.cz', 'ziggo.nl'],
]
const knownDomains: ReadonlyMap<string, string> = new Map(mailDomains.map((domain) => [domain, domain]))

// Shorter domains are others' at once: me.co, gmx.dk.
const minDomain = 7

function emails(text: string): Suggestion[] {
  const { local, domain } = partsOf(text.toLowerCase())
  if (local === '' || knownDomains.has(domain)) return []
  // A comma is next to the dot.
  const written = domain.replaceAll(' ', '').replaceAll(',', '.').replace(/\.+$/u, '')
  const isWrittenAlike = knownDomains.has(written)
  if (!isWrittenAlike && written.length < minDomain) return []
  const near = isWrittenAlike ? [{ value: written, distance: 1 }] : nearest(written, knownDomains)
  return near.flatMap(({ value: known, distance }) => {
    const { value } = normaliseAs('EMAIL', `${local}@${known}`)
    return value === null ? [] : [{ value, label: known, distance }]
  })
}

/** For a name that is all capitals or has none; others have the case that somebody chose. */
function titleCase(text: string): Suggestion[] {
  const isChosen = text !== text.toLowerCase() && text !== text.toUpperCase()
  if (isChosen) return []
  const value = text.toLowerCase().replace(/(?<![\p{L}\p{M}\p{N}])\p{L}/gu, (first) => first.toUpperCase())
  return value === text ? [] : [{ value, label: value, distance: distance(text, value) }]
}
