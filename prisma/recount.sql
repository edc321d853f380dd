-- Counts of decisions, counted anew from the decisions: for when a server that did not know the counts yet has written decisions
-- beside them. Servers may go on meanwhile; those that write decisions wait until it is done. Counts of hours before an account's first decision
-- that is kept stay as they are: there is nothing left to count them from.
--   psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f prisma/recount.sql

BEGIN;

-- Whoever has counted has committed by now, and whoever has not will count after this.
LOCK TABLE attribution_count IN SHARE ROW EXCLUSIVE MODE;

DELETE FROM attribution_count AS counted
USING account, LATERAL (SELECT event_id FROM attribution WHERE account_id = account.id ORDER BY event_id LIMIT 1) AS kept
WHERE counted.account_id = account.id
  AND counted.starts_at >= date_trunc('hour', to_timestamp(('x' || left(replace(kept.event_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0), 'UTC');

INSERT INTO attribution_count (account_id, span, starts_at, event_name, campaign_id, quality, reason, near_miss_campaign_id, near_miss_code, count)
SELECT a.account_id, s.span, date_trunc(s.span::text, received.at, 'UTC'), event.name,
  coalesce(a.campaign_id, '00000000-0000-0000-0000-000000000000'), a.quality, coalesce(a.reason::text, ''),
  coalesce(a.near_miss_campaign_id, '00000000-0000-0000-0000-000000000000'), coalesce(a.near_miss_code::text, ''), count(*)
FROM attribution AS a
JOIN event ON event.account_id = a.account_id AND event.id = a.event_id
CROSS JOIN LATERAL (SELECT to_timestamp(('x' || left(replace(a.event_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) AS at) AS received
CROSS JOIN unnest(enum_range(NULL::count_span)) AS s (span)
WHERE NOT EXISTS (SELECT FROM attribution AS newer
  WHERE newer.account_id = a.account_id AND newer.event_id = a.event_id AND newer.revision > a.revision)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;

COMMIT;
