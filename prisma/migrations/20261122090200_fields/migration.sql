-- CreateEnum
CREATE TYPE "field_source" AS ENUM ('EVENT', 'API', 'IMPORT', 'RESTATED', 'CONVERTED');

-- CreateEnum
CREATE TYPE "field_owner" AS ENUM ('PROFILE', 'ORDER', 'ORDER_ITEM', 'PRODUCT', 'EVENT', 'CAMPAIGN', 'COUPON', 'RELATIONSHIP');

-- CreateEnum
CREATE TYPE "field_type" AS ENUM ('STRING', 'NUMBER', 'DATETIME', 'INTEGER', 'BOOLEAN', 'DATE', 'URL', 'EMAIL', 'PHONE', 'COUNTRY', 'CURRENCY', 'MONEY', 'ENUM', 'GEO_POINT', 'OBJECT', 'LIST', 'REFERENCE');

-- CreateEnum
CREATE TYPE "field_verdict" AS ENUM ('ACCEPT', 'REJECT', 'DROP');

-- AlterTable
ALTER TABLE "profile" ADD COLUMN     "field_meta" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "fields_end_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "field_change" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "value" JSONB,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3),
    "source" "field_source" NOT NULL,
    "event_id" UUID,
    "api_key_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "field_change_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "field_definition" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "owner" "field_owner" NOT NULL,
    "event_name" TEXT NOT NULL DEFAULT '',
    "place" TEXT NOT NULL DEFAULT '',
    "name" TEXT NOT NULL,
    "api_name" TEXT NOT NULL,
    "type" "field_type" NOT NULL,
    "item_type" "field_type",
    "required" BOOLEAN NOT NULL DEFAULT false,
    "default" JSONB,
    "min" DOUBLE PRECISION,
    "max" DOUBLE PRECISION,
    "pattern" TEXT,
    "values" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "pii" BOOLEAN NOT NULL DEFAULT false,
    "description" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "field_definition_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "field_policy" (
    "account_id" UUID NOT NULL,
    "owner" "field_owner" NOT NULL,
    "event_name" TEXT NOT NULL DEFAULT '',
    "unknown_keys" "field_verdict" NOT NULL DEFAULT 'ACCEPT',
    "wrong_type" "field_verdict" NOT NULL DEFAULT 'REJECT',

    CONSTRAINT "field_policy_pkey" PRIMARY KEY ("account_id","owner","event_name")
);

-- CreateTable
CREATE TABLE "field_type_change" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "field_id" UUID NOT NULL,
    "from_type" "field_type" NOT NULL,
    "type" "field_type" NOT NULL,
    "remove_lost" BOOLEAN NOT NULL,
    "cursor" UUID,
    "converted" INTEGER NOT NULL DEFAULT 0,
    "lost" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "done_at" TIMESTAMPTZ(3),

    CONSTRAINT "field_type_change_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateIndex
CREATE INDEX "field_change_account_id_profile_id_name_id_idx" ON "field_change"("account_id", "profile_id", "name", "id");

-- CreateIndex
CREATE UNIQUE INDEX "field_definition_account_id_owner_event_name_place_name_key" ON "field_definition"("account_id", "owner", "event_name", "place", "name");

-- CreateIndex
CREATE UNIQUE INDEX "field_definition_account_id_owner_event_name_place_api_name_key" ON "field_definition"("account_id", "owner", "event_name", "place", "api_name");

-- AddForeignKey
ALTER TABLE "field_change" ADD CONSTRAINT "field_change_account_id_profile_id_fkey" FOREIGN KEY ("account_id", "profile_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;


