-- Identity and merges: verified and shared identifiers, rules of an account, what a merge was made by, merge candidates. Written by
-- Prisma from schema.prisma, then by hand: the index of identifiers that name somebody.

-- CreateEnum
CREATE TYPE "merge_source" AS ENUM ('EVENT', 'MANUAL', 'CANDIDATE');

-- CreateEnum
CREATE TYPE "merge_candidate_state" AS ENUM ('OPEN', 'ACCEPTED', 'DISMISSED');

-- CreateEnum
CREATE TYPE "merge_candidate_source" AS ENUM ('EVENT', 'FINDER');

-- AlterTable
ALTER TABLE "account" ADD COLUMN     "identity_rules" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "identity" DROP CONSTRAINT "identity_pkey",
ADD COLUMN     "shared" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "verified_at" TIMESTAMPTZ(3),
ADD CONSTRAINT "identity_pkey" PRIMARY KEY ("account_id", "kind", "value", "profile_id");

-- AlterTable
ALTER TABLE "merge" ADD COLUMN     "api_key_id" UUID,
ADD COLUMN     "event_id" UUID,
ADD COLUMN     "picks" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "covers" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "source" "merge_source" NOT NULL DEFAULT 'EVENT';

-- CreateTable
CREATE TABLE "merge_candidate" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "first_id" UUID NOT NULL,
    "second_id" UUID NOT NULL,
    "state" "merge_candidate_state" NOT NULL DEFAULT 'OPEN',
    "source" "merge_candidate_source" NOT NULL,
    "score" DOUBLE PRECISION,
    "reasons" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "decided_at" TIMESTAMPTZ(3),

    CONSTRAINT "merge_candidate_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateIndex
CREATE INDEX "merge_candidate_account_id_second_id_idx" ON "merge_candidate"("account_id", "second_id");

-- CreateIndex
CREATE INDEX "merge_candidate_account_id_state_id_idx" ON "merge_candidate"("account_id", "state", "id");

-- CreateIndex
CREATE UNIQUE INDEX "merge_candidate_account_id_first_id_second_id_key" ON "merge_candidate"("account_id", "first_id", "second_id");

-- AddForeignKey
ALTER TABLE "merge_candidate" ADD CONSTRAINT "merge_candidate_account_id_first_id_fkey" FOREIGN KEY ("account_id", "first_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "merge_candidate" ADD CONSTRAINT "merge_candidate_account_id_second_id_fkey" FOREIGN KEY ("account_id", "second_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- CreateTable
CREATE TABLE "merge_key" (
    "account_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "profile_id" UUID NOT NULL,

    CONSTRAINT "merge_key_pkey" PRIMARY KEY ("account_id","key","profile_id")
);

-- CreateIndex
CREATE INDEX "merge_key_account_id_profile_id_idx" ON "merge_key"("account_id", "profile_id");

-- AddForeignKey
ALTER TABLE "merge_key" ADD CONSTRAINT "merge_key_account_id_profile_id_fkey" FOREIGN KEY ("account_id", "profile_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Whoever has an identifier that is not shared is alone with it. An index of a part of the rows, so no schema can say it.
CREATE UNIQUE INDEX "identity_owner_idx" ON "identity"("account_id", "kind", "value") WHERE NOT "shared";
