-- The foundation. Written by Prisma from schema.prisma, then by hand: the two PARTITION BY clauses, and the default
-- partitions at the end (monthly partitions are made ahead by the server, the default one catches strays).
-- CreateEnum
CREATE TYPE "api_scope" AS ENUM ('events:write', 'profiles:read', 'campaigns:write', 'attributions:read', 'admin');

-- CreateEnum
CREATE TYPE "identity_kind" AS ENUM ('SOURCE_ID', 'EMAIL', 'PARTNER_USER_ID', 'PHONE', 'DEVICE');

-- CreateEnum
CREATE TYPE "campaign_state" AS ENUM ('DRAFT', 'LIVE', 'PAUSED', 'ENDED', 'STOPPED', 'ARCHIVED');

-- CreateEnum
CREATE TYPE "journey_role" AS ENUM ('PARTICIPANT', 'ADVOCATE', 'FRIEND');

-- CreateEnum
CREATE TYPE "reentry_policy" AS ENUM ('CONTINUE', 'NEW_AFTER_EXIT', 'NEVER_AGAIN');

-- CreateEnum
CREATE TYPE "journey_state" AS ENUM ('ACTIVE', 'EXITED');

-- CreateEnum
CREATE TYPE "evidence_kind" AS ENUM ('COUPON_CODE', 'SHARE_ID', 'ADVOCATE_CODE', 'EMAIL_MATCH');

-- CreateEnum
CREATE TYPE "code_kind" AS ENUM ('COUPON', 'SHARE', 'ADVOCATE_CODE', 'PROMO_LINK');

-- CreateEnum
CREATE TYPE "channel" AS ENUM ('WEB', 'MOBILE_APP', 'API', 'EMAIL', 'IN_STORE', 'IMPORT');

-- CreateEnum
CREATE TYPE "attribution_status" AS ENUM ('ATTRIBUTED', 'UNATTRIBUTED');

-- CreateEnum
CREATE TYPE "quality" AS ENUM ('HIGH', 'LOW', 'NONE');

-- CreateEnum
CREATE TYPE "decided_by" AS ENUM ('REQUIRED_TARGET', 'COUPON_CODE', 'SHARE_ID', 'ADVOCATE_CODE', 'JOURNEY_CAMPAIGN_ID', 'LABEL', 'ONLY_CANDIDATE', 'PRIORITY', 'PARTNER_ID', 'JOURNEY_RECENCY', 'ADVOCATE_RECENCY', 'EVIDENCE_RECENCY', 'CAMPAIGN_RECENCY', 'ID', 'INHERITED');

-- CreateEnum
CREATE TYPE "unattributed_reason" AS ENUM ('NO_CAMPAIGN', 'CAMPAIGN_NOT_LIVE', 'OUTSIDE_WINDOW', 'EVENT_NOT_SUPPORTED', 'CAMPAIGN_TARGET_NOT_PRESENT', 'REQUIRED_TARGET_UNMATCHED', 'TARGET_MALFORMED', 'REENTRY_FORBIDDEN', 'ENTRY_CRITERIA_FAILED', 'ONGOING_CRITERIA_FAILED', 'NO_REFERRAL', 'ADVOCATE_INELIGIBLE', 'PERSON_BLOCKED', 'BOT', 'HINT_UNRESOLVED');

-- CreateEnum
CREATE TYPE "feed_topic" AS ENUM ('ATTRIBUTIONS');

-- CreateTable
CREATE TABLE "account" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "rules_version" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "scopes" "api_scope"[],
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "profile" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "fields" JSONB NOT NULL DEFAULT '{}',
    "events_blocked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "profile_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "identity" (
    "account_id" UUID NOT NULL,
    "kind" "identity_kind" NOT NULL,
    "value" TEXT NOT NULL,
    "profile_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "identity_pkey" PRIMARY KEY ("account_id","kind","value")
);

-- CreateTable
CREATE TABLE "merge" (
    "account_id" UUID NOT NULL,
    "loser_id" UUID NOT NULL,
    "survivor_id" UUID NOT NULL,
    "merged_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "merge_pkey" PRIMARY KEY ("account_id","loser_id")
);

