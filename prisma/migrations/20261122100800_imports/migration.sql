-- Imports: a file is kept as rows, with what is to become of each and what became of it. The import's own row is the job.

-- CreateEnum
CREATE TYPE "import_kind" AS ENUM ('PEOPLE', 'FIELD_VALUES', 'AUDIENCE', 'EVENTS');

-- CreateEnum
CREATE TYPE "import_state" AS ENUM ('QUEUED', 'VALIDATING', 'AWAITING_CONFIRMATION', 'RUNNING', 'DONE', 'DONE_WITH_ERRORS', 'FAILED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "import_mode" AS ENUM ('PLAN', 'RUN');

-- CreateEnum
CREATE TYPE "import_strategy" AS ENUM ('CREATE_ONLY', 'UPDATE_ONLY', 'UPSERT', 'REPLACE');

-- CreateEnum
CREATE TYPE "blank_cells" AS ENUM ('IGNORE', 'CLEAR');

-- CreateEnum
CREATE TYPE "import_action" AS ENUM ('CREATE', 'UPDATE', 'SKIP', 'REJECT');

-- CreateTable
CREATE TABLE "import" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "kind" "import_kind" NOT NULL,
    "state" "import_state" NOT NULL DEFAULT 'QUEUED',
    "mode" "import_mode" NOT NULL,
    "strategy" "import_strategy" NOT NULL,
    "blank_cells" "blank_cells" NOT NULL,
    "file_name" TEXT,
    "options" JSONB NOT NULL DEFAULT '{}',
    "secret" TEXT NOT NULL,
    "upload_id" UUID,
    "digest" TEXT,
    "same_as_id" UUID,
    "found" JSONB NOT NULL DEFAULT '{}',
    "bytes" BIGINT NOT NULL DEFAULT 0,
    "rows" INTEGER NOT NULL DEFAULT 0,
    "cursor" INTEGER NOT NULL DEFAULT 0,
    "planned" JSONB NOT NULL DEFAULT '{}',
    "applied" JSONB NOT NULL DEFAULT '{}',
    "fault_code" TEXT,
    "fault_message" TEXT,
    "version" BIGINT NOT NULL DEFAULT 0,
    "api_key_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "uploaded_at" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "done_at" TIMESTAMPTZ(3),
    "rows_dropped_at" TIMESTAMPTZ(3),

    CONSTRAINT "import_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "import_row" (
    "account_id" UUID NOT NULL,
    "import_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "line" INTEGER NOT NULL,
    "cells" JSONB NOT NULL,
    "action" "import_action",
    "applied" BOOLEAN NOT NULL DEFAULT false,
    "profile_id" UUID,
    "changes" JSONB,
    "code" TEXT,
    "message" TEXT,

    CONSTRAINT "import_row_pkey" PRIMARY KEY ("account_id","import_id","number")
);

-- CreateTable
CREATE TABLE "import_key" (
    "account_id" UUID NOT NULL,
    "import_id" UUID NOT NULL,
    "hash" BYTEA NOT NULL,
    "number" INTEGER NOT NULL,

    CONSTRAINT "import_key_pkey" PRIMARY KEY ("account_id","import_id","hash")
);

-- CreateTable
CREATE TABLE "import_preset" (
    "account_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" "import_kind" NOT NULL,
    "options" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "import_preset_pkey" PRIMARY KEY ("account_id","name")
);

-- CreateIndex
CREATE INDEX "import_account_id_digest_idx" ON "import"("account_id", "digest");

-- CreateIndex
CREATE INDEX "import_row_account_id_profile_id_idx" ON "import_row"("account_id", "profile_id");

-- CreateEnum
CREATE TYPE "file_format" AS ENUM ('CSV', 'JSON_LINES');

-- CreateTable
CREATE TABLE "export" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "format" "file_format" NOT NULL,
    "filter" JSONB,
    "fields" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "is_personal" BOOLEAN NOT NULL,
    "secret" TEXT NOT NULL,
    "api_key_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "export_pkey" PRIMARY KEY ("account_id","id")
);
