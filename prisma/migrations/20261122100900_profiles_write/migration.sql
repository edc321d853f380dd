-- A scope for changing people beyond what events say of them. Written by hand: the type is made anew, since a value that is added
-- to one cannot be used in the same transaction. Keys that send events go on doing what they did, new keys choose.

CREATE TYPE "api_scope_new" AS ENUM ('events:write', 'profiles:read', 'campaigns:write', 'attributions:read', 'admin', 'pii:read', 'preferences:write', 'profiles:write');
ALTER TABLE "api_key" ALTER COLUMN "scopes" TYPE "api_scope_new"[] USING ("scopes"::text[]::"api_scope_new"[]);
DROP TYPE "api_scope";
ALTER TYPE "api_scope_new" RENAME TO "api_scope";
UPDATE "api_key" SET "scopes" = array_append("scopes", 'profiles:write'::"api_scope") WHERE "scopes" && ARRAY['events:write']::"api_scope"[];

-- Pairs that are two people since their merge was undone. Nothing here uses the value.
ALTER TYPE "merge_candidate_source" ADD VALUE 'UNDONE_MERGE';
