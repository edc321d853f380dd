-- CreateEnum
CREATE TYPE "relationship_side" AS ENUM ('FRIEND', 'ADVOCATE');

-- AlterEnum
ALTER TYPE "built_in_audience" ADD VALUE 'SUBSCRIBERS';
ALTER TYPE "built_in_audience" ADD VALUE 'CONTACTS';

-- AlterEnum
ALTER TYPE "membership_cause" ADD VALUE 'CONSENT';

-- AlterTable
ALTER TABLE "audience_poke" ADD COLUMN     "again" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "reached" UUID,
ADD COLUMN     "side" "relationship_side";

-- CreateTable
CREATE TABLE "audience_mark" (
    "account_id" UUID NOT NULL,
    "position" BIGINT NOT NULL,
    "busy_until" TIMESTAMPTZ(3),

    CONSTRAINT "audience_mark_pkey" PRIMARY KEY ("account_id")
);

-- CreateTable
CREATE TABLE "audience_replacement" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "audience_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audience_replacement_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "audience_replacement_member" (
    "account_id" UUID NOT NULL,
    "replacement_id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,

    CONSTRAINT "audience_replacement_member_pkey" PRIMARY KEY ("account_id","replacement_id","profile_id")
);

-- CreateIndex
CREATE INDEX "audience_replacement_account_id_audience_id_idx" ON "audience_replacement"("account_id", "audience_id");

-- AddForeignKey
ALTER TABLE "audience_replacement" ADD CONSTRAINT "audience_replacement_account_id_audience_id_fkey" FOREIGN KEY ("account_id", "audience_id") REFERENCES "audience"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "audience_replacement_member" ADD CONSTRAINT "audience_replacement_member_account_id_replacement_id_fkey" FOREIGN KEY ("account_id", "replacement_id") REFERENCES "audience_replacement"("account_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;



-- Of a side one row is enough, however often something happens.
CREATE UNIQUE INDEX "audience_poke_side_idx" ON "audience_poke"("account_id", "audience_id", "profile_id", "side") WHERE "side" IS NOT NULL;

-- Those of which there is work: few, of whatever account.
CREATE INDEX "audience_poke_sides_idx" ON "audience_poke"("account_id", "id") WHERE "side" IS NOT NULL;

-- Live campaigns that asked for events of these names before they were told.
INSERT INTO "audience_mark" ("account_id", "position")
SELECT "account"."id", coalesce((SELECT "position" FROM "feed_head" WHERE "feed_head"."account_id" = "account"."id" AND "topic"::text = 'AUDIENCES'), 0)
FROM "account"
WHERE EXISTS (
  SELECT FROM "campaign"
  JOIN "journey_definition" AS "flow" ON "flow"."account_id" = "campaign"."account_id" AND "flow"."campaign_id" = "campaign"."id"
  WHERE "campaign"."account_id" = "account"."id" AND "campaign"."state" = 'LIVE' AND "flow"."events" && ARRAY['audience_entered', 'audience_left']
    AND "flow"."revision" = (
      SELECT max("number") FROM "campaign_revision" AS "revision"
      WHERE "revision"."account_id" = "campaign"."account_id" AND "revision"."campaign_id" = "campaign"."id" AND "published_at" IS NOT NULL
    )
);
