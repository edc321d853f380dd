-- A person's rights: consents, blocks, addresses, interests, erasure, tokens of a person's own, and keys that may read personal
-- values. Written by Prisma from schema.prisma, then by hand: the scopes, a type made anew since a value that is added to one
-- cannot be used in the same transaction, and at the end the keys that there are.

-- CreateEnum
CREATE TYPE "consent_channel" AS ENUM ('EMAIL', 'SMS', 'PUSH', 'PHONE', 'POST', 'MESSENGER');

-- CreateEnum
CREATE TYPE "consent_state" AS ENUM ('OPTED_IN', 'OPTED_OUT', 'PENDING');

-- CreateEnum
CREATE TYPE "consent_source" AS ENUM ('IN_STORE', 'PREFERENCE_CENTRE', 'ACCOUNT_CREATION', 'POP_UP', 'IMPORT', 'EVENT', 'API');

-- CreateEnum
CREATE TYPE "block_kind" AS ENUM ('EVENTS', 'REWARDS');

-- CreateEnum
CREATE TYPE "address_kind" AS ENUM ('HOME', 'WORK', 'BILLING', 'SHIPPING', 'OTHER');

-- Keys that see what events carry, or read people, go on seeing all of it.
CREATE TYPE "api_scope_new" AS ENUM ('events:write', 'profiles:read', 'campaigns:write', 'attributions:read', 'admin', 'pii:read', 'preferences:write');
ALTER TABLE "api_key" ALTER COLUMN "scopes" TYPE "api_scope_new"[] USING ("scopes"::text[]::"api_scope_new"[]);
DROP TYPE "api_scope";
ALTER TYPE "api_scope_new" RENAME TO "api_scope";
UPDATE "api_key" SET "scopes" = array_append("scopes", 'pii:read'::"api_scope") WHERE "scopes" && ARRAY['profiles:read', 'attributions:read', 'events:write']::"api_scope"[];

-- AlterTable
ALTER TABLE "account" ADD COLUMN     "erasure_key" TEXT;

-- AlterTable
ALTER TABLE "api_key" ADD COLUMN     "profile_id" UUID;

-- AlterTable
ALTER TABLE "profile" ADD COLUMN     "erased_at" TIMESTAMPTZ(3),
ADD COLUMN     "rewards_blocked_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "consent" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "channel" "consent_channel" NOT NULL,
    "state" "consent_state" NOT NULL,
    "source" "consent_source" NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "event_id" UUID,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "consent_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "person_block" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "kind" "block_kind" NOT NULL,
    "reason" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lifted_at" TIMESTAMPTZ(3),

    CONSTRAINT "person_block_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "erased_identity" (
    "account_id" UUID NOT NULL,
    "hash" TEXT NOT NULL,
    "erased_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "erased_identity_pkey" PRIMARY KEY ("account_id","hash")
);

-- CreateTable
CREATE TABLE "address" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "kind" "address_kind" NOT NULL,
    "name" TEXT,
    "lines" TEXT[],
    "postal_code" TEXT,
    "city" TEXT,
    "region" TEXT,
    "country" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "address_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "interest" (
    "account_id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "interest_pkey" PRIMARY KEY ("account_id","profile_id","name")
);

-- CreateIndex
CREATE INDEX "consent_account_id_profile_id_channel_at_idx" ON "consent"("account_id", "profile_id", "channel", "at");

-- CreateIndex
CREATE INDEX "person_block_account_id_profile_id_id_idx" ON "person_block"("account_id", "profile_id", "id");

-- CreateIndex
CREATE INDEX "address_account_id_profile_id_id_idx" ON "address"("account_id", "profile_id", "id");

-- AddForeignKey
ALTER TABLE "consent" ADD CONSTRAINT "consent_account_id_profile_id_fkey" FOREIGN KEY ("account_id", "profile_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "person_block" ADD CONSTRAINT "person_block_account_id_profile_id_fkey" FOREIGN KEY ("account_id", "profile_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "address" ADD CONSTRAINT "address_account_id_profile_id_fkey" FOREIGN KEY ("account_id", "profile_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "interest" ADD CONSTRAINT "interest_account_id_profile_id_fkey" FOREIGN KEY ("account_id", "profile_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Who was erased is left out of lists and counts of people: those are few, and found by this.
CREATE INDEX "profile_erased_idx" ON "profile"("account_id", "id") WHERE "erased_at" IS NOT NULL;
