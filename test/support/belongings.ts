// Something of each kind for every person that there is, as SQL.

export const fillBelongings = `
  INSERT INTO consent (account_id, id, profile_id, channel, state, source, at) SELECT account_id, gen_random_uuid(), id, 'SMS', 'OPTED_IN', 'API', now() FROM profile;
  INSERT INTO person_block (account_id, id, profile_id, kind) SELECT account_id, gen_random_uuid(), id, 'REWARDS' FROM profile;
  INSERT INTO interest (account_id, profile_id, name) SELECT account_id, id, 'boats' FROM profile;
  INSERT INTO address (account_id, id, profile_id, kind) SELECT account_id, gen_random_uuid(), id, 'HOME' FROM profile;
  INSERT INTO audience (account_id, id, name) SELECT id, id, 'All' FROM account;
  INSERT INTO audience_member (account_id, audience_id, profile_id) SELECT account_id, account_id, id FROM profile;
  INSERT INTO audience_change (account_id, position, audience_id, profile_id, entered, cause, rule_version, at)
    SELECT account_id, row_number() OVER (PARTITION BY account_id ORDER BY id), account_id, id, TRUE, 'ADDED', 0, now() FROM profile;
  INSERT INTO audience_replacement (account_id, id, audience_id) SELECT id, id, id FROM account;
  INSERT INTO audience_replacement_member (account_id, replacement_id, profile_id) SELECT account_id, account_id, id FROM profile;
  INSERT INTO feed_head (account_id, topic, position) SELECT account_id, 'AUDIENCES', count(*) FROM profile GROUP BY account_id;
  INSERT INTO field_change (account_id, id, profile_id, name, value, at, source) SELECT account_id, gen_random_uuid(), id, 'tier', '1', now(), 'API' FROM profile;
  INSERT INTO field_raw (account_id, profile_id, field, raw, value, at) SELECT account_id, id, 'tier', '1', '1', now() FROM profile;
  INSERT INTO field_value (account_id, profile_id, field, text) SELECT account_id, id, 'tier', 'gold' FROM profile;
  INSERT INTO merge_key (account_id, key, profile_id) SELECT account_id, 'key ' || id, id FROM profile;
  INSERT INTO merge_candidate (account_id, id, first_id, second_id, source) SELECT account_id, gen_random_uuid(), least(id, other), greatest(id, other), 'FINDER'
    FROM (SELECT account_id, id, lag(id) OVER (PARTITION BY account_id ORDER BY id) AS other FROM profile) AS pair WHERE other IS NOT NULL;
  INSERT INTO value_plan (account_id, id, field) SELECT id, id, 'tier' FROM account;
  INSERT INTO value_plan_row (account_id, plan_id, profile_id, before, after) SELECT account_id, account_id, id, '1', '2' FROM profile;
  INSERT INTO import (account_id, id, kind, state, mode, strategy, blank_cells, secret, rows, created_at, uploaded_at, done_at)
    SELECT id, id, 'PEOPLE', 'DONE', 'RUN', 'UPSERT', 'IGNORE', 's', 1, now(), now(), now() FROM account;
  INSERT INTO import_row (account_id, import_id, number, line, cells, action, applied, profile_id)
    SELECT account_id, account_id, row_number() OVER (PARTITION BY account_id ORDER BY id), 2, '["a"]', 'CREATE', TRUE, id FROM profile;
  INSERT INTO import_key (account_id, import_id, hash, number) SELECT account_id, account_id, decode(md5(id::text), 'hex'), 1 FROM profile;
  INSERT INTO erased_identity (account_id, hash, erased_at) SELECT account_id, 'hash ' || id, now() FROM profile;
  INSERT INTO open_cart (account_id, profile_id, event_id, last_at, due_at) SELECT account_id, id, id, now(), now() + interval '1 day' FROM profile;
  ANALYZE open_cart, consent, person_block, interest, address, audience_member, audience_replacement_member, audience_change, field_change, field_raw, field_value, merge_key, merge_candidate,
    value_plan_row, erased_identity, import_row, import_key`
