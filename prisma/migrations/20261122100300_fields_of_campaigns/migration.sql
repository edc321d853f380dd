-- Values of the fields that an account defines for its campaigns, coupons and relationships
ALTER TABLE "campaign" ADD COLUMN     "fields" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "code" ADD COLUMN     "fields" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "relationship" ADD COLUMN     "fields" JSONB NOT NULL DEFAULT '{}';

-- A change of type waits for those who went by the rules of before
ALTER TABLE "field_type_change" ADD COLUMN     "barrier" BIGINT;
