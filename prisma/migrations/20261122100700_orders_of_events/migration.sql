-- Orders that events told of before there were orders.

-- AlterTable
ALTER TABLE "placed_order" ADD COLUMN "last_change_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
