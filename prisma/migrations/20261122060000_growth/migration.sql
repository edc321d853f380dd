-- Growth: decisions counted by minute and by hour as they are made. Written by Prisma from schema.prisma, then by hand: the
-- storage parameters, and at the end the counts of what is there.

-- CreateEnum
CREATE TYPE "count_span" AS ENUM ('MINUTE', 'HOUR');

-- CreateTable
CREATE TABLE "attribution_count" (
    "account_id" UUID NOT NULL,
    "span" "count_span" NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "event_name" TEXT NOT NULL,
    "campaign_id" UUID NOT NULL,
    "quality" "quality" NOT NULL,
    "reason" TEXT NOT NULL,
    "near_miss_campaign_id" UUID NOT NULL,
    "near_miss_code" TEXT NOT NULL,
    "count" INTEGER NOT NULL,

    CONSTRAINT "attribution_count_pkey" PRIMARY KEY ("account_id","span","starts_at","event_name","campaign_id","quality","reason","near_miss_campaign_id","near_miss_code")
);

-- The inbox's decisions of one group in the order of receipt. An index of a part of the rows on an expression, so no schema can say it.
DROP INDEX "attribution_account_id_reason_position_idx";
CREATE INDEX "attribution_unattributed_idx" ON "attribution"("account_id", "reason", coalesce("near_miss_campaign_id", '00000000-0000-0000-0000-000000000000'), "event_id") WHERE "reason" IS NOT NULL;

-- Decisions by the relationship that they went by: most go by none.
CREATE INDEX "attribution_referred_idx" ON "attribution"("account_id", "relationship_id", "position") WHERE "relationship_id" IS NOT NULL;

-- A row is written again by every batch of its minute or hour, and by the feed's every batch: room in the page keeps such writes in it.
ALTER TABLE "attribution_count" SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE "feed_head" SET (fillfactor = 10);

-- What is there, counted: the decisions in force, by the minute that is in the event's id.
INSERT INTO "attribution_count" ("account_id", "span", "starts_at", "event_name", "campaign_id", "quality", "reason", "near_miss_campaign_id", "near_miss_code", "count")
SELECT a."account_id", s."span", date_trunc(s."span"::text, received."at", 'UTC'), event."name",
  coalesce(a."campaign_id", '00000000-0000-0000-0000-000000000000'), a."quality", coalesce(a."reason"::text, ''),
  coalesce(a."near_miss_campaign_id", '00000000-0000-0000-0000-000000000000'), coalesce(a."near_miss_code"::text, ''), count(*)
FROM "attribution" AS a
JOIN "event" ON event."account_id" = a."account_id" AND event."id" = a."event_id"
CROSS JOIN LATERAL (SELECT to_timestamp(('x' || left(replace(a."event_id"::text, '-', ''), 12))::bit(48)::bigint / 1000.0) AS "at") AS received
CROSS JOIN unnest(enum_range(NULL::"count_span")) AS s ("span")
WHERE NOT EXISTS (SELECT FROM "attribution" AS newer
  WHERE newer."account_id" = a."account_id" AND newer."event_id" = a."event_id" AND newer."revision" > a."revision")
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;
