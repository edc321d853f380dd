-- People are searched by the beginning of an identifier, whatever its case. Prisma's schema cannot say an index on an
-- expression, and its diff does not see one either.
CREATE INDEX "identity_account_id_lower_value_idx" ON "identity"("account_id", lower("value") text_pattern_ops);
