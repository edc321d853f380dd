// A program's document as callers send it: its form. What it says is checked where the program is made.

import { z } from 'zod'
import type { JourneyRole, ReentryPolicy, RequiredTargetKind } from '../../core/targeting/facts.ts'
import { ApiError, badInput } from '../../errors.ts'
import { DateTimeScalar, JsonObjectScalar, JsonScalar } from '../../scalars.ts'
import { type Blueprint, blueprintFormat, blueprintVersion } from './blueprint.ts'

/** What a scalar of the API takes, and gives. */
const scalar = <T>(parse: (value: unknown) => T) =>
  z.unknown().transform((value, context): T => {
    try {
      return parse(value)
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof ApiError ? error.message : 'not valid' })
      return z.NEVER
    }
  })

const instant = scalar((value) => (value === null ? null : DateTimeScalar.parseValue(value))).optional()
const json = scalar((value) => JsonScalar.parseValue(value))
const fields = scalar((value) => (value === null ? null : JsonObjectScalar.parseValue(value))).optional()

const roles = ['PARTICIPANT', 'ADVOCATE', 'FRIEND'] as const satisfies JourneyRole[]
const reentry = ['CONTINUE', 'NEW_AFTER_EXIT', 'NEVER_AGAIN'] as const satisfies ReentryPolicy[]
const kinds = ['CAMPAIGN_ID', 'PROGRAM', 'JOURNEY_NAME'] as const satisfies RequiredTargetKind[]

const journey = z.strictObject({
  name: z.string(),
  role: z.enum(roles),
  priority: z.int().nullish(),
  events: z.array(z.string()),
  startEvents: z.array(z.string()).nullish(),
  entry: z.unknown().optional(),
  ongoing: z.unknown().optional(),
  keyField: z.string().nullish(),
  inactivityDays: z.int().nullish(),
  reentry: z.enum(reentry).nullish(),
})

const campaign = z.strictObject({
  name: z.string(),
  startsAt: instant,
  endsAt: instant,
  requiredTargets: z
    .array(
      z.strictObject({
        kind: z.enum(kinds),
        value: z.string().optional(),
        campaign: z.string().optional(),
        program: z.string().optional(),
      }),
    )
    .default([]),
  journeys: z.array(journey),
  content: z.array(z.strictObject({ zone: z.string(), journeyName: z.string(), body: json })).default([]),
  fields,
})

const code = z.strictObject({
  kind: z.enum(['COUPON', 'PROMO_LINK']),
  code: z.string(),
  label: z.string().nullish(),
  program: z.string().nullish(),
  campaigns: z.array(z.string()).default([]),
  destination: z.string().nullish(),
  expiresAt: instant,
  disabledAt: instant,
  fields,
})

const blueprint = z.strictObject({
  format: z.literal(blueprintFormat),
  version: z.literal(blueprintVersion),
  program: z.strictObject({
    name: z.string(),
    labels: z.array(z.string()).default([]),
    lookbackDays: z.int().nullish(),
    allowMutualReferral: z.boolean().nullish(),
  }),
  campaigns: z.array(campaign).default([]),
  audiences: z.array(z.strictObject({ name: z.string() })).default([]),
  eventTypes: z.array(z.strictObject({ name: z.string(), followsTransaction: z.boolean() })).default([]),
  aliases: z.array(z.strictObject({ alias: z.string(), name: z.string() })).default([]),
  codes: z.array(code).default([]),
})

/** The document. BAD_INPUT naming the place, such as `input.blueprint.campaigns[1].journeys[0].events[0]`. */
export function blueprintInput(document: Record<string, unknown>, path: string): Blueprint {
  const { format, version } = document
  if (format !== blueprintFormat) throw badInput(`not a document of the format ${blueprintFormat}`, `${path}.format`)
  if (typeof version === 'number' && version > blueprintVersion)
    throw badInput(`blueprint version ${version}; this server reads up to ${blueprintVersion}`, `${path}.version`)
  const { data, error } = blueprint.safeParse(document)
  const [issue] = error?.issues ?? []
  if (issue) throw badInput(issue.message, placeOf(issue, path))
  if (!data) throw new Error('what has no fault is parsed')
  return data
}

function placeOf(issue: z.core.$ZodIssue, path: string): string {
  // An unknown field is told by the object that it is in, and named apart.
  const keys = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path
  return keys.reduce<string>((at, key) => (typeof key === 'number' ? `${at}[${key}]` : `${at}.${String(key)}`), path)
}