-- CreateTable
CREATE TABLE "program" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "lookback_days" INTEGER NOT NULL DEFAULT 365,
    "allow_mutual_referral" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "program_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "program_label" (
    "account_id" UUID NOT NULL,
    "label" TEXT NOT NULL,
    "program_id" UUID NOT NULL,

    CONSTRAINT "program_label_pkey" PRIMARY KEY ("account_id","label")
);

-- CreateTable
CREATE TABLE "campaign" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "program_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "state" "campaign_state" NOT NULL DEFAULT 'DRAFT',
    "first_live_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "campaign_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "campaign_revision" (
    "account_id" UUID NOT NULL,
    "campaign_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "starts_at" TIMESTAMPTZ(3),
    "ends_at" TIMESTAMPTZ(3),
    "required_targets" JSONB NOT NULL DEFAULT '[]',
    "published_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "campaign_revision_pkey" PRIMARY KEY ("account_id","campaign_id","number")
);

-- CreateTable
CREATE TABLE "journey_definition" (
    "account_id" UUID NOT NULL,
    "campaign_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "role" "journey_role" NOT NULL,
    "priority" INTEGER NOT NULL DEFAULT 100,
    "events" TEXT[],
    "start_events" TEXT[],
    "entry" JSONB,
    "ongoing" JSONB,
    "key_field" TEXT,
    "inactivity_days" INTEGER,
    "reentry" "reentry_policy" NOT NULL DEFAULT 'CONTINUE',

    CONSTRAINT "journey_definition_pkey" PRIMARY KEY ("account_id","campaign_id","revision","name")
);

-- CreateTable
CREATE TABLE "journey" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "campaign_id" UUID NOT NULL,
    "definition" TEXT NOT NULL,
    "role" "journey_role" NOT NULL,
    "key" TEXT NOT NULL DEFAULT '',
    "relationship_id" UUID,
    "state" "journey_state" NOT NULL DEFAULT 'ACTIVE',
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "last_activity_at" TIMESTAMPTZ(3) NOT NULL,
    "exited_at" TIMESTAMPTZ(3),
    "entry_event_id" UUID NOT NULL,
    "latest_event_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "journey_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "relationship" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "advocate_id" UUID NOT NULL,
    "friend_id" UUID NOT NULL,
    "program_id" UUID NOT NULL,
    "campaign_id" UUID,
    "first_evidence_at" TIMESTAMPTZ(3) NOT NULL,
    "latest_evidence_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "relationship_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "evidence" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "relationship_id" UUID NOT NULL,
    "kind" "evidence_kind" NOT NULL,
    "code_id" UUID,
    "event_id" UUID,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "evidence_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "code" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "kind" "code_kind" NOT NULL,
    "code" TEXT NOT NULL,
    "label" TEXT,
    "program_id" UUID,
    "advocate_id" UUID,
    "channel" TEXT,
    "recipients" TEXT[],
    "destination" TEXT,
    "expires_at" TIMESTAMPTZ(3),
    "disabled_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "code_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "code_campaign" (
    "account_id" UUID NOT NULL,
    "code_id" UUID NOT NULL,
    "campaign_id" UUID NOT NULL,

    CONSTRAINT "code_campaign_pkey" PRIMARY KEY ("account_id","code_id","campaign_id")
);

-- CreateTable
CREATE TABLE "audience" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audience_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "audience_member" (
    "account_id" UUID NOT NULL,
    "audience_id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audience_member_pkey" PRIMARY KEY ("account_id","audience_id","profile_id")
);

-- CreateTable
CREATE TABLE "event_type_alias" (
    "account_id" UUID NOT NULL,
    "alias" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "event_type_alias_pkey" PRIMARY KEY ("account_id","alias")
);

-- CreateTable
CREATE TABLE "event" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "reported_at" TIMESTAMPTZ(3),
    "data" JSONB NOT NULL DEFAULT '{}',
    "targeting" JSONB,
    "context" JSONB,
    "channel" "channel",
    "idempotency_key" TEXT,

    CONSTRAINT "event_pkey" PRIMARY KEY ("account_id","id")
) PARTITION BY RANGE ("id");

-- CreateTable
CREATE TABLE "idempotency_key" (
    "account_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "event_id" UUID NOT NULL,
    "digests" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("account_id","key")
);

