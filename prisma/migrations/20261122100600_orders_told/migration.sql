-- What orders told by the API need: the account's own currency and its rates, taxes inside prices, carts that are still open.

-- AlterEnum
ALTER TYPE "membership_cause" ADD VALUE 'ORDER';

-- AlterTable
ALTER TABLE "account" ADD COLUMN     "base_currency" TEXT,
ADD COLUMN     "cart_minutes" INTEGER DEFAULT 60;

-- AlterTable
ALTER TABLE "placed_order" ADD COLUMN     "tax_included" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "currency_rate" (
    "account_id" UUID NOT NULL,
    "base_currency" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "valid_from" TIMESTAMPTZ(3) NOT NULL,
    "rate" DECIMAL(20,10) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "currency_rate_pkey" PRIMARY KEY ("account_id","base_currency","currency","valid_from")
);

-- CreateTable
CREATE TABLE "open_cart" (
    "account_id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "event_id" UUID NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "open_cart_pkey" PRIMARY KEY ("account_id","profile_id")
);

-- CreateIndex
CREATE INDEX "open_cart_due_at_idx" ON "open_cart"("due_at");

-- CreateIndex
CREATE INDEX "placed_order_account_id_placed_at_idx" ON "placed_order"("account_id", "placed_at");
