// Which history the feeds' positions belong to. A restored or replaced database goes by another system identifier, timeline
// or database id: its positions may mean other rows, so the epoch moves on and cursors of the old one end.

import type { PrismaClient } from '../../generated/prisma/client.ts'

/** The epoch in force, begun or moved on where the database is not the one that was there before. */
export async function currentEpoch(system: PrismaClient): Promise<number> {
  const [row] = await system.$queryRaw<{ epoch: number }[]>`
    WITH here AS (
      SELECT system.system_identifier || '/' || database.oid AS identity, checkpoint.timeline_id AS timeline
      FROM pg_control_system() AS system, pg_control_checkpoint() AS checkpoint, pg_database AS database
      WHERE database.datname = current_database()
    )
    INSERT INTO feed_epoch (id, epoch, system_identifier, timeline) SELECT 1, 1, identity, timeline FROM here
    ON CONFLICT (id) DO UPDATE SET
      epoch = feed_epoch.epoch + 1, system_identifier = excluded.system_identifier, timeline = excluded.timeline, since = now()
    WHERE (feed_epoch.system_identifier, feed_epoch.timeline) IS DISTINCT FROM (excluded.system_identifier, excluded.timeline)
    RETURNING epoch`
  if (row) return row.epoch
  const known = await system.feedEpoch.findUniqueOrThrow({ where: { id: 1 } })
  return known.epoch
}
