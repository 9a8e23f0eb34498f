// Package schedule wakes a piece of work at the times of a cron expression, in
// Asia/Shanghai. It knows nothing of what the work is.
//
// Nothing is remembered between two calls of the program: a time that passes while
// it is not running is not caught up. The work must therefore be one that may be
// done again, as a run over a folder is.
package schedule