-- CreateTable
CREATE TABLE "attribution" (
    "account_id" UUID NOT NULL,
    "event_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "position" BIGINT NOT NULL,
    "status" "attribution_status" NOT NULL,
    "profile_id" UUID NOT NULL,
    "campaign_id" UUID,
    "campaign_revision" INTEGER,
    "journey_id" UUID,
    "relationship_id" UUID,
    "quality" "quality" NOT NULL,
    "decided_by" "decided_by",
    "reason" "unattributed_reason",
    "reason_detail" "unattributed_reason",
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "partner_id" TEXT,
    "warnings" JSONB NOT NULL DEFAULT '[]',
    "trace" JSONB NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "attribution_pkey" PRIMARY KEY ("account_id","event_id","revision")
) PARTITION BY RANGE ("event_id");

-- CreateTable
CREATE TABLE "feed_head" (
    "account_id" UUID NOT NULL,
    "topic" "feed_topic" NOT NULL,
    "position" BIGINT NOT NULL,

    CONSTRAINT "feed_head_pkey" PRIMARY KEY ("account_id","topic")
);

-- CreateTable
CREATE TABLE "feed_epoch" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "epoch" INTEGER NOT NULL,
    "system_identifier" TEXT NOT NULL,
    "timeline" INTEGER NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "feed_epoch_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "api_key_hash_key" ON "api_key"("hash");

-- CreateIndex
CREATE INDEX "identity_account_id_profile_id_idx" ON "identity"("account_id", "profile_id");

-- CreateIndex
CREATE INDEX "merge_account_id_survivor_id_idx" ON "merge"("account_id", "survivor_id");

-- CreateIndex
CREATE UNIQUE INDEX "program_account_id_name_key" ON "program"("account_id", "name");

-- CreateIndex
CREATE INDEX "program_label_account_id_program_id_idx" ON "program_label"("account_id", "program_id");

-- CreateIndex
CREATE INDEX "campaign_account_id_program_id_idx" ON "campaign"("account_id", "program_id");

-- CreateIndex
CREATE UNIQUE INDEX "campaign_account_id_name_key" ON "campaign"("account_id", "name");

-- CreateIndex
CREATE INDEX "journey_account_id_profile_id_idx" ON "journey"("account_id", "profile_id");

-- CreateIndex
CREATE INDEX "journey_account_id_relationship_id_idx" ON "journey"("account_id", "relationship_id");

-- CreateIndex
CREATE INDEX "relationship_account_id_friend_id_idx" ON "relationship"("account_id", "friend_id");

-- CreateIndex
CREATE UNIQUE INDEX "relationship_account_id_advocate_id_friend_id_program_id_key" ON "relationship"("account_id", "advocate_id", "friend_id", "program_id");

-- CreateIndex
CREATE INDEX "evidence_account_id_relationship_id_at_idx" ON "evidence"("account_id", "relationship_id", "at");

-- CreateIndex
CREATE INDEX "code_account_id_advocate_id_idx" ON "code"("account_id", "advocate_id");

-- CreateIndex
CREATE UNIQUE INDEX "code_account_id_code_key" ON "code"("account_id", "code");

-- CreateIndex
CREATE INDEX "code_campaign_account_id_campaign_id_idx" ON "code_campaign"("account_id", "campaign_id");

-- CreateIndex
CREATE UNIQUE INDEX "audience_account_id_name_key" ON "audience"("account_id", "name");

-- CreateIndex
CREATE INDEX "audience_member_account_id_profile_id_idx" ON "audience_member"("account_id", "profile_id");

-- CreateIndex
CREATE INDEX "event_account_id_profile_id_id_idx" ON "event"("account_id", "profile_id", "id");

-- CreateIndex
CREATE INDEX "idempotency_key_created_at_idx" ON "idempotency_key"("created_at");

-- CreateIndex
CREATE INDEX "attribution_account_id_position_idx" ON "attribution"("account_id", "position");

-- CreateIndex
CREATE INDEX "attribution_account_id_profile_id_position_idx" ON "attribution"("account_id", "profile_id", "position");

-- CreateIndex
CREATE INDEX "attribution_account_id_campaign_id_position_idx" ON "attribution"("account_id", "campaign_id", "position");

