// An account with a past: people and events in numbers that the API would take long for, made by the database itself, as
// batches would have left them.

/** Runs one statement; the account is the first of the values. */
export type Run = (text: string, values: readonly unknown[]) => Promise<unknown>

export interface Crowd {
  accountId: string
  /** Numbered from 1: `p1` is known by that source id, by user1@example.com and by the device d1. */
  people: number
  /** What they are on a journey of, by the flow `participant`, and what the others came nearest to. */
  campaignId: string
  programId: string
}

/** Of the nth person and of what is theirs, as SQL. */
const ofPerson = (kind: 7 | 9, n: string) => `('01900000-0000-7000-${kind}000-' || lpad(to_hex(${n}), 12, '0'))::uuid`

/**
 * People with identifiers and a journey each. Every second was referred by the one before, by an advocate code (ADV<n>); every
 * fourth shared something with the next one's address (SHARE<n>), and every fifth was somebody without a name before.
 */
export async function fillPeople(run: Run, { accountId, people, campaignId, programId }: Crowd): Promise<void> {
  const all = (every = 1) => `generate_series(${every}, ${people}, ${every}) AS n`
  await run(`INSERT INTO profile (account_id, id) SELECT $1::uuid, ${ofPerson(7, 'n')} FROM ${all()}`, [accountId])
  await run(
    `INSERT INTO identity (account_id, kind, value, profile_id)
    SELECT $1::uuid, kind::identity_kind, before || n || after, ${ofPerson(7, 'n')}
    FROM ${all()}, (VALUES ('SOURCE_ID', 'p', ''), ('EMAIL', 'user', '@example.com'), ('DEVICE', 'd', '')) AS k (kind, before, after)`,
    [accountId],
  )
  await run(
    `WITH before AS (INSERT INTO profile (account_id, id) SELECT $1::uuid, ${ofPerson(9, 'n')} FROM ${all(5)} RETURNING id)
    INSERT INTO merge (account_id, loser_id, survivor_id)
    SELECT $1::uuid, ${ofPerson(9, 'n')}, ${ofPerson(7, 'n')} FROM ${all(5)} WHERE EXISTS (SELECT FROM before)`,
    [accountId],
  )
  await run(
    `INSERT INTO journey (account_id, id, profile_id, campaign_id, definition, role, started_at, last_activity_at, entry_event_id, latest_event_id)
    SELECT $1::uuid, ${ofPerson(9, 'n')}, ${ofPerson(7, 'n')}, $2::uuid, 'participant', 'PARTICIPANT', '2026-01-01', '2026-01-01',
      ${ofPerson(9, 'n')}, ${ofPerson(9, 'n')} FROM ${all()}`,
    [accountId, campaignId],
  )
  await run(
    `INSERT INTO relationship (account_id, id, advocate_id, friend_id, program_id, first_evidence_at, latest_evidence_at)
    SELECT $1::uuid, ${ofPerson(7, 'n')}, ${ofPerson(7, 'n - 1')}, ${ofPerson(7, 'n')}, $2::uuid, '2026-01-01', '2026-01-01' FROM ${all(2)}`,
    [accountId, programId],
  )
  await run(
    `INSERT INTO code (account_id, id, kind, code, program_id, advocate_id)
    SELECT $1::uuid, ${ofPerson(7, 'n')}, 'ADVOCATE_CODE', 'ADV' || n, $2::uuid, ${ofPerson(7, 'n')} FROM ${all(2)}`,
    [accountId, programId],
  )
  await run(
    `INSERT INTO evidence (account_id, id, relationship_id, kind, code_id, at)
    SELECT $1::uuid, ${ofPerson(7, 'n')}, ${ofPerson(7, 'n')}, 'ADVOCATE_CODE', ${ofPerson(7, 'n')}, '2026-01-01' FROM ${all(2)}`,
    [accountId],
  )
  await run(
    `INSERT INTO code (account_id, id, kind, code, program_id, advocate_id, recipients)
    SELECT $1::uuid, ${ofPerson(9, 'n')}, 'SHARE', 'SHARE' || n, $2::uuid, ${ofPerson(7, 'n')}, ARRAY['user' || (n + 1) || '@example.com'] FROM ${all(4)}`,
    [accountId, programId],
  )
}

export interface Past extends Crowd {
  /** How many events there are already, and how many there will be. */
  from: number
  to: number
  /** When the first and the last of all were received. */
  since: Date
  until: Date
}

/**
 * Events of all people in turn, with their decisions: of four, a click and a purchase that are credited to the journey, a hum that
 * the campaign does not take, and a join that nobody referred. Every fourth has an idempotency key.
 */
