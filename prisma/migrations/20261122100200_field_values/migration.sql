-- CreateTable
CREATE TABLE "field_index" (
    "account_id" UUID NOT NULL,
    "field" TEXT NOT NULL,
    "is_wanted" BOOLEAN NOT NULL,
    "barrier" BIGINT,
    "cursor" UUID,
    "filled_at" TIMESTAMPTZ(3),

    CONSTRAINT "field_index_pkey" PRIMARY KEY ("account_id","field")
);

-- CreateTable
CREATE TABLE "field_value" (
    "account_id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "field" TEXT NOT NULL,
    "text" TEXT COLLATE "C",
    "number" DOUBLE PRECISION,
    "time" TIMESTAMPTZ(3),
    "boolean" BOOLEAN,
    "until" TIMESTAMPTZ(3),

    CONSTRAINT "field_value_pkey" PRIMARY KEY ("account_id","profile_id","field")
);

-- An index for each type, of the rows that have it. The profile and the end are in it, so that counting reads the index alone.
CREATE INDEX "field_value_text_idx" ON "field_value"("account_id", "field", "text", "profile_id") INCLUDE ("until") WHERE "text" IS NOT NULL;
CREATE INDEX "field_value_number_idx" ON "field_value"("account_id", "field", "number", "profile_id") INCLUDE ("until") WHERE "number" IS NOT NULL;
CREATE INDEX "field_value_time_idx" ON "field_value"("account_id", "field", "time", "profile_id") INCLUDE ("until") WHERE "time" IS NOT NULL;
CREATE INDEX "field_value_boolean_idx" ON "field_value"("account_id", "field", "boolean", "profile_id") INCLUDE ("until") WHERE "boolean" IS NOT NULL;

-- Which values are frequent depends on the field.
CREATE STATISTICS "field_value_frequent" (mcv) ON "field", "text" FROM "field_value";

-- Profiles of which a value has ended are looked at apart.
CREATE INDEX "profile_fields_end_idx" ON "profile"("account_id", "fields_end_at") WHERE "fields_end_at" IS NOT NULL;

-- Fields that are defined already are filled by the first server that starts.
INSERT INTO "field_index" ("account_id", "field", "is_wanted")
SELECT DISTINCT "account_id", CASE WHEN "name" ~ '^[^][.]+$' THEN "name" ELSE "api_name" END, TRUE
FROM "field_definition"
WHERE "owner" = 'PROFILE' AND "place" = '' AND "deleted_at" IS NULL AND "type" NOT IN ('MONEY', 'GEO_POINT', 'OBJECT', 'LIST');