-- CreateIndex
CREATE INDEX "attribution_account_id_journey_id_occurred_at_idx" ON "attribution"("account_id", "journey_id", "occurred_at");

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "identity" ADD CONSTRAINT "identity_account_id_profile_id_fkey" FOREIGN KEY ("account_id", "profile_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "merge" ADD CONSTRAINT "merge_account_id_loser_id_fkey" FOREIGN KEY ("account_id", "loser_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "merge" ADD CONSTRAINT "merge_account_id_survivor_id_fkey" FOREIGN KEY ("account_id", "survivor_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "program_label" ADD CONSTRAINT "program_label_account_id_program_id_fkey" FOREIGN KEY ("account_id", "program_id") REFERENCES "program"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "campaign" ADD CONSTRAINT "campaign_account_id_program_id_fkey" FOREIGN KEY ("account_id", "program_id") REFERENCES "program"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "campaign_revision" ADD CONSTRAINT "campaign_revision_account_id_campaign_id_fkey" FOREIGN KEY ("account_id", "campaign_id") REFERENCES "campaign"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "journey_definition" ADD CONSTRAINT "journey_definition_account_id_campaign_id_revision_fkey" FOREIGN KEY ("account_id", "campaign_id", "revision") REFERENCES "campaign_revision"("account_id", "campaign_id", "number") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "journey" ADD CONSTRAINT "journey_account_id_profile_id_fkey" FOREIGN KEY ("account_id", "profile_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "journey" ADD CONSTRAINT "journey_account_id_campaign_id_fkey" FOREIGN KEY ("account_id", "campaign_id") REFERENCES "campaign"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "journey" ADD CONSTRAINT "journey_account_id_relationship_id_fkey" FOREIGN KEY ("account_id", "relationship_id") REFERENCES "relationship"("account_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "relationship" ADD CONSTRAINT "relationship_account_id_advocate_id_fkey" FOREIGN KEY ("account_id", "advocate_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "relationship" ADD CONSTRAINT "relationship_account_id_friend_id_fkey" FOREIGN KEY ("account_id", "friend_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "relationship" ADD CONSTRAINT "relationship_account_id_program_id_fkey" FOREIGN KEY ("account_id", "program_id") REFERENCES "program"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "relationship" ADD CONSTRAINT "relationship_account_id_campaign_id_fkey" FOREIGN KEY ("account_id", "campaign_id") REFERENCES "campaign"("account_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "evidence" ADD CONSTRAINT "evidence_account_id_relationship_id_fkey" FOREIGN KEY ("account_id", "relationship_id") REFERENCES "relationship"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "code" ADD CONSTRAINT "code_account_id_program_id_fkey" FOREIGN KEY ("account_id", "program_id") REFERENCES "program"("account_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "code" ADD CONSTRAINT "code_account_id_advocate_id_fkey" FOREIGN KEY ("account_id", "advocate_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "code_campaign" ADD CONSTRAINT "code_campaign_account_id_code_id_fkey" FOREIGN KEY ("account_id", "code_id") REFERENCES "code"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "code_campaign" ADD CONSTRAINT "code_campaign_account_id_campaign_id_fkey" FOREIGN KEY ("account_id", "campaign_id") REFERENCES "campaign"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "audience_member" ADD CONSTRAINT "audience_member_account_id_audience_id_fkey" FOREIGN KEY ("account_id", "audience_id") REFERENCES "audience"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "audience_member" ADD CONSTRAINT "audience_member_account_id_profile_id_fkey" FOREIGN KEY ("account_id", "profile_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event" ADD CONSTRAINT "event_account_id_profile_id_fkey" FOREIGN KEY ("account_id", "profile_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attribution" ADD CONSTRAINT "attribution_account_id_event_id_fkey" FOREIGN KEY ("account_id", "event_id") REFERENCES "event"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attribution" ADD CONSTRAINT "attribution_account_id_profile_id_fkey" FOREIGN KEY ("account_id", "profile_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attribution" ADD CONSTRAINT "attribution_account_id_campaign_id_fkey" FOREIGN KEY ("account_id", "campaign_id") REFERENCES "campaign"("account_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "attribution" ADD CONSTRAINT "attribution_account_id_journey_id_fkey" FOREIGN KEY ("account_id", "journey_id") REFERENCES "journey"("account_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "attribution" ADD CONSTRAINT "attribution_account_id_relationship_id_fkey" FOREIGN KEY ("account_id", "relationship_id") REFERENCES "relationship"("account_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;



-- Default partitions
CREATE TABLE "event_default" PARTITION OF "event" DEFAULT;
CREATE TABLE "attribution_default" PARTITION OF "attribution" DEFAULT;