export async function fillEvents(run: Run, past: Past): Promise<void> {
  const { accountId, people, campaignId, from, to, since, until } = past
  if (to <= from) return
  const made = `FROM generate_series(${from + 1}, ${to}) AS n,
    LATERAL (SELECT ${since.getTime()}::bigint + ((${until.getTime() - since.getTime()})::bigint * n) / ${to} AS ms) AS clock,
    LATERAL (SELECT lpad(to_hex(ms), 12, '0') AS hex, to_timestamp(ms / 1000.0) AS at, ${ofPerson(7, `n % ${people} + 1`)} AS profile_id,
      ${ofPerson(9, `n % ${people} + 1`)} AS journey_id, (ARRAY['click', 'purchase', 'hum', 'join'])[n % 4 + 1] AS name) AS event,
    LATERAL (SELECT (left(hex, 8) || '-' || substr(hex, 9) || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id) AS own`
  await run(
    `INSERT INTO event (account_id, id, profile_id, name, occurred_at, received_at, data, idempotency_key)
    SELECT $1::uuid, id, profile_id, name, at, at, jsonb_build_object('order_id', 'T-' || n, 'total', n % 100), CASE WHEN n % 4 = 0 THEN 'key ' || n END ${made}`,
    [accountId],
  )
  await run(
    `INSERT INTO idempotency_key (account_id, key, event_id, digests, created_at) SELECT $1::uuid, 'key ' || n, id, '{}', at ${made} WHERE n % 4 = 0`,
    [accountId],
  )
  await run(
    `INSERT INTO attribution (account_id, event_id, revision, position, status, profile_id, campaign_id, campaign_revision, journey_id, quality,
      decided_by, reason, near_miss_campaign_id, near_miss_code, occurred_at, transaction_id, trace, decided_at)
    SELECT $1::uuid, id, 1, n, CASE WHEN taken THEN 'ATTRIBUTED' ELSE 'UNATTRIBUTED' END::attribution_status, profile_id,
      CASE WHEN taken THEN $2::uuid END, CASE WHEN taken THEN 1 END, CASE WHEN taken THEN journey_id END,
      CASE WHEN taken THEN 'HIGH' ELSE 'NONE' END::quality, CASE WHEN taken THEN 'ONLY_CANDIDATE' END::decided_by,
      failure::unattributed_reason, CASE WHEN taken THEN NULL ELSE $2::uuid END, failure::unattributed_reason, at, 'T-' || n, '{}', at
    ${made}, LATERAL (SELECT n % 4 < 2 AS taken, CASE n % 4 WHEN 2 THEN 'EVENT_NOT_SUPPORTED' WHEN 3 THEN 'NO_REFERRAL' END AS failure) AS outcome`,
    [accountId, campaignId],
  )
  await fillOrders(run, { accountId, made: `${made} WHERE n % 4 = 1` })
  await run(
    `INSERT INTO journey_step (account_id, id, journey_id, kind, event_id, event_name, at)
    SELECT $1::uuid, id, journey_id, 'CREDITED', id, name, at ${made} WHERE n % 4 < 2`,
    [accountId],
  )
  await run(
    `INSERT INTO attribution_count (account_id, span, starts_at, event_name, campaign_id, quality, reason, near_miss_campaign_id, near_miss_code, count)
    SELECT $1::uuid, span, date_trunc(span::text, at, 'UTC'), name, CASE WHEN n % 4 < 2 THEN $2::uuid ELSE nobody END,
      CASE WHEN n % 4 < 2 THEN 'HIGH' ELSE 'NONE' END::quality, failure, CASE WHEN n % 4 < 2 THEN nobody ELSE $2::uuid END, failure, count(*)
    ${made}, LATERAL (SELECT '00000000-0000-0000-0000-000000000000'::uuid AS nobody,
      CASE n % 4 WHEN 2 THEN 'EVENT_NOT_SUPPORTED' WHEN 3 THEN 'NO_REFERRAL' ELSE '' END AS failure) AS outcome,
      unnest(enum_range(NULL::count_span)) AS span
    GROUP BY 2, 3, 4, 5, 6, 7, 8, 9
    ON CONFLICT (account_id, span, starts_at, event_name, campaign_id, quality, reason, near_miss_campaign_id, near_miss_code)
    DO UPDATE SET count = attribution_count.count + excluded.count`,
    [accountId, campaignId],
  )
  await run(
    `INSERT INTO feed_head (account_id, topic, position) VALUES ($1::uuid, 'ATTRIBUTIONS', ${to})
    ON CONFLICT (account_id, topic) DO UPDATE SET position = excluded.position`,
    [accountId],
  )
}

/** The orders of those events, a line each, of as many products as there are orders, in one form each. */
async function fillOrders(run: Run, { accountId, made }: { accountId: string; made: string }): Promise<void> {
  await run(
    `INSERT INTO placed_order (account_id, id, source_id, profile_id, placed_at, stated_at, last_change_at, currency, total_minor, source)
    SELECT $1::uuid, id, 'T-' || n, profile_id, at, at, at, 'EUR', n % 100 * 100, 'EVENT' ${made}`,
    [accountId],
  )
  await run(
    `INSERT INTO order_change (account_id, id, order_id, profile_id, kind, at, source, event_id, placed_at, currency, total_minor)
    SELECT $1::uuid, id, id, profile_id, 'STATED', at, 'EVENT', id, at, 'EUR', n % 100 * 100 ${made}`,
    [accountId],
  )
  await run(
    `INSERT INTO product (account_id, id, source_id, is_placeholder) SELECT $1::uuid, id, 'P-' || n, TRUE ${made}`,
    [accountId],
  )
  await run(`INSERT INTO product_variant (account_id, sku, product_id) SELECT $1::uuid, 'S-' || n, id ${made}`, [
    accountId,
  ])
  await run(
    `INSERT INTO order_item (account_id, order_id, line, product_id, quantity) SELECT $1::uuid, id, 1, id, 1 ${made}`,
    [accountId],
  )
}
