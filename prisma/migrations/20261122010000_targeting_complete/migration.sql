-- Targeting, complete: campaign life and content, step history, follow-ups, near misses that can be counted, and the rules that
-- each decision went by. Written by Prisma from schema.prisma, then by hand: the partitioning of journey_step, its default
-- partition (monthly ones are made ahead by the server), and at the end what is known of the rows from before.

-- CreateEnum
CREATE TYPE "journey_step_kind" AS ENUM ('ENTERED', 'CREDITED', 'RESUMED', 'ADVANCED', 'EXITED', 'EXPIRED', 'WITHDRAWN');

-- AlterEnum
ALTER TYPE "journey_state" ADD VALUE 'WITHDRAWN';

-- AlterTable
ALTER TABLE "attribution" ADD COLUMN     "api_key_id" UUID,
ADD COLUMN     "near_miss_campaign_id" UUID,
ADD COLUMN     "near_miss_code" "unattributed_reason",
ADD COLUMN     "note" TEXT,
ADD COLUMN     "rules_version" INTEGER,
ADD COLUMN     "transaction_id" TEXT;

-- AlterTable
ALTER TABLE "campaign_revision" ADD COLUMN     "content" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "published_version" INTEGER;

-- AlterTable
ALTER TABLE "journey" ADD COLUMN     "entry_code" TEXT,
ADD COLUMN     "entry_reason" "decided_by",
ADD COLUMN     "entry_share_id" TEXT,
ADD COLUMN     "latest_code" TEXT,
ADD COLUMN     "latest_reason" "decided_by",
ADD COLUMN     "latest_share_id" TEXT;

-- AlterTable
ALTER TABLE "relationship" ADD COLUMN     "withdrawn_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "campaign_state_change" (
    "account_id" UUID NOT NULL,
    "campaign_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "state" "campaign_state" NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "campaign_state_change_pkey" PRIMARY KEY ("account_id","campaign_id","version")
);

-- CreateTable
CREATE TABLE "journey_step" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "journey_id" UUID NOT NULL,
    "kind" "journey_step_kind" NOT NULL,
    "event_id" UUID NOT NULL,
    "event_name" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "journey_step_pkey" PRIMARY KEY ("account_id","id")
) PARTITION BY RANGE ("id");

CREATE TABLE "journey_step_default" PARTITION OF "journey_step" DEFAULT;

-- CreateTable
CREATE TABLE "event_type" (
    "account_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "follows_transaction" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "event_type_pkey" PRIMARY KEY ("account_id","name")
);

-- CreateIndex
CREATE INDEX "journey_step_account_id_journey_id_id_idx" ON "journey_step"("account_id", "journey_id", "id");

-- CreateIndex
CREATE INDEX "attribution_account_id_profile_id_occurred_at_idx" ON "attribution"("account_id", "profile_id", "occurred_at");

-- CreateIndex
CREATE INDEX "attribution_account_id_transaction_id_event_id_idx" ON "attribution"("account_id", "transaction_id", "event_id");

-- CreateIndex
CREATE INDEX "attribution_account_id_reason_position_idx" ON "attribution"("account_id", "reason", "position");

-- CreateIndex
CREATE INDEX "code_recipients_idx" ON "code" USING GIN ("recipients");

-- CreateIndex
CREATE INDEX "event_account_id_profile_id_name_occurred_at_idx" ON "event"("account_id", "profile_id", "name", "occurred_at");

-- AddForeignKey
ALTER TABLE "campaign_state_change" ADD CONSTRAINT "campaign_state_change_account_id_campaign_id_fkey" FOREIGN KEY ("account_id", "campaign_id") REFERENCES "campaign"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "journey_step" ADD CONSTRAINT "journey_step_account_id_journey_id_fkey" FOREIGN KEY ("account_id", "journey_id") REFERENCES "journey"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What was published before counts as published since the first version, in the state it is in now.
UPDATE "campaign_revision" SET "published_version" = 0 WHERE "published_at" IS NOT NULL;
INSERT INTO "campaign_state_change" ("account_id", "campaign_id", "version", "state", "at")
SELECT "account_id", "id", 0, "state", "created_at" FROM "campaign";

-- Steps of before: the events credited to each journey, under the events' own ids, and the exits.
INSERT INTO "journey_step" ("account_id", "id", "journey_id", "kind", "event_id", "event_name", "at")
SELECT a."account_id", a."event_id", a."journey_id",
  CASE WHEN journey."entry_event_id" = a."event_id" THEN 'ENTERED' ELSE 'CREDITED' END::"journey_step_kind",
  a."event_id", event."name", a."occurred_at"
FROM "attribution" AS a
JOIN "journey" ON journey."account_id" = a."account_id" AND journey."id" = a."journey_id"
JOIN "event" ON event."account_id" = a."account_id" AND event."id" = a."event_id"
WHERE a."journey_id" IS NOT NULL;
INSERT INTO "journey_step" ("account_id", "id", "journey_id", "kind", "event_id", "event_name", "at")
SELECT journey."account_id", (left(event."id"::text, 24) || left(md5(journey."id"::text), 12))::uuid, journey."id", 'EXITED', event."id", event."name", journey."exited_at"
FROM "journey" JOIN "event" ON event."account_id" = journey."account_id" AND event."id" = journey."latest_event_id"
WHERE journey."exited_at" IS NOT NULL;

-- Transactions that stored events name, as the server reads them: a text or number of 1 to 256 characters without its blanks.
UPDATE "attribution" AS a SET "transaction_id" = coalesce(
  CASE WHEN jsonb_typeof(event."data" -> 'transaction_id') IN ('string', 'number')
    AND length(btrim(event."data" ->> 'transaction_id', E' \t\r\n')) BETWEEN 1 AND 256 THEN btrim(event."data" ->> 'transaction_id', E' \t\r\n') END,
  CASE WHEN jsonb_typeof(event."data" -> 'order_id') IN ('string', 'number')
    AND length(btrim(event."data" ->> 'order_id', E' \t\r\n')) BETWEEN 1 AND 256 THEN btrim(event."data" ->> 'order_id', E' \t\r\n') END)
FROM "event"
WHERE event."account_id" = a."account_id" AND event."id" = a."event_id" AND (event."data" ? 'transaction_id' OR event."data" ? 'order_id');
UPDATE "attribution" SET "near_miss_campaign_id" = ("trace" -> 'nearMiss' ->> 'campaignId')::uuid,
  "near_miss_code" = ("trace" -> 'nearMiss' ->> 'code')::"unattributed_reason"
WHERE "trace" -> 'nearMiss' ->> 'campaignId' IS NOT NULL;
