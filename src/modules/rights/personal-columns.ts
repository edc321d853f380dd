// Every column of the database, and whether it tells of a person: what an export holds, and what erasing leaves blank.
// A test compares it with the database, so a new column has to be written down here.

export interface TableColumns {
  /** How rows belong to a person; absent for tables whose rows belong to nobody. */
  readonly of?: 'id' | 'profile_id' | 'advocate_id' | 'friend_id' | 'loser_id' | 'event_id' | 'order_id'
  /** Blank once the person is erased, or the row is gone. */
  readonly personal?: readonly string[]
  /** Pseudonyms, times, kinds and what the brand itself set. */
  readonly other: readonly string[]
}

export const personalColumns: Readonly<Record<string, TableColumns>> = {
  account: {
    other: [
      ...['id', 'name', 'rules_version', 'created_at', 'erasure_key', 'identity_rules', 'base_currency'],
      'cart_minutes',
    ],
  },
  address: {
    of: 'profile_id',
    personal: ['name', 'lines', 'postal_code', 'city', 'region', 'country'],
    other: ['account_id', 'id', 'profile_id', 'kind', 'created_at'],
  },
  api_key: {
    other: [
      ...['account_id', 'id', 'name', 'prefix', 'hash', 'scopes', 'profile_id', 'expires_at', 'revoked_at'],
      'created_at',
    ],
  },
  attribution: {
    of: 'profile_id',
    personal: ['partner_id', 'transaction_id', 'note', 'warnings', 'trace'],
    other: [
      ...['account_id', 'event_id', 'revision', 'position', 'status', 'profile_id', 'campaign_id', 'campaign_revision'],
      ...['journey_id', 'relationship_id', 'quality', 'decided_by', 'reason', 'reason_detail', 'occurred_at'],
      ...['rules_version', 'near_miss_campaign_id', 'near_miss_code', 'api_key_id', 'decided_at'],
    ],
  },
  attribution_count: {
    other: [
      ...['account_id', 'span', 'starts_at', 'event_name', 'campaign_id', 'quality', 'reason'],
      ...['near_miss_campaign_id', 'near_miss_code', 'count'],
    ],
  },
  audience: {
    other: [
      ...['account_id', 'id', 'name', 'created_at', 'archived_at', 'built_in', 'rule', 'rule_version'],
      ...['filled_version', 'fill_after', 'fill_barrier'],
    ],
  },
  audience_change: {
    of: 'profile_id',
    other: [
      ...['account_id', 'position', 'audience_id', 'profile_id', 'entered', 'cause', 'event_id', 'rule_version', 'at'],
    ],
  },
  // Of people, but only until somebody has looked.
  audience_due: { other: ['account_id', 'audience_id', 'profile_id', 'due_at'] },
  audience_hour: { other: ['account_id', 'audience_id', 'starts_at', 'entered', 'left'] },
  audience_member: { of: 'profile_id', other: ['account_id', 'audience_id', 'profile_id', 'since'] },
  audience_mark: { other: ['account_id', 'position', 'busy_until'] },
  audience_poke: {
    other: ['account_id', 'id', 'audience_id', 'profile_id', 'event_id', 'side', 'reached', 'again'],
  },
  audience_replacement: { other: ['account_id', 'id', 'audience_id', 'created_at'] },
  // Of people, but only until it is committed or forgotten; who is erased meanwhile is left out.
  audience_replacement_member: { other: ['account_id', 'replacement_id', 'profile_id'] },
  audience_version: { other: ['account_id', 'audience_id', 'number', 'rule', 'since'] },
  campaign: { other: ['account_id', 'id', 'program_id', 'name', 'state', 'first_live_at', 'fields', 'created_at'] },
  campaign_revision: {
    other: [
      ...['account_id', 'campaign_id', 'number', 'starts_at', 'ends_at', 'required_targets', 'content'],
      ...['published_at', 'published_version', 'created_at'],
    ],
  },
  campaign_state_change: { other: ['account_id', 'campaign_id', 'version', 'state', 'at'] },
  code: {
    of: 'advocate_id',
    personal: ['channel', 'recipients', 'destination', 'fields'],
    // The code itself stays: others' events name it.
    other: [
      ...['account_id', 'id', 'kind', 'code', 'label', 'program_id', 'advocate_id', 'expires_at', 'disabled_at'],
      'created_at',
    ],
  },
  code_campaign: { other: ['account_id', 'code_id', 'campaign_id'] },
  consent: {
    of: 'profile_id',
    personal: ['channel', 'state', 'source', 'at'],
    other: ['account_id', 'id', 'profile_id', 'event_id', 'recorded_at'],
  },
  currency_rate: { other: ['account_id', 'base_currency', 'currency', 'valid_from', 'rate', 'created_at'] },
  erased_identity: { other: ['account_id', 'hash', 'erased_at'] },
  event: {
    of: 'profile_id',
    personal: ['data', 'targeting', 'context', 'idempotency_key'],
    other: [...['account_id', 'id', 'profile_id', 'name', 'occurred_at', 'received_at', 'reported_at', 'channel']],
  },
  event_type: { other: ['account_id', 'name', 'follows_transaction', 'created_at'] },
  event_type_alias: { other: ['account_id', 'alias', 'name', 'created_at'] },
  evidence: { other: ['account_id', 'id', 'relationship_id', 'kind', 'code_id', 'event_id', 'at'] },
  export: {
    other: [...['account_id', 'id', 'format', 'filter', 'fields', 'is_personal', 'secret', 'api_key_id', 'created_at']],
  },
  feed_epoch: { other: ['id', 'epoch', 'system_identifier', 'timeline', 'since'] },
  feed_head: { other: ['account_id', 'topic', 'position'] },
  field_change: {
    of: 'profile_id',
    personal: ['name', 'value', 'at', 'until'],
    other: ['account_id', 'id', 'profile_id', 'source', 'event_id', 'api_key_id', 'created_at'],
  },
  field_definition: {
    other: [
      ...['account_id', 'id', 'owner', 'event_name', 'place', 'name', 'api_name', 'type', 'item_type', 'required'],
      ...['default', 'min', 'max', 'pattern', 'values', 'pii', 'description', 'created_at', 'deleted_at'],
    ],
  },
  field_index: { other: ['account_id', 'field', 'is_wanted', 'barrier', 'cursor', 'filled_at'] },
  field_normaliser: {
    other: ['account_id', 'field', 'kind', 'country', 'country_field', 'day_first', 'created_at'],
  },
  field_policy: { other: ['account_id', 'owner', 'event_name', 'unknown_keys', 'wrong_type'] },
  field_raw: {
    of: 'profile_id',
    personal: ['field', 'raw', 'value', 'at'],
    other: ['account_id', 'profile_id'],
  },
  field_type_change: {
    other: [
      ...['account_id', 'id', 'field_id', 'from_type', 'type', 'remove_lost', 'cursor', 'converted', 'lost'],
      ...['barrier', 'created_at', 'done_at'],
    ],
  },
  // What the profile's fields are, once more, and gone with them.
  field_value: { other: ['account_id', 'profile_id', 'field', 'text', 'number', 'time', 'boolean', 'until'] },
  // Left of the key is a keyed hash, of the digests when the person was erased.
  idempotency_key: { of: 'event_id', personal: ['key', 'digests'], other: ['account_id', 'event_id', 'created_at'] },
  identity: {
    of: 'profile_id',
    personal: ['kind', 'value'],
    other: ['account_id', 'profile_id', 'created_at', 'shared', 'verified_at'],
  },
  import: {
    other: [
      ...['account_id', 'id', 'kind', 'state', 'mode', 'strategy', 'blank_cells', 'file_name', 'options', 'secret'],
      ...['upload_id', 'digest', 'same_as_id', 'found', 'bytes', 'rows', 'cursor', 'planned', 'applied', 'fault_code'],
      ...['fault_message', 'version', 'api_key_id', 'created_at', 'uploaded_at', 'started_at', 'done_at'],
      'rows_dropped_at',
    ],
  },
  // Hashes, gone when the import is done.
  import_key: { other: ['account_id', 'import_id', 'hash', 'number'] },
  import_preset: { other: ['account_id', 'name', 'kind', 'options', 'created_at'] },
  import_row: {
    of: 'profile_id',
    personal: ['cells', 'changes', 'message'],
    other: ['account_id', 'import_id', 'number', 'line', 'action', 'applied', 'profile_id', 'code'],
  },
  interest: { of: 'profile_id', personal: ['name'], other: ['account_id', 'profile_id', 'since'] },
  journey: {
    of: 'profile_id',
    personal: ['key', 'entry_code', 'entry_share_id', 'latest_code', 'latest_share_id'],
    other: [
      ...['account_id', 'id', 'profile_id', 'campaign_id', 'definition', 'role', 'relationship_id', 'state'],
      ...['started_at', 'last_activity_at', 'exited_at', 'entry_event_id', 'latest_event_id', 'entry_reason'],
      ...['latest_reason', 'created_at'],
    ],
  },
  journey_definition: {
    other: [
      ...['account_id', 'campaign_id', 'revision', 'name', 'role', 'priority', 'events', 'start_events', 'entry'],
      ...['ongoing', 'key_field', 'inactivity_days', 'reentry'],
    ],
  },
  journey_step: { other: ['account_id', 'id', 'journey_id', 'kind', 'event_id', 'event_name', 'at'] },
  merge: {
    of: 'loser_id',
    personal: ['picks', 'covers'],
    other: ['account_id', 'loser_id', 'survivor_id', 'merged_at', 'source', 'event_id', 'api_key_id'],
  },
  // What follows is worked out from people anew, and gone with them.
  merge_candidate: {
    other: [
      ...['account_id', 'id', 'first_id', 'second_id', 'state', 'source', 'score', 'reasons', 'created_at'],
      'decided_at',
    ],
  },
  merge_key: { other: ['account_id', 'key', 'profile_id'] },
  // Of people, but only until the cart is ordered or abandoned; an erased person's goes at once.
  open_cart: { other: ['account_id', 'profile_id', 'event_id', 'last_at', 'due_at'] },
  order_change: {
    of: 'profile_id',
    personal: ['source_id', 'reason'],
    other: [
      ...['account_id', 'id', 'order_id', 'profile_id', 'kind', 'at', 'source', 'event_id', 'placed_at', 'currency'],
      ...['total_minor', 'status', 'refund_minor', 'line', 'quantity', 'recorded_at'],
    ],
  },
  // What was bought stays, under the product's own name.
  order_item: {
    of: 'order_id',
    personal: ['name', 'fields'],
    other: [
      ...['account_id', 'order_id', 'line', 'product_id', 'sku', 'quantity', 'unit_price_minor', 'discount_minor'],
      ...['total_minor', 'refunded_quantity', 'refunded_minor'],
    ],
  },
  person_block: {
    of: 'profile_id',
    personal: ['reason'],
    other: ['account_id', 'id', 'profile_id', 'kind', 'at', 'lifted_at'],
  },
  // Left of the source id is a keyed hash, so that the same order is known when it is told again.
  placed_order: {
    of: 'profile_id',
    personal: ['source_id', 'coupon_codes', 'shipping_address', 'billing_address', 'fields'],
    other: [
      ...['account_id', 'id', 'profile_id', 'status', 'placed_at', 'cancelled_at', 'currency', 'total_minor'],
      ...['refunded_minor', 'discount_minor', 'shipping_minor', 'tax_minor', 'tax_included', 'items_minor'],
      ...['base_currency', 'base_rate', 'base_total_minor', 'source', 'stated_at', 'last_change_at', 'items_stated_at'],
      ...['created_at', 'updated_at'],
    ],
  },
  product: {
    other: [
      ...['account_id', 'id', 'source_id', 'name', 'status', 'is_placeholder', 'category', 'price_minor', 'currency'],
      ...['fields', 'created_at', 'updated_at'],
    ],
  },
  product_variant: { other: ['account_id', 'sku', 'product_id', 'name', 'price_minor', 'currency'] },
  profile: {
    of: 'id',
    personal: ['fields', 'field_meta', 'fields_end_at'],
    other: ['account_id', 'id', 'events_blocked_at', 'rewards_blocked_at', 'erased_at', 'created_at'],
  },
  program: { other: ['account_id', 'id', 'name', 'lookback_days', 'allow_mutual_referral', 'created_at'] },
  program_label: { other: ['account_id', 'label', 'program_id'] },
  relationship: {
    of: 'friend_id',
    // Of both.
    personal: ['fields'],
    other: [
      ...['account_id', 'id', 'advocate_id', 'friend_id', 'program_id', 'campaign_id', 'first_evidence_at'],
      ...['latest_evidence_at', 'withdrawn_at', 'created_at'],
    ],
  },
  value_mapping: { other: ['account_id', 'id', 'scope', 'raw', 'value', 'created_at'] },
  value_plan: { other: ['account_id', 'id', 'field', 'ready_at', 'planned', 'changed', 'skipped', 'created_at'] },
  // Values of people, for as long as a plan is kept; those of an erased person go at once.
  value_plan_row: { other: ['account_id', 'plan_id', 'profile_id', 'before', 'after'] },
}
