/** Licence states as the page names them. */
export const STATE_WORDS = {
  unlicensed: "Unlicensed",
  licensed: "Licensed",
  initialGrace: "Initial grace",
  outOfTolerance: "Expired or out of tolerance",
  nonGenuineGrace: "Non-genuine grace",
  notification: "Notification",
} as const;
