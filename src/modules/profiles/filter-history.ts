// Conditions on what a person did, as SQL on `person.ids`: events, relationships, decisions of a quality. The counterpart of
// counts in core/rules; time counts back from now.

import { foldEventName } from '../../core/names.ts'
import { enoughFor, ruleProgramId, windowMs } from '../../core/rules/counts.ts'
import type { ConsentRule, CountBounds, EventRule, QualityRule, RelationshipRule } from '../../core/rules/rule.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { isWithin } from './filter-bounds.ts'
import type { FilterScope } from './filter-values.ts'

/** Is that in force of the channel, or of any: the latest that any profile of the person said of it? */
export function consentSql({ channel, state }: ConsentRule, { accountId }: FilterScope): Prisma.Sql {
  return Prisma.sql`EXISTS (
    SELECT FROM (
      SELECT DISTINCT ON (consent.channel) consent.state FROM consent
      WHERE consent.account_id = ${accountId}::uuid AND consent.profile_id = ANY (person.ids)
        AND (${channel ?? null}::text IS NULL OR consent.channel = ${channel ?? null}::text::consent_channel)
      ORDER BY consent.channel, consent.at DESC, consent.id DESC
    ) AS told WHERE told.state = ${state ?? 'OPTED_IN'}::text::consent_state)`
}

/** How often the person performed the event. */
export function eventSql(rule: EventRule, { accountId, now }: FilterScope): Prisma.Sql {
  const isPerformed = counted(
    Prisma.sql`FROM event WHERE event.account_id = ${accountId}::uuid AND event.profile_id = ANY (person.ids)
      AND event.name = ${foldEventName(rule.name)}::text AND ${isWithin(Prisma.sql`event.occurred_at`, rule, now)}`,
    rule,
  )
  return rule.performed === false ? Prisma.sql`(NOT ${isPerformed})` : isPerformed
}

/** How many relationships the person has, on that side; `where` is the rule's condition on the other person's own row `profile`. */
export function relationshipSql(rule: RelationshipRule, scope: FilterScope, where: Prisma.Sql | null): Prisma.Sql {
  const side = rule.as === 'FRIEND' ? Prisma.sql`edge.friend_id` : Prisma.sql`edge.advocate_id`
  return counted(
    Prisma.sql`FROM relationship AS edge WHERE ${isRelated(rule, scope, where)} AND ${side} = ANY (person.ids)`,
    rule,
  )
}

/** What makes a relationship `edge` count, whoever's it is. */
export function isRelated(
  rule: RelationshipRule,
  { accountId, now }: FilterScope,
  where: Prisma.Sql | null,
): Prisma.Sql {
  const programId = ruleProgramId(rule)
  const at = (time: Prisma.Sql) => isWithin(time, rule, now)
  const conditions = [
    Prisma.sql`edge.account_id = ${accountId}::uuid`,
    Prisma.sql`edge.withdrawn_at IS NULL AND edge.first_evidence_at <= ${now}::timestamptz`,
    ...(programId === null ? [] : [Prisma.sql`edge.program_id = ${programId}::uuid`]),
    ...(where === null ? [] : [otherSql(rule, accountId, where)]),
    ...(windowMs(rule) === Number.POSITIVE_INFINITY
      ? []
      : [
          Prisma.sql`(${at(Prisma.sql`edge.first_evidence_at`)} OR ${at(Prisma.sql`edge.latest_evidence_at`)} OR EXISTS (
            SELECT FROM evidence WHERE evidence.account_id = ${accountId}::uuid AND evidence.relationship_id = edge.id AND ${at(Prisma.sql`evidence.at`)}
          ))`,
        ]),
  ]
  return Prisma.join(conditions, ' AND ')
}

// OFFSET 0 makes it look the one person up, as the planner would rather read everybody for each edge.
/** True of edges whose other person, who may have been merged with somebody since, satisfies. */
const otherSql = ({ as }: RelationshipRule, accountId: string, where: Prisma.Sql) => Prisma.sql`EXISTS (
  WITH RECURSIVE up AS (
    SELECT ${as === 'FRIEND' ? Prisma.sql`edge.advocate_id` : Prisma.sql`edge.friend_id`} AS id
    UNION
    SELECT merge.survivor_id FROM up
    CROSS JOIN LATERAL (SELECT survivor_id FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = up.id OFFSET 0) AS merge
  )
  SELECT FROM up CROSS JOIN LATERAL (
    SELECT * FROM profile WHERE profile.account_id = ${accountId}::uuid AND profile.id = up.id OFFSET 0) AS profile
  WHERE NOT EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = up.id) AND ${where}
)`

/** How many of the person's events were decided with the quality; the decision in force is that of the highest revision. */
export function qualitySql(rule: QualityRule, { accountId, now }: FilterScope): Prisma.Sql {
  return counted(
    Prisma.sql`FROM attribution AS decision
      WHERE decision.account_id = ${accountId}::uuid AND decision.profile_id = ANY (person.ids)
        AND decision.quality = ${rule.is}::quality AND ${isWithin(Prisma.sql`decision.occurred_at`, rule, now)}
        AND NOT EXISTS (SELECT FROM attribution AS later WHERE later.account_id = ${accountId}::uuid
          AND later.event_id = decision.event_id AND later.revision > decision.revision)`,
    rule,
  )
}

/** Rows are counted no further than the bounds ask. */
function counted(rows: Prisma.Sql, bounds: CountBounds): Prisma.Sql {
  const count = Prisma.sql`(SELECT count(*) FROM (SELECT ${rows} LIMIT ${enoughFor(bounds)}::int) AS found)`
  const [least, most] = [bounds.atLeast ?? (bounds.atMost == null ? 1 : 0), bounds.atMost ?? enoughFor(bounds)]
  return Prisma.sql`(${count} BETWEEN ${least}::int AND ${most}::int)`
}
