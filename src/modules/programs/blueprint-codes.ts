// The coupons and promo links of a document.

import type { AccountFields } from '../../core/fields/check.ts'
import { isSameJson } from '../../core/fields/same-json.ts'
import { foldCode, foldName } from '../../core/names.ts'
import { badInput, conflict } from '../../errors.ts'
import type { Prisma } from '../../generated/prisma/client.ts'
import { newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { checkedOptional, checkedText, checkedWebAddress } from '../../text.ts'
import type { BlueprintCode } from './blueprint.ts'
import { type References, referenced } from './blueprint-references.ts'
import { heldFields } from './held-fields.ts'

const maxCode = 256
const maxCampaigns = 100

interface CodePlan {
  codes: readonly BlueprintCode[]
  references: References
  /** What fields of coupons are held to. */
  defined: AccountFields
  at: Date
  /** Where the list stands in the input. */
  path: string
}

/** Stores the codes; one that is there and says the same is kept. CONFLICT, at the place, for one that says something else. */
export async function insertCodes(tx: Transaction, accountId: string, plan: CodePlan): Promise<void> {
  const { codes, at, path } = plan
  if (codes.length === 0) return
  const wanted = codes.map((code, i) => checkedCode(code, plan, `${path}[${i}]`))
  const texts = wanted.map(({ code }) => code)
  const twice = texts.findIndex((text, i) => texts.indexOf(text) < i)
  if (twice >= 0) throw badInput('it is there twice', `${path}[${twice}].code`)
  const known = await tx.code.findMany({ where: { accountId, code: { in: texts } }, include: { campaigns: true } })
  const byCode = new Map(known.map((row) => [row.code, row]))
  for (const [i, code] of wanted.entries()) {
    const other = byCode.get(code.code)
    if (other && !isSame(code, other))
      throw conflict('taken by another coupon, share, advocate code or promo link', `${path}[${i}].code`)
  }
  const fresh = wanted.filter(({ code }) => !byCode.has(code)).map((code) => ({ ...code, id: newId() }))
  await tx.code.createMany({
    data: fresh.map(({ campaignIds: _, ...code }) => ({ ...code, accountId, createdAt: at })),
  })
  await tx.codeCampaign.createMany({
    data: fresh.flatMap(({ id, campaignIds }) =>
      campaignIds.map((campaignId) => ({ accountId, codeId: id, campaignId })),
    ),
  })
}

type CheckedCode = ReturnType<typeof checkedCode>

function checkedCode(input: BlueprintCode, { references, defined }: CodePlan, path: string) {
  const { kind, campaigns, expiresAt = null, disabledAt = null } = input
  const max = kind === 'COUPON' ? maxCampaigns : 1
  if (campaigns.length > max) throw badInput(`over ${max} campaigns`, `${path}.campaigns`)
  if (kind === 'COUPON' && campaigns.length === 0)
    throw badInput('a coupon needs at least one campaign', `${path}.campaigns`)
  const label = checkedOptional(input.label, `${path}.label`)
  if (campaigns.length === 0 && input.program == null && label === null)
    throw badInput('a code needs a campaign, a program or a label to stand for', path)
  const ids = campaigns.map((name, i) => referenced(references, 'campaign', { name, path: `${path}.campaigns[${i}]` }))
  if (kind !== 'COUPON' && Object.keys(input.fields ?? {}).length > 0)
    throw badInput('only coupons have fields', `${path}.fields`)
  const given = { owner: 'COUPON', given: input.fields, before: null, path: `${path}.fields` } as const
  return {
    kind,
    fields: kind === 'COUPON' ? heldFields(defined, given).fields : {},
    code: checkedText(foldCode(input.code), `${path}.code`, maxCode),
    label: label && foldName(label),
    programId:
      input.program == null
        ? null
        : referenced(references, 'program', { name: input.program, path: `${path}.program` }),
    campaignIds: [...new Set(ids)],
    destination: checkedWebAddress(input.destination, `${path}.destination`),
    expiresAt,
    disabledAt,
  }
}

type KnownCode = Prisma.CodeGetPayload<{ include: { campaigns: true } }>

const isSame = (code: CheckedCode, known: KnownCode): boolean =>
  known.advocateId === null &&
  code.kind === known.kind &&
  code.label === known.label &&
  code.programId === known.programId &&
  code.destination === known.destination &&
  isSameJson(code.fields, known.fields) &&
  code.expiresAt?.getTime() === known.expiresAt?.getTime() &&
  code.disabledAt?.getTime() === known.disabledAt?.getTime() &&
  code.campaignIds.length === known.campaigns.length &&
  known.campaigns.every(({ campaignId }) => code.campaignIds.includes(campaignId))
