// How much of a brand's own fields there may be of one owner, such as a person or a campaign.

/** That one change may set. */
export const maxFields = 200
/** Of one owner, all together: whoever reads it reads them. */
export const maxFieldsBytes = 64 * 1024
