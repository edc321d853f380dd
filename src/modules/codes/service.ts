// Making and disabling codes. All kinds share one namespace, one table and one way in; they differ in what they must name.

import type { Context } from '../../context.ts'
import type { FieldFault } from '../../core/fields/definition.ts'
import { normalise, type PersonRef } from '../../core/identity.ts'
import { foldCode, foldName } from '../../core/names.ts'
import { badInput, conflict, notFound } from '../../errors.ts'
import type { CodeKind, Prisma } from '../../generated/prisma/client.ts'
import { idInput, newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { retrying } from '../../platform/retry.ts'
import type { JsonObject } from '../../scalars.ts'
import { checkedOptional, checkedText, checkedWebAddress } from '../../text.ts'
import { checkRef } from '../profiles/resolve.ts'
import { findOrCreatePeople } from '../profiles/service.ts'
import { definedFields, heldFields } from '../programs/held-fields.ts'

const maxCode = 256
const maxCampaigns = 100
const maxRecipients = 1000
const maxChannel = 100

type Id = string | number

/** What every kind of code may say. */
interface CodeInput {
  programId?: Id | null
  advocate?: PersonRef | null
  label?: string | null
  expiresAt?: Date | null
}

export interface CreateCouponInput extends CodeInput {
  code: string
  campaignIds: readonly Id[]
  fields?: JsonObject | null
}

/** A coupon, and what was left out of its fields, by their definitions. */
export interface WrittenCoupon {
  readonly id: string
  readonly warnings: readonly FieldFault[]
}

/**
 * Makes a coupon. CONFLICT for a code that is taken by any kind; NOT_FOUND for a campaign of another account; BAD_INPUT, at its
 * place, for fields that the definitions refuse.
 */
export async function createCoupon(context: Context, input: CreateCouponInput): Promise<WrittenCoupon> {
  const { campaignIds } = input
  if (campaignIds.length === 0) throw badInput('a coupon needs at least one campaign', 'input.campaignIds')
  if (campaignIds.length > maxCampaigns) throw badInput(`over ${maxCampaigns} campaigns`, 'input.campaignIds')
  const campaigns = campaignIds.map((id, i) => placeOf('Campaign', id, `input.campaignIds[${i}]`))
  const code = codeOf(input.code, 'input.code')
  return create(context, input, { kind: 'COUPON', code, campaigns, given: input.fields ?? {} })
}

export interface UpdateCouponInput {
  code: string
  fields: JsonObject
}

/** Changes fields of a coupon; null removes one. NOT_FOUND for an unknown code and one of another kind; BAD_INPUT as createCoupon. */
export async function updateCoupon(context: Context, input: UpdateCouponInput): Promise<WrittenCoupon> {
  const { accountId, services } = context
  const code = codeOf(input.code, 'input.code').text
  return services.database.transaction(async (tx) => {
    const [known] = await tx.$queryRaw<{ id: string; fields: JsonObject }[]>`
      SELECT id, fields FROM code WHERE account_id = ${accountId}::uuid AND code = ${code}::text AND kind = 'COUPON' FOR NO KEY UPDATE`
    if (!known) throw notFound(`no coupon ${code}`, 'input.code')
    const given = { owner: 'COUPON', given: input.fields, before: known.fields, path: 'input.fields' } as const
    const { fields, warnings } = heldFields(await definedFields(tx, accountId), given)
    await tx.code.update({ where: { accountId_id: { accountId, id: known.id } }, data: { fields } })
    return { id: known.id, warnings }
  })
}

export interface CreateShareInput extends CodeInput {
  shareId: string
  campaignId?: Id | null
  advocate: PersonRef
  channel?: string | null
  recipients?: readonly string[] | null
}

/** Makes a share; returns its id. BAD_INPUT for a recipient that is neither an e-mail address nor a phone number. */
export async function createShare(context: Context, input: CreateShareInput): Promise<string> {
  const { id } = await create(context, input, {
    kind: 'SHARE',
    code: codeOf(input.shareId, 'input.shareId'),
    campaigns: singleCampaign(input.campaignId),
    channel: checkedOptional(input.channel, 'input.channel', maxChannel),
    recipients: recipientsOf(input.recipients ?? [], 'input.recipients'),
  })
  return id
}

export interface CreateAdvocateCodeInput extends CodeInput {
  code: string
  campaignId?: Id | null
  advocate: PersonRef
}

/** Makes an advocate's own code; returns its id. */
export async function createAdvocateCode(context: Context, input: CreateAdvocateCodeInput): Promise<string> {
  const campaigns = singleCampaign(input.campaignId)
  const { id } = await create(context, input, {
    kind: 'ADVOCATE_CODE',
    code: codeOf(input.code, 'input.code'),
    campaigns,
  })
  return id
}

export interface CreatePromoLinkInput extends Omit<CodeInput, 'advocate'> {
  code: string
  campaignId?: Id | null
  destination?: string | null
}

/** Makes a promo link; returns its id. BAD_INPUT for a destination that is no web address. */
export async function createPromoLink(context: Context, input: CreatePromoLinkInput): Promise<string> {
  const { id } = await create(context, input, {
    kind: 'PROMO_LINK',
    code: codeOf(input.code, 'input.code'),
    campaigns: singleCampaign(input.campaignId),
    destination: checkedWebAddress(input.destination, 'input.destination'),
  })
  return id
}

/** Disables a code from now on; one that is disabled already keeps its time. Returns its id. NOT_FOUND for an unknown one. */
export async function disableCode(context: Context, input: { code: string }): Promise<string> {
  const { accountId, db, now } = context
  const code = codeOf(input.code, 'input.code').text
  const known = await db.code.findUnique({ where: { accountId_code: { accountId, code } }, select: { id: true } })
  if (!known) throw notFound(`no code ${code}`, 'input.code')
  await db.code.updateMany({ where: { accountId, id: known.id, disabledAt: null }, data: { disabledAt: now } })
  return known.id
}

interface Place {
  id: string
  path: string
}

/** What one kind of code says, checked. */
interface NewCode {
  kind: CodeKind
  code: { text: string; path: string }
  campaigns: Place[]
  channel?: string | null
  recipients?: string[]
  destination?: string | null
  /** Of a coupon: its fields as they came. */
  given?: JsonObject
}

async function create(context: Context, input: CodeInput, made: NewCode): Promise<WrittenCoupon> {
  const { code, campaigns, given, ...columns } = made
  const { accountId, services, now } = context
  const program = input.programId == null ? null : placeOf('Program', input.programId, 'input.programId')
  const label = checkedOptional(input.label, 'input.label')
  if (!campaigns.length && !program && !label)
    throw badInput('a code needs a campaign, a program or a label to stand for', 'input')
  const ref = input.advocate ? checkRef(input.advocate, 'input.advocate') : null
  const row = {
    ...columns,
    accountId,
    id: newId(),
    code: code.text,
    label: label && foldName(label),
    programId: program?.id ?? null,
    expiresAt: input.expiresAt ?? null,
    createdAt: now,
  }
  return retrying(() =>
    services.database.transaction(async (tx) => {
      await assertNamed(tx, accountId, { campaigns, program })
      const { fields, warnings } = given ? await fieldsOf(tx, accountId, given) : noFields
      const [advocateId] = ref ? await findOrCreatePeople(tx, [ref], { context, path: () => 'input.advocate' }) : [null]
      const { count } = await tx.code.createMany({ data: { ...row, fields, advocateId }, skipDuplicates: true })
      if (count === 0) throw conflict('taken by another coupon, share, advocate code or promo link', code.path)
      const campaignIds = new Set(campaigns.map(({ id }) => id))
      await tx.codeCampaign.createMany({
        data: [...campaignIds].map((campaignId) => ({ accountId, codeId: row.id, campaignId })),
      })
      return { id: row.id, warnings }
    }),
  )
}

const noFields = { fields: {} as Prisma.InputJsonObject, warnings: [] } // An empty object.

const fieldsOf = async (tx: Transaction, accountId: string, given: JsonObject) =>
  heldFields(await definedFields(tx, accountId), { owner: 'COUPON', given, before: null, path: 'input.fields' })

/** NOT_FOUND, naming the place, for a campaign or program that the account does not have. */
async function assertNamed(
  tx: Transaction,
  accountId: string,
  named: { campaigns: readonly Place[]; program: Place | null },
): Promise<void> {
  const { campaigns, program } = named
  const ids = campaigns.map(({ id }) => id)
  const rows = await tx.campaign.findMany({
    where: { accountId, id: { in: ids } },
    select: { id: true, programId: true },
  })
  const stray = campaigns.find(({ id }) => !rows.some((row) => row.id === id))
  if (stray) throw notFound(`no campaign ${stray.id}`, stray.path)
  if (!program) return
  const known = await tx.program.findUnique({
    where: { accountId_id: { accountId, id: program.id } },
    select: { id: true },
  })
  if (!known) throw notFound(`no program ${program.id}`, program.path)
  if (rows.some(({ programId }) => programId !== program.id))
    throw badInput('not the program of the campaign', program.path)
}

const placeOf = (type: 'Campaign' | 'Program', id: Id, path: string): Place => ({ id: idInput(type, id, path), path })

const singleCampaign = (id: Id | null | undefined): Place[] =>
  id == null ? [] : [placeOf('Campaign', id, 'input.campaignId')]

const codeOf = (code: string, path: string) => ({ text: checkedText(foldCode(code), path, maxCode), path })

/** In the form in which people's e-mail addresses and phone numbers are stored, each once. */
function recipientsOf(given: readonly string[], path: string): string[] {
  if (given.length > maxRecipients) throw badInput(`over ${maxRecipients} recipients`, path)
  const recipients = given.map((recipient, i) => {
    const text = checkedText(recipient, `${path}[${i}]`, maxCode)
    const value = normalise('EMAIL', text) ?? normalise('PHONE', text)
    if (value === undefined)
      throw badInput('neither an e-mail address nor a phone number in international form', `${path}[${i}]`)
    return value
  })
  return [...new Set(recipients)]
}
