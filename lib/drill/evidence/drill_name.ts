// What a drill is called wherever it leaves a trace: the type of its event, which gates ask for, the source of every event of the
// script, and the folder of its evidence. (constant)

/** The script's name without its ending. */
export const DRILL = "backup_restore_drill";
