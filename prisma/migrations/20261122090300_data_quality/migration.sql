-- CreateEnum
CREATE TYPE "value_kind" AS ENUM ('COUNTRY', 'REGION', 'PHONE', 'EMAIL', 'CURRENCY', 'DATE', 'TRIM', 'LOWER_CASE', 'UPPER_CASE', 'NAME');

-- CreateTable
CREATE TABLE "field_normaliser" (
    "account_id" UUID NOT NULL,
    "field" TEXT NOT NULL,
    "kind" "value_kind" NOT NULL,
    "country" TEXT,
    "country_field" TEXT,
    "day_first" BOOLEAN,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "field_normaliser_pkey" PRIMARY KEY ("account_id","field")
);

-- CreateTable
CREATE TABLE "value_mapping" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "scope" TEXT NOT NULL,
    "raw" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "value_mapping_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "field_raw" (
    "account_id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "field" TEXT NOT NULL,
    "raw" JSONB NOT NULL,
    "value" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "field_raw_pkey" PRIMARY KEY ("account_id","profile_id","field")
);

-- CreateTable
CREATE TABLE "value_plan" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "field" TEXT NOT NULL,
    "ready_at" TIMESTAMPTZ(3),
    "planned" INTEGER NOT NULL DEFAULT 0,
    "changed" INTEGER NOT NULL DEFAULT 0,
    "skipped" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "value_plan_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "value_plan_row" (
    "account_id" UUID NOT NULL,
    "plan_id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "before" JSONB NOT NULL,
    "after" TEXT NOT NULL,

    CONSTRAINT "value_plan_row_pkey" PRIMARY KEY ("account_id","plan_id","profile_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "value_mapping_account_id_scope_raw_key" ON "value_mapping"("account_id", "scope", "raw");

-- AddForeignKey
ALTER TABLE "value_plan_row" ADD CONSTRAINT "value_plan_row_account_id_plan_id_fkey" FOREIGN KEY ("account_id", "plan_id") REFERENCES "value_plan"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- CreateIndex
CREATE INDEX "value_plan_row_account_id_profile_id_idx" ON "value_plan_row"("account_id", "profile_id");
