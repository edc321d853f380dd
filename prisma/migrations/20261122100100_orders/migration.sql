-- Products and orders. An order is the fold of its changes, which are append-only, so that what it was at any time can be told.

-- CreateEnum
CREATE TYPE "product_status" AS ENUM ('ACTIVE', 'DISCONTINUED');

-- CreateEnum
CREATE TYPE "order_status" AS ENUM ('PLACED', 'PAID', 'FULFILLED', 'CANCELLED', 'RETURNED');

-- CreateEnum
CREATE TYPE "order_source" AS ENUM ('EVENT', 'API', 'IMPORT');

-- CreateEnum
CREATE TYPE "order_change_kind" AS ENUM ('STATED', 'STATUS', 'REFUND');

-- CreateTable
CREATE TABLE "product" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "source_id" TEXT NOT NULL,
    "name" TEXT,
    "status" "product_status" NOT NULL DEFAULT 'ACTIVE',
    "is_placeholder" BOOLEAN NOT NULL DEFAULT false,
    "category" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "price_minor" BIGINT,
    "currency" TEXT,
    "fields" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "product_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "product_variant" (
    "account_id" UUID NOT NULL,
    "sku" TEXT NOT NULL,
    "product_id" UUID NOT NULL,
    "name" TEXT,
    "price_minor" BIGINT,
    "currency" TEXT,

    CONSTRAINT "product_variant_pkey" PRIMARY KEY ("account_id","sku")
);

-- CreateTable
CREATE TABLE "placed_order" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "source_id" TEXT NOT NULL,
    "profile_id" UUID,
    "status" "order_status" NOT NULL DEFAULT 'PLACED',
    "placed_at" TIMESTAMPTZ(3) NOT NULL,
    "cancelled_at" TIMESTAMPTZ(3),
    "currency" TEXT,
    "total_minor" BIGINT,
    "refunded_minor" BIGINT NOT NULL DEFAULT 0,
    "discount_minor" BIGINT,
    "shipping_minor" BIGINT,
    "tax_minor" BIGINT,
    "items_minor" BIGINT,
    "base_currency" TEXT,
    "base_rate" DECIMAL(20,10),
    "base_total_minor" BIGINT,
    "coupon_codes" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "shipping_address" JSONB,
    "billing_address" JSONB,
    "fields" JSONB NOT NULL DEFAULT '{}',
    "source" "order_source" NOT NULL,
    "stated_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "placed_order_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "order_item" (
    "account_id" UUID NOT NULL,
    "order_id" UUID NOT NULL,
    "line" INTEGER NOT NULL,
    "product_id" UUID NOT NULL,
    "sku" TEXT,
    "name" TEXT,
    "quantity" INTEGER NOT NULL,
    "unit_price_minor" BIGINT,
    "discount_minor" BIGINT,
    "total_minor" BIGINT,
    "refunded_quantity" INTEGER NOT NULL DEFAULT 0,
    "refunded_minor" BIGINT NOT NULL DEFAULT 0,
    "fields" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "order_item_pkey" PRIMARY KEY ("account_id","order_id","line")
);

-- CreateTable
CREATE TABLE "order_change" (
    "account_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "order_id" UUID NOT NULL,
    "profile_id" UUID,
    "kind" "order_change_kind" NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "source" "order_source" NOT NULL,
    "event_id" UUID,
    "placed_at" TIMESTAMPTZ(3),
    "currency" TEXT,
    "total_minor" BIGINT,
    "status" "order_status",
    "refund_minor" BIGINT,
    "line" INTEGER,
    "quantity" INTEGER,
    "source_id" TEXT,
    "reason" TEXT,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "order_change_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateIndex
CREATE UNIQUE INDEX "product_account_id_source_id_key" ON "product"("account_id", "source_id");

-- CreateIndex
CREATE INDEX "product_variant_account_id_product_id_idx" ON "product_variant"("account_id", "product_id");

-- CreateIndex
CREATE INDEX "placed_order_account_id_profile_id_placed_at_idx" ON "placed_order"("account_id", "profile_id", "placed_at");

-- CreateIndex
CREATE UNIQUE INDEX "placed_order_account_id_source_id_key" ON "placed_order"("account_id", "source_id");

-- CreateIndex
CREATE INDEX "order_item_account_id_product_id_idx" ON "order_item"("account_id", "product_id");

-- CreateIndex
CREATE INDEX "order_change_account_id_profile_id_at_idx" ON "order_change"("account_id", "profile_id", "at");

-- CreateIndex
CREATE UNIQUE INDEX "order_change_account_id_order_id_source_id_key" ON "order_change"("account_id", "order_id", "source_id");

-- AddForeignKey
ALTER TABLE "product_variant" ADD CONSTRAINT "product_variant_account_id_product_id_fkey" FOREIGN KEY ("account_id", "product_id") REFERENCES "product"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "placed_order" ADD CONSTRAINT "placed_order_account_id_profile_id_fkey" FOREIGN KEY ("account_id", "profile_id") REFERENCES "profile"("account_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "order_item" ADD CONSTRAINT "order_item_account_id_order_id_fkey" FOREIGN KEY ("account_id", "order_id") REFERENCES "placed_order"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "order_item" ADD CONSTRAINT "order_item_account_id_product_id_fkey" FOREIGN KEY ("account_id", "product_id") REFERENCES "product"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "order_change" ADD CONSTRAINT "order_change_account_id_order_id_fkey" FOREIGN KEY ("account_id", "order_id") REFERENCES "placed_order"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;


