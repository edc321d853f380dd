-- Orders that events told of before there were orders.

-- AlterTable
ALTER TABLE "placed_order" ADD COLUMN "last_change_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "items_stated_at" TIMESTAMPTZ(3);

-- CreateIndex
CREATE INDEX "placed_order_account_id_last_change_at_idx" ON "placed_order"("account_id", "last_change_at");

-- Each event of a purchase or a completed order states its order, as the server reads it from now on. Events of one transaction are
-- one order, that of the person who told of it first, and what others said of it is left out. The latest statement holds.
WITH RECURSIVE told AS (
  SELECT event.account_id, event.id, event.profile_id, event.occurred_at, event.received_at, event.data,
    coalesce(named.transaction_id, named.order_id, event.id::text) AS source_id, money.currency
  FROM event
  JOIN profile ON profile.account_id = event.account_id AND profile.id = event.profile_id
  CROSS JOIN LATERAL (
    SELECT max(read.id) FILTER (WHERE read.key = 'transaction_id') AS transaction_id, max(read.id) FILTER (WHERE read.key = 'order_id') AS order_id
    FROM (
      SELECT given.key, CASE WHEN given.text <> '' AND length(given.text) <= 256 THEN given.text END AS id
      FROM (
        SELECT key, CASE WHEN jsonb_typeof(event.data -> key) IN ('string', 'number') THEN btrim(event.data ->> key, U&' \0009\000A\000B\000C\000D\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\2028\2029\202F\205F\3000\FEFF') END AS text
        FROM unnest(ARRAY['transaction_id', 'order_id']) AS key
      ) AS given
    ) AS read
  ) AS named
  CROSS JOIN LATERAL (
    SELECT CASE WHEN jsonb_typeof(event.data -> 'currency') = 'string' AND btrim(event.data ->> 'currency', U&' \0009\000A\000B\000C\000D\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\2028\2029\202F\205F\3000\FEFF') ~ '^[A-Za-z]{3}$'
      THEN upper(btrim(event.data ->> 'currency', U&' \0009\000A\000B\000C\000D\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\2028\2029\202F\205F\3000\FEFF') COLLATE "C") END AS currency
  ) AS money
  WHERE event.name IN ('purchase', 'order_completed')
), valued AS (
  SELECT told.*, CASE WHEN abs(rounded.minor) <= 1000000000000 THEN rounded.minor::bigint END AS total_minor
  FROM told
  CROSS JOIN LATERAL (
    SELECT round(10::numeric ^ CASE
        WHEN told.currency IN ('ADP', 'AFN', 'ALL', 'BIF', 'BYR', 'CLP', 'COP', 'DJF', 'ESP', 'GNF', 'HUF', 'IDR', 'IQD', 'IRR', 'ISK', 'ITL', 'JPY', 'KMF', 'KPW', 'KRW', 'LAK', 'LBP', 'LUF', 'MGA', 'MGF', 'MMK', 'MRO', 'PKR', 'PYG', 'RWF', 'SLL', 'SOS', 'STD', 'SYP', 'TMM', 'TRL', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF', 'YER', 'ZMK', 'ZWD') THEN 0
        WHEN told.currency IN ('BHD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
        WHEN told.currency IN ('CLF', 'UYW') THEN 4
        ELSE 2
      END * CASE jsonb_typeof(given.v)
        WHEN 'number' THEN (given.v #>> '{}')::numeric
        WHEN 'string' THEN CASE WHEN given.v #>> '{}' ~ '^[ \t\r\n]*([+-]?)([0-9]{1,30})(?:[.]([0-9]{1,30}))?[ \t\r\n]*$'
          THEN btrim(given.v #>> '{}', U&' \0009\000A\000B\000C\000D\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\2028\2029\202F\205F\3000\FEFF')::numeric END
      END) AS minor
    FROM (SELECT coalesce(nullif(told.data -> 'total', 'null'), nullif(told.data -> 'revenue', 'null'),
      nullif(told.data -> 'value', 'null'), nullif(told.data -> 'amount', 'null')) AS v) AS given
    WHERE told.currency IS NOT NULL
    UNION ALL SELECT NULL WHERE told.currency IS NULL
  ) AS rounded
), way AS (
  SELECT merge.account_id, merge.loser_id AS id, merge.survivor_id AS reached, 1 AS far FROM merge
  UNION ALL
  SELECT way.account_id, way.id, merge.survivor_id, way.far + 1 FROM way
  JOIN merge ON merge.account_id = way.account_id AND merge.loser_id = way.reached
), root AS (
  SELECT DISTINCT ON (account_id, id) account_id, id, reached FROM way ORDER BY account_id, id, far DESC
), owned AS (
  SELECT valued.*, first_value(valued.id) OVER receipt AS order_id, first_value(valued.profile_id) OVER receipt AS owner_id,
    coalesce(root.reached, valued.profile_id) = first_value(coalesce(root.reached, valued.profile_id)) OVER receipt AS is_owners
  FROM valued LEFT JOIN root ON root.account_id = valued.account_id AND root.id = valued.profile_id
  WINDOW receipt AS (PARTITION BY valued.account_id, valued.source_id ORDER BY valued.id)
), latest AS (
  SELECT DISTINCT ON (account_id, source_id) * FROM owned WHERE is_owners ORDER BY account_id, source_id, occurred_at DESC, id DESC
), orders AS (
  INSERT INTO placed_order (account_id, id, source_id, profile_id, placed_at, stated_at, last_change_at, currency, total_minor, source)
  SELECT account_id, order_id, source_id, owner_id, occurred_at, occurred_at, occurred_at, currency, total_minor, 'EVENT' FROM latest
  ON CONFLICT DO NOTHING
  RETURNING account_id, id
)
INSERT INTO order_change (account_id, id, order_id, profile_id, kind, at, source, event_id, placed_at, currency, total_minor, recorded_at)
SELECT owned.account_id, owned.id, owned.order_id, owned.owner_id, 'STATED', owned.occurred_at, 'EVENT', owned.id, owned.occurred_at,
  owned.currency, owned.total_minor, owned.received_at
FROM owned JOIN orders ON orders.account_id = owned.account_id AND orders.id = owned.order_id
WHERE owned.is_owners;
