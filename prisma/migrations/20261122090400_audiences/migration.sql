-- CreateEnum
CREATE TYPE "membership_cause" AS ENUM ('EVENT', 'FIELDS', 'RELATIONSHIP', 'AUDIENCE', 'TIME', 'RULE', 'ADDED', 'REMOVED', 'MERGE');

-- CreateEnum
CREATE TYPE "built_in_audience" AS ENUM ('CUSTOMERS', 'ADVOCATES', 'SUCCESSFUL_WITH_1', 'SUCCESSFUL_WITH_2', 'SUCCESSFUL_WITH_3_TO_9', 'SUCCESSFUL_WITH_10_OR_MORE');

-- AlterEnum
ALTER TYPE "feed_topic" ADD VALUE 'AUDIENCES';

-- AlterTable
ALTER TABLE "audience" ADD COLUMN     "archived_at" TIMESTAMPTZ(3),
ADD COLUMN     "built_in" "built_in_audience",
ADD COLUMN     "fill_after" UUID,
ADD COLUMN     "fill_barrier" BIGINT,
ADD COLUMN     "filled_version" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "rule" JSONB,
ADD COLUMN     "rule_version" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "audience_version" (
    "account_id" UUID NOT NULL,
    "audience_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "rule" JSONB NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "audience_version_pkey" PRIMARY KEY ("account_id","audience_id","number")
);

-- CreateTable
CREATE TABLE "audience_change" (
    "account_id" UUID NOT NULL,
    "position" BIGINT NOT NULL,
    "audience_id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "entered" BOOLEAN NOT NULL,
    "cause" "membership_cause" NOT NULL,
    "event_id" UUID,
    "rule_version" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "audience_change_pkey" PRIMARY KEY ("account_id","position")
);

-- CreateTable
CREATE TABLE "audience_hour" (
    "account_id" UUID NOT NULL,
    "audience_id" UUID NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "entered" INTEGER NOT NULL,
    "left" INTEGER NOT NULL,

    CONSTRAINT "audience_hour_pkey" PRIMARY KEY ("account_id","audience_id","starts_at")
);

-- CreateTable
CREATE TABLE "audience_due" (
    "account_id" UUID NOT NULL,
    "audience_id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "audience_due_pkey" PRIMARY KEY ("account_id","audience_id","profile_id")
);

-- CreateIndex
CREATE INDEX "audience_change_account_id_audience_id_position_idx" ON "audience_change"("account_id", "audience_id", "position");

-- CreateIndex
CREATE INDEX "audience_change_account_id_profile_id_position_idx" ON "audience_change"("account_id", "profile_id", "position");

-- CreateIndex
CREATE INDEX "audience_due_due_at_idx" ON "audience_due"("due_at");

-- AddForeignKey
ALTER TABLE "audience_version" ADD CONSTRAINT "audience_version_account_id_audience_id_fkey" FOREIGN KEY ("account_id", "audience_id") REFERENCES "audience"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;



-- What is to be filled, for the look that every server takes now and then.
CREATE INDEX "audience_unfilled_idx" ON "audience"("account_id") WHERE "filled_version" < "rule_version";

-- CreateTable
CREATE TABLE "audience_poke" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "audience_id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "event_id" UUID,

    CONSTRAINT "audience_poke_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateIndex
CREATE INDEX "audience_poke_account_id_profile_id_idx" ON "audience_poke"("account_id", "profile_id");

-- CreateIndex
CREATE UNIQUE INDEX "audience_account_id_built_in_key" ON "audience"("account_id", "built_in");
