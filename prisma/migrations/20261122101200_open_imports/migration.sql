-- Each server looks every few seconds for imports that there is something to do for: few of many, of any account.
CREATE INDEX "import_open_idx" ON "import"("account_id", "uploaded_at") WHERE "state" IN ('QUEUED', 'VALIDATING', 'RUNNING') AND "uploaded_at" IS NOT NULL;
-- And for those whose rows are kept long enough.
CREATE INDEX "import_kept_idx" ON "import"("account_id", "done_at") WHERE "rows_dropped_at" IS NULL;
